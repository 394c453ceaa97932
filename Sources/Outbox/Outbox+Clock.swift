internal import Delivery
package import Engine
internal import GRDB
internal import Glibc

extension QueueClock.Reading {
  /// The machine's clocks now.
  package static var now: QueueClock.Reading {
    QueueClock.Reading(
      bootID: bootID, sinceBoot: milliseconds(CLOCK_BOOTTIME),
      wall: Timestamp(milliseconds: milliseconds(CLOCK_REALTIME)))
  }

  private static func milliseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// If the kernel does not provide it, no two boots are the same.
  private static let bootID: String = {
    let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = descriptor < 0 ? 0 : read(descriptor, &bytes, bytes.count)
    if descriptor >= 0 { close(descriptor) }
    guard count > 0 else { return "unknown-\(UInt64.random(in: 0 ... .max))" }
    return String(decoding: bytes.prefix(count).filter { $0 > 0x20 }, as: UTF8.self)
  }()
}

extension Outbox {
  package func keep(_ mark: QueueClock.Mark) async throws(OutboxError) {
    try await write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO clock (id, boot_id, boot_ms, wall_ms, queue_ms) VALUES (1, ?, ?, ?, ?)",
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

  fileprivate static func clockMark(_ db: Database) throws -> QueueClock.Mark? {
    // A damaged number may be of any size; then the clock starts again.
    guard let row = try Row.fetchOne(db, sql: "SELECT boot_id, boot_ms, wall_ms, queue_ms FROM clock"),
      let bootID = row[0] as String?, let sinceBoot = sane(row[1]), let wall = sane(row[2]), let time = sane(row[3])
    else { return nil }
    return QueueClock.Mark(
      reading: QueueClock.Reading(bootID: bootID, sinceBoot: sinceBoot, wall: Timestamp(milliseconds: wall)),
      time: QueueTime(milliseconds: time))
  }

  private static func sane(_ milliseconds: Int64?) -> Int64? {
    milliseconds.flatMap { (0...PeoplesTime.latest).contains($0) ? $0 : nil }
  }
}

/// Converts queue time to wall-clock time, as far as one reading of the clocks allows.
struct PeoplesTime {
  private let clock: QueueClock
  private let reading: QueueClock.Reading

  init(_ db: Database, at reading: QueueClock.Reading) throws {
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
