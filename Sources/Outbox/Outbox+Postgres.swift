package import Engine

extension Outbox {
  /// Opens an outbox on PostgreSQL for writing; creates its tables if there are none.
  ///
  /// - Throws: `OutboxError.newer` if a newer upsertd created them; `.failing` if the database can't be reached.
  package convenience init(postgres options: PostgresOptions) throws(OutboxError) {
    let engine = PostgresEngine(options, place: options.place)
    var isNew = false
    do {
      try engine.write { db in
        isNew = try !PostgresSchema.isPrepared(db, place: options.place)
        try PostgresSchema.prepare(db, place: options.place)
      }
    } catch {
      throw engine.outboxError(error)
    }
    self.init(engine, isNew: isNew)
    try takeOver()
  }
}

extension PostgresOptions {
  /// Where the database is, without what could be a secret.
  var place: String {
    if connection.hasPrefix("postgres"), let scheme = connection.firstRange(of: "://") {
      let rest = connection[scheme.upperBound...].prefix { $0 != "?" }
      return "postgresql://" + (rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest)
    }
    let words = connection.split(separator: " ").filter { word in
      ["host=", "hostaddr=", "port=", "dbname=", "service="].contains { word.hasPrefix($0) }
    }
    return "postgresql " + words.joined(separator: " ")
  }
}
