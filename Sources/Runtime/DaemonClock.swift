package import Core
internal import Dispatch
package import Engine
internal import Glibc

/// The queue's clock, as this process reads it.
package struct DaemonClock: Sendable {
  let clock: QueueClock

  /// Continues from the mark that the outbox stored last.
  package init(from mark: QueueClock.Mark?) { clock = QueueClock(from: mark, at: .now) }

  package var now: QueueTime { clock.time(at: .now) }

  package var mark: QueueClock.Mark { clock.mark(at: .now) }

  /// The wall-clock time at which the queue's clock shows, or showed, `time`.
  package func wall(of time: QueueTime) -> Timestamp { clock.wall(of: time, at: .now) }
}

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

extension Timestamp {
  /// The system's clock.
  package static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

extension DispatchQueue {
  /// Runs a blocking call (`read`, `fsync`) here, away from Swift's own few threads.
  package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { done in
      async { done.resume(returning: body()) }
    }
  }

  /// Like the other, for a call that may throw.
  package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { done in
      async { done.resume(with: Result(catching: body)) }
    }
  }
}
