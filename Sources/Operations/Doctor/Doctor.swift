package import Core
internal import Dispatching
internal import Engine
internal import Glibc
internal import JSONText
internal import Outbox
internal import Receipts
internal import Results
internal import Runtime
package import Settings
internal import Spool

/// Examines the outbox, saves what can be read of a damaged one, and sets it aside, so that the daemon can continue.
///
/// The originals of all files under way are in `work/`. After a damaged outbox is set aside, the daemon reads them
/// again from the beginning, so nothing is lost; but items that were accepted earlier are sent again, and an upsert may
/// be repeated.
package struct Doctor: Sendable {
  /// What happens to a claimed file without the outbox that knew it.
  package struct Fate: Sendable {
    package var id: FileID
    package var inbox: String
    package var name: String
    /// Human-readable.
    package var text: String
    /// Whether some of it may reach the API a second time.
    package var isRepeated: Bool
  }

  package let path: String
  /// What is wrong with it; empty if it is sound.
  package private(set) var findings: [String] = []
  /// Nil if there is no outbox.
  package private(set) var bytes: Int?
  package private(set) var isOlder = false
  /// Tables that can't be read completely.
  package private(set) var damagedTables: [String] = []
  /// What would happen to each file under way if the outbox were set aside.
  package private(set) var fates: [Fate] = []
  /// Where the outbox and its companion files are now.
  package private(set) var asidePath: String?
  package private(set) var exported: [String] = []
  /// Rows of finished files and pauses that were copied to the fresh outbox.
  package private(set) var kept = 0

  package var isSound: Bool { findings.isEmpty }

  private init(path: String) { self.path = path }

  /// Examines without changing anything; also works beside a running daemon.
  ///
  /// - Parameters:
  ///   - database: a file other than the outbox, such as one that was set aside.
  ///   - exports: a folder that receives what can be read.
  /// - Throws: `OutboxError` if it can't be examined; `Denial` if this user may not look.
  package static func examine(_ settings: Settings, database: String?, exports: String?) async throws -> Doctor {
    try await Operator.namingDenials(state: settings.state) {
      var doctor = Doctor(path: database ?? StateFolder.outboxPath(settings))
      try doctor.examine()
      guard doctor.bytes != nil || !doctor.isSound else { return doctor }
      // What happens to files under way depends on what is in the folders.
      try Operator.requireSight(of: settings.inboxes.map(\.name), settings)
      try await doctor.save(settings, exports: exports, fresh: nil)
      return doctor
    }
  }

  /// Sets a damaged outbox aside, and starts a fresh one with what the old one still holds about finished files and
  /// pauses; leaves a sound one alone.
  ///
  /// - Throws: `StartError` if a daemon is running; `OutboxError`, `InboxError`.
  package static func setAside(_ settings: Settings) async throws -> Doctor {
    Operator.becomeOwner(of: settings.state)
    let lock = try await Operator.namingDenials(state: settings.state) { try StateFolder.lock(settings) }
    defer { withExtendedLifetime(lock) {} }
    try finishInterrupted(settings)
    var doctor = Doctor(path: StateFolder.outboxPath(settings))
    try doctor.examine()
    guard !doctor.isSound else { return doctor }
    let moment = String(Timestamp.now.description.replacing(":", with: "-").prefix(19))
    let folder = "\(settings.state)/damaged-\(moment)Z"
    try await doctor.save(settings, exports: folder, fresh: folder + Self.fresh)
    try doctor.move(into: folder, state: settings.state)
    return doctor
  }

  private static let fresh = "/fresh.sqlite"

  /// Completes the moves of an earlier `setAside` that was killed between them; the caller holds the state's lock.
  static func finishInterrupted(_ settings: Settings) throws {
    var doctor = Doctor(path: StateFolder.outboxPath(settings))
    guard access(doctor.path, F_OK) != 0 else { return }
    let names = try InboxFolders.names(in: settings.state).map(\.display).filter { $0.hasPrefix("damaged-") }
    let begun = names.sorted().map { "\(settings.state)/\($0)" }.last {
      access($0 + fresh, F_OK) == 0 && access($0 + "/outbox.sqlite", F_OK) == 0
    }
    if let begun { try doctor.move(into: begun, state: settings.state) }
  }

  /// The database first, its log last: a start between these steps refuses a log without its database, but could not
  /// detect a database without its log.
  private mutating func move(into folder: String, state: String) throws {
    func rename(_ old: String, _ new: String, isOptional: Bool = false) throws {
      if Glibc.rename(old, new) == 0 || isOptional && errno == ENOENT { return }
      throw StartError(description: "move \"\(old)\" to \"\(new)\": \(String(cString: strerror(errno)))")
    }
    for end in ["", "-shm", "-wal"] { try rename(path + end, "\(folder)/outbox.sqlite\(end)", isOptional: true) }
    try syncFolder(folder)
    try rename(folder + Self.fresh, path)
    try syncFolder(state)
    asidePath = folder + "/outbox.sqlite"
  }

  private mutating func examine() throws {
    guard let health = try OutboxHealth.examine(path) else { return }
    (bytes, findings, isOlder) = (health.bytes, health.findings, health.isOlder)
  }

  /// Reads whatever can be read.
  private mutating func save(_ settings: Settings, exports: String?, fresh: String?) async throws {
    let salvage = try? Salvage(path)
    var export = try exports.map {
      try SalvageExport(folder: $0, bodies: BodyLoader(spool: settings.spool, key: salvage?.sourceKey))
    }
    var known: [FileID: Salvage.File] = [:]
    try salvage?.files(
      each: { record, batch in try export?.add(batch, of: record) },
      { file in
        try export?.finish(file)
        var summary = file
        summary.dropContents()
        known[file.record.id] = summary
      })
    try export?.close()
    exported = export?.written ?? []
    if let fresh {
      let outbox = try Outbox(path: fresh)
      if let salvage { kept = try await outbox.takeOver(from: salvage) }
      try outbox.close()
    }
    damagedTables = salvage.map { $0.damagedTables.sorted() } ?? ["all"]
    salvage?.close()
    fates = try Self.fates(known, settings: settings)
  }

  private static func fates(_ known: [FileID: Salvage.File], settings: Settings) throws -> [Fate] {
    var fates: [Fate] = []
    let receipts = ReceiptFolders(settings)
    // Listed once for all files.
    let entries = Dictionary((try? receipts.entries())?.map { ($0.id, $0) } ?? []) { first, _ in first }
    func isDone(_ id: FileID) -> Bool { entries[id].map { (try? receipts.receipt(in: $0)) != nil } ?? false }
    var left = known
    let names = Set(settings.inboxes.map(\.name) + known.values.map(\.record.inbox))
    for inbox in names.sorted() {
      for work in try InboxFolders(spool: settings.spool, inbox: inbox).claimedFiles() {
        let file = left.removeValue(forKey: work.id)
        let (text, isRepeated) = words(file, isDone: isDone(work.id))
        fates.append(Fate(id: work.id, inbox: inbox, name: work.dropped.display, text: text, isRepeated: isRepeated))
      }
    }
    for file in left.values where file.record.state != .reading {
      let name = FileName(bytes: file.record.name)?.display ?? ""
      let text =
        isDone(file.record.id)
        ? "it is done and its receipt is written"
        : "its original is no longer in work/: of its unsent items, only the exported ones are left"
      fates.append(
        Fate(id: file.record.id, inbox: file.record.inbox, name: name, text: text, isRepeated: false))
    }
    return fates.sorted { $0.id < $1.id }
  }

  private static func words(_ file: Salvage.File?, isDone: Bool) -> (String, isRepeated: Bool) {
    if isDone {
      return ("it is done and its receipt is written: the next start archives it and sends nothing", false)
    }
    guard let file else {
      return (
        "the outbox no longer has data about it: it will be read again, and all of it may have been sent before", true
      )
    }
    let counts = file.record.counts
    switch file.record.state {
    case .reading: return ("it was still being read, so nothing of it was sent; it will be read again", false)
    case .queued, .finishing:
      if file.record.fault != nil { return ("it can't be used; it will be read again, with the same result", false) }
      if counts.accepted == 0, counts.requests == 0 {
        return ("it will be read again; nothing of it has been sent yet", false)
      }
      let accepted = "\(counts.accepted) of \(counted(counts.items, "item")) were already accepted"
      return file.isWhole
        ? ("it will be read again; \(accepted) and will be sent a second time", true)
        : ("it will be read again; as far as is known, \(accepted), and all of it may have been sent before", true)
    }
  }

  /// For programs, as JSON.
  package var json: [UInt8] {
    JSONValue([
      "outbox": JSONValue(path), "bytes": JSONValue(bytes), "sound": .bool(isSound),
      "findings": .array(findings.map { JSONValue($0) }),
      "damagedTables": .array(damagedTables.map { JSONValue($0) }),
      "files": .array(
        fates.map {
          JSONValue([
            "id": JSONValue($0.id.text), "name": JSONValue($0.name), "inbox": JSONValue($0.inbox),
            "mayBeSentTwice": .bool($0.isRepeated), "text": JSONValue($0.text),
          ])
        }),
      "setAside": JSONValue(asidePath), "exported": .array(exported.map { JSONValue($0) }), "kept": JSONValue(kept),
    ]).laidOut
  }
}
