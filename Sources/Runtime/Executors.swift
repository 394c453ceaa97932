package import Dispatch
internal import Synchronization

/// A serial queue as an actor's executor, for an actor whose calls block in the kernel.
///
/// Swift has only as many threads of its own as there are cores; one that waits for a slow disk or NFS server would be
/// missing elsewhere.
package final class QueueExecutor: SerialExecutor {
  package let queue: DispatchQueue

  package init(label: String) { queue = DispatchQueue(label: label) }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  package func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}

/// Tells readers of large files that the daemon wants to stop.
package final class StopFlag: Sendable {
  private let raised = Mutex<ContinuousClock.Instant?>(nil)

  package init() {}

  package var isRaised: Bool { raised.withLock { $0 != nil } }

  /// Whether it has been raised for at least this long.
  package func isRaised(for time: Duration) -> Bool { raised.withLock { $0.map { $0 + time < .now } ?? false } }

  package func raise() { raised.withLock { $0 = $0 ?? .now } }
}
