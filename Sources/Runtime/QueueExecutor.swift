package import Dispatch

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
