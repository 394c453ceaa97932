internal import Core

/// Which exchange is in which slot, and which are waiting for one, while the loop runs.
struct TransferScheduler {
  private let options: ConnectionOptions
  private var slots: [Entry?]
  /// In order of arrival.
  private var waiting: [Transfer] = []

  private struct Entry {
    var transfer: Transfer
    var bytesMoved: Int64?
    var movedAt: ContinuousClock.Instant
  }

  init(_ options: ConnectionOptions) {
    self.options = options
    slots = Array(repeating: nil, count: max(1, options.concurrency))
  }

  var isEmpty: Bool { waiting.isEmpty && slots.allSatisfy { $0 == nil } }

  /// Whether something is in flight and nothing more can be started.
  var isBusy: Bool {
    let isUnderWay = slots.lazy.map { $0 != nil }
    return isUnderWay.contains(true) && (waiting.isEmpty || !isUnderWay.contains(false))
  }

  mutating func add(_ transfers: [Transfer]) { waiting.append(contentsOf: transfers) }

  mutating func cancel(_ tickets: [UInt64], in pool: inout Pool) {
    let tickets = Set(tickets)
    cancel(in: &pool, because: "cancelled") { tickets.contains($0.ticket) }
  }

  mutating func cancelAll(in pool: inout Pool, because reason: String) {
    cancel(in: &pool, because: reason) { _ in true }
  }

  mutating func startWaiting(in pool: inout Pool) {
    var started = 0
    for slot in slots.indices where slots[slot] == nil {
      // An exchange that can't even be started leaves the slot to the next.
      while slots[slot] == nil, started < waiting.count {
        let transfer = waiting[started]
        started += 1
        do {
          try pool.start(transfer.request, in: slot, connectTimeout: options.connectTimeout)
          slots[slot] = Entry(transfer: transfer, bytesMoved: nil, movedAt: .now)
        } catch {
          transfer.end(.failure(error))
        }
      }
    }
    waiting.removeFirst(started)
  }

  mutating func endFinished(in pool: inout Pool) {
    while let (slot, outcome) = pool.nextOutcome() { end(slot, outcome) }
  }

  mutating func endStalled(in pool: inout Pool) {
    let now = ContinuousClock.now
    for slot in slots.indices {
      guard let entry = slots[slot] else { continue }
      let bytesMoved = pool.bytesMoved(in: slot)
      if bytesMoved == nil || bytesMoved != entry.bytesMoved {
        slots[slot]?.bytesMoved = bytesMoved
        slots[slot]?.movedAt = now
      } else if now - entry.movedAt >= options.stallTimeout {
        end(slot, pool.abort(slot, because: "no data was transferred for \(options.stallTimeout.text)"))
      }
    }
  }

  mutating func failAll(in pool: inout Pool, because reason: String) {
    for slot in slots.indices where slots[slot] != nil { end(slot, pool.abort(slot, because: reason)) }
    for transfer in waiting {
      transfer.end(.failure(SendError(.notSent, place: transfer.request.place, reason: reason)))
    }
    waiting.removeAll()
  }

  private mutating func cancel(in pool: inout Pool, because reason: String, where isMeant: (Transfer) -> Bool) {
    for slot in slots.indices {
      guard let transfer = slots[slot]?.transfer, isMeant(transfer) else { continue }
      _ = pool.abort(slot, because: reason)
      slots[slot] = nil
      transfer.cancel(because: reason)
    }
    for transfer in waiting where isMeant(transfer) { transfer.cancel(because: reason) }
    waiting.removeAll(where: isMeant)
  }

  private mutating func end(_ slot: Int, _ outcome: Outcome) {
    guard let entry = slots[slot] else { return }
    slots[slot] = nil
    entry.transfer.end(outcome.result(of: entry.transfer.request))
  }
}

/// A request whose sender is waiting for it to end.
struct Transfer: Sendable {
  /// Distinguishes exchanges of the same connections.
  var ticket: UInt64
  var request: Request
  var continuation: CheckedContinuation<Result<Response, SendError>, Never>

  func end(_ result: Result<Response, SendError>) { continuation.resume(returning: result) }

  func cancel(because reason: String) {
    end(.failure(SendError(.cancelled, place: request.place, reason: reason)))
  }
}
