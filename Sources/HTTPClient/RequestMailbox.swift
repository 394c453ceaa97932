/// The work that callers left for the loop, and whether the loop is running.
struct RequestMailbox: Sendable {
  private(set) var transfers: [Transfer] = []
  private(set) var cancelled: [UInt64] = []
  private(set) var isClosed = false
  private var isRunning = false
  /// Whether the loop was already woken since its last check: once is enough.
  private var isWoken = false
  private var lastTicket: UInt64 = 0

  /// What a caller has to do about the loop after leaving work here.
  enum Call { case start, wake, nothing }

  mutating func nextTicket() -> UInt64 {
    lastTicket += 1
    return lastTicket
  }

  mutating func leave(_ transfer: Transfer) -> Call {
    transfers.append(transfer)
    return call()
  }

  mutating func leaveCancellation(of ticket: UInt64) -> Call {
    // A stopped loop has nothing in flight that could be cancelled.
    guard isRunning, !isClosed else { return .nothing }
    cancelled.append(ticket)
    return call()
  }

  mutating func close() -> Call {
    guard !isClosed else { return .nothing }
    isClosed = true
    return call()
  }

  /// Hands over everything; from now on a caller has to wake the loop again.
  mutating func pickUp() -> (transfers: [Transfer], cancelled: [UInt64], isClosed: Bool) {
    defer {
      transfers.removeAll()
      cancelled.removeAll()
      isWoken = false
    }
    return (transfers, cancelled, isClosed)
  }

  /// Lets the loop end, unless new work has arrived.
  mutating func restIfEmpty() -> Bool {
    isRunning = !transfers.isEmpty || !cancelled.isEmpty || isWoken
    return !isRunning
  }

  private mutating func call() -> Call {
    if !isRunning {
      isRunning = true
      // A starting loop checks here first.
      isWoken = true
      return .start
    }
    if isWoken { return .nothing }
    isWoken = true
    return .wake
  }
}
