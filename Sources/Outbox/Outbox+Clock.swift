internal import Core
package import Engine
internal import GRDB
internal import Runtime

extension Outbox {
  package func keep(_ mark: QueueClock.Mark) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO clock (id, boot_id, boot_ms, wall_ms, queue_ms) VALUES (1, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET boot_id = excluded.boot_id, boot_ms = excluded.boot_ms,
            wall_ms = excluded.wall_ms, queue_ms = excluded.queue_ms
          """,
        arguments: [
          mark.reading.bootID, mark.reading.sinceBoot, mark.reading.wall.milliseconds, mark.time.milliseconds,
        ])
    }
  }

  package func clockMark() async throws(OutboxError) -> QueueClock.Mark? {
    try await read { db in try Self.clockMark(db) }
  }

  /// The queue's clock as the daemon has it, for read-only callers.
  package func clock(at reading: QueueClock.Reading = .now) async throws(OutboxError) -> QueueClock {
    try await read { db in QueueClock(from: try Self.clockMark(db), at: reading) }
  }

  fileprivate static func clockMark(_ db: Connection) throws -> QueueClock.Mark? {
    // A damaged number may be of any size; then the clock starts again.
    guard let row = try SQLRow.fetchOne(db, sql: "SELECT boot_id, boot_ms, wall_ms, queue_ms FROM clock"),
      let bootID = row[0] as String?, let sinceBoot = sane(row[1]), let wall = sane(row[2]), let time = sane(row[3])
    else { return nil }
    return QueueClock.Mark(
      reading: QueueClock.Reading(bootID: bootID, sinceBoot: sinceBoot, wall: Timestamp(milliseconds: wall)),
      time: QueueTime(milliseconds: time))
  }

  private static func sane(_ milliseconds: Int64?) -> Int64? {
    milliseconds.flatMap { (0...WallClockConversion.latest).contains($0) ? $0 : nil }
  }
}

/// Converts queue time to wall-clock time, as far as one reading of the clocks allows.
struct WallClockConversion {
  private let clock: QueueClock
  private let reading: QueueClock.Reading

  init(_ db: Connection, at reading: QueueClock.Reading) throws {
    clock = QueueClock(from: try Outbox.clockMark(db), at: reading)
    self.reading = reading
  }

  var now: QueueTime { clock.time(at: reading) }

  /// A damaged number may be of any size; it is clamped to what can be written as a date.
  func callAsFunction(_ milliseconds: Int64) -> Timestamp {
    clock.wall(of: QueueTime(milliseconds: min(max(milliseconds, 0), Self.latest)), at: reading)
  }

  /// The end of the year 9999.
  static let latest: Int64 = 253_402_300_799_999
}
