package import Core
internal import Dispatch
internal import Glibc

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
