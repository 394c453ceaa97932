import Dispatch
import Synchronization

/// A target's connections: sends many requests at once and returns whole answers.
///
/// Uses libcurl's multi interface: HTTP/1.1, or HTTP/2 if a server offers it over TLS; connections are kept,
/// certificates always verified, redirects never followed, proxies used only as configured.
///
/// Callers put their requests on the `RequestMailbox` and wait. A loop on its own thread picks them up, at most `concurrency` at
/// a time, the others in order of arrival, and sleeps in `curl_multi_poll` until libcurl or a caller has work for it.
/// When nothing is left the loop ends, and its thread with it; the connections stay open in the `Pool`, and the next
/// request starts the loop again. The loop holds the pool's mutex as long as it runs.
///
/// Failures are classified by whether the server may have seen the request (`SendError.Code`): libcurl reports when it
/// begins to send, and how many bytes were sent.
package final class HTTPClient: Sendable {
  private let options: ConnectionOptions
  /// Nil once closed. Locked before `mailbox`, never while holding it.
  private let pool: Mutex<Pool?>
  /// Used only with `mailbox` locked and open: the pool is freed only after the desk is closed.
  private let waker: Pool.Waker
  private let mailbox = Mutex(RequestMailbox())
  /// Serial: at most one loop. Blocking is fine, since no Swift task runs on it.
  private let queue = DispatchQueue(label: "upsertd.sender")

  /// Throws `setup` if a certificate file can't be read or a term can't be used.
  package init(_ options: ConnectionOptions) throws(SendError) {
    try options.check()
    let pool = try Pool(options)
    self.options = options
    waker = pool.waker
    self.pool = Mutex(pool)
  }

  /// Sends the request and waits for the whole answer, whatever its status.
  ///
  /// Cancelling the task aborts the exchange. After `close` every call fails as cancelled.
  package func send(_ request: Request) async throws(SendError) -> Response {
    if let fault = request.fault { throw SendError(.setup, place: request.place, reason: fault) }
    let ticket = mailbox.withLock { $0.nextTicket() }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        leave(Transfer(ticket: ticket, request: request, continuation: continuation))
      }
    } onCancel: {
      call { $0.leaveCancellation(of: ticket) }
    }
    return try result.get()
  }

  /// Ends every exchange in flight as cancelled and closes the connections; returns at once.
  package func close() { call { $0.close() } }

  private func leave(_ transfer: Transfer) {
    enum Refusal { case cancelled, closed }
    var refusal: Refusal?
    call { mailbox in
      // Checked with the lock held: a cancellation not seen here finds the exchange on the desk.
      refusal = Task.isCancelled ? .cancelled : mailbox.isClosed ? .closed : nil
      return refusal == nil ? mailbox.leave(transfer) : .nothing
    }
    switch refusal {
    case .cancelled: transfer.cancel(because: "cancelled")
    case .closed: transfer.cancel(because: "the connections are closed")
    case nil: break
    }
  }

  private func call(_ leave: (inout RequestMailbox) -> RequestMailbox.Call) {
    let call = mailbox.withLock { mailbox in
      let call = leave(&mailbox)
      if call == .wake { waker.wake() }
      return call
    }
    if call == .start { queue.async { self.run() } }
  }

  private func run() {
    pool.withLock { kept in
      guard var pool = kept.take() else { return }
      if work(&pool) { kept = consume pool }
    }
  }

  /// Works until nothing is left to do; false once closed.
  private func work(_ pool: inout Pool) -> Bool {
    var board = TransferScheduler(options)
    repeat {
      let left = mailbox.withLock { $0.pickUp() }
      board.add(left.transfers)
      if left.isClosed {
        board.cancelAll(in: &pool, because: "the connections were closed")
        return false
      }
      if !left.cancelled.isEmpty { board.cancel(left.cancelled, in: &pool) }
      board.startWaiting(in: &pool)
      if pool.perform() {
        board.endFinished(in: &pool)
        board.endStalled(in: &pool)
      } else {
        board.failAll(in: &pool, because: "libcurl reported an internal error")
      }
      // The wait is short enough to check for stalled exchanges in time.
      if board.isBusy, !pool.wait(atMost: min(.seconds(1), options.stallTimeout / 2)) {
        board.failAll(in: &pool, because: "libcurl can't wait for its connections")
      }
    } while !board.isEmpty || !mailbox.withLock { $0.restIfEmpty() }
    return true
  }
}
