import Dispatch
import Synchronization

/// A target's connections: sends requests, many at once, and hands back whole answers.
///
/// libcurl's multi interface does the work: HTTP/1.1, or HTTP/2 where a server offers it over TLS; kept connections;
/// certificates always verified, redirects never followed, proxies only as configured.
///
/// Callers lay their requests on the `Desk` and wait. A loop on a thread of its own picks them up, at most
/// `concurrency` at a time, the others in order of arrival, and sleeps in `curl_multi_poll` until libcurl or a caller has
/// something for it. When nothing is left the loop ends and its thread with it; the connections stay open in the `Pool`,
/// and the next request starts the loop again. Its mutex is held by the loop as long as it runs.
///
/// What fails is told apart by whether the server may have seen the request (`SendError.Code`): libcurl says when it
/// begins to send, and how many bytes went out.
package final class Connections: Sendable {
  private let terms: ConnectionTerms
  /// Nil once closed. Locked before `desk`, never while holding it.
  private let pool: Mutex<Pool?>
  /// Used only with `desk` locked and open: the pool goes only after it is closed.
  private let waker: Pool.Waker
  private let desk = Mutex(Desk())
  /// Serial: at most one loop. Blocking is fine here, no Swift task runs on it.
  private let queue = DispatchQueue(label: "upsertd.sender")

  /// Throws `setup` where a certificate file cannot be read or a term cannot be used.
  package init(_ terms: ConnectionTerms) throws(SendError) {
    try terms.check()
    let pool = try Pool(terms)
    self.terms = terms
    waker = pool.waker
    self.pool = Mutex(pool)
  }

  /// Sends and waits for the whole answer, of whatever status.
  ///
  /// Cancelling the task aborts the exchange. After `close` everything fails as cancelled.
  package func send(_ request: Request) async throws(SendError) -> Answer {
    if let fault = request.fault { throw SendError(.setup, place: request.place, reason: fault) }
    let ticket = desk.withLock { $0.nextTicket() }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        leave(Exchange(ticket: ticket, request: request, continuation: continuation))
      }
    } onCancel: {
      call { $0.leaveCancellation(of: ticket) }
    }
    return try result.get()
  }

  /// Ends everything under way as cancelled and closes the connections; returns at once.
  package func close() { call { $0.close() } }

  private func leave(_ exchange: Exchange) {
    enum Refusal { case cancelled, closed }
    var refusal: Refusal?
    call { desk in
      // Asked with the lock held: a cancellation that is not seen here finds the exchange on the desk.
      refusal = Task.isCancelled ? .cancelled : desk.isClosed ? .closed : nil
      return refusal == nil ? desk.leave(exchange) : .nothing
    }
    switch refusal {
    case .cancelled: exchange.cancel(because: "cancelled")
    case .closed: exchange.cancel(because: "the connections are closed")
    case nil: break
    }
  }

  private func call(_ leave: (inout Desk) -> Desk.Call) {
    let call = desk.withLock { desk in
      let call = leave(&desk)
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
    var board = Switchboard(terms)
    repeat {
      let left = desk.withLock { $0.pickUp() }
      board.add(left.exchanges)
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
        board.failAll(in: &pool, because: "libcurl reports a fault of its own")
      }
      // The wait is cut short in time for the next look at what stands still.
      if board.isBusy, !pool.wait(atMost: min(.seconds(1), terms.stallTimeout / 2)) {
        board.failAll(in: &pool, because: "libcurl cannot wait for its connections")
      }
    } while !board.isEmpty || !desk.withLock { $0.restIfEmpty() }
    return true
  }
}
