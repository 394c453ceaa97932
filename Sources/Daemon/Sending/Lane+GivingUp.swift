internal import Delivery
internal import Logging
internal import Outbox
internal import Settings

/// Items that are refused without another attempt: too old, or cancelled.
extension Lane {
  /// Refuses what has waited for longer than `max_age`; requests under way are awaited first.
  func expireIfDue() async throws(OutboxError) {
    let cutoff = Timestamp(milliseconds: Timestamp.now.milliseconds - retry.maxAge.milliseconds)
    // The line is in the order of arrival, so its first batch is the oldest.
    guard let oldest = window.first.flatMap({ batches[$0] }), oldest.receivedAt <= cutoff else { return }
    let fault = ItemFault(.expired, "not accepted within \(retry.maxAge) of its arrival (retry.max_age)")
    let refused = try await refuseWaiting(fault, receivedUpTo: cutoff)
    if refused > 0 {
      logger.error("items expired", metadata: ["target": "\(target.name)", "items": .number(refused)])
    }
  }

  /// Refuses what of a file is not on its way at this moment; a request under way settles its items if the API answers it.
  ///
  /// - Returns: the number of items refused now.
  func cancel(_ file: FileID) async throws(OutboxError) -> Int {
    cancelled.insert(file)
    return try await refuseCancelled(file)
  }

  /// Refuses what the answer to a request that was under way left of its cancelled file: halves, items it did not name.
  func refuseCancelled(_ file: FileID) async throws(OutboxError) -> Int {
    // Marked before the first wait, so that the loop does not send them meanwhile.
    for (id, batch) in batches where batch.file == file && !underWay.contains(id) { window.begin(id) }
    do {
      let count = try await refuseWaiting(ItemFault(.cancelled, "cancelled by an operator"), file: file)
      if !batches.values.contains(where: { $0.file == file && underWay.contains($0.id) }) { cancelled.remove(file) }
      return count
    } catch {
      await reload()
      throw error
    }
  }

  private func refuseWaiting(
    _ fault: ItemFault, file: FileID? = nil, receivedUpTo cutoff: Timestamp? = nil
  ) async throws(OutboxError) -> Int {
    var count = 0
    var last: WaitingBatch?
    while true {
      let page = try await outbox.waiting(
        of: file, target: target.name, receivedUpTo: cutoff, after: last.map { ($0.file, $0.position) })
      for batch in page where !underWay.contains(batch.id) {
        // Marked before the first wait, so that the loop does not send it meanwhile.
        window.begin(batch.id)
        try await refuse(batch, fault)
        remove(batch.id)
        count += batch.count
      }
      guard let end = page.last else { break }
      last = end
    }
    if count > 0 {
      // What stood behind the refused batches is in line again, in order.
      await reload()
      onSettled()
    }
    return count
  }

  private func refuse(_ batch: WaitingBatch, _ fault: ItemFault) async throws(OutboxError) {
    var fault = fault
    if fault.code == .expired, let problem = batch.problem { fault.message += "; the last that was heard: \(problem)" }
    if batch.unanswered > 0 { fault.message += "; a request with it got no answer, so it may have arrived" }
    let queued = try await outbox.content(of: batch.id)
    // The key is for people to read: where the file is gone, the receipt does without it.
    let whole = try? await originals.whole(queued, of: batch)
    let pieces = whole?.pieces
    let refused = queued.items.enumerated().map { index, item in
      refusal(of: item, pieces.flatMap { whole?.body[$0[index]] }, fault)
    }
    try await outbox.settle(
      batch.id, Settlement(accepted: 0, unchanged: 0, refused: refused), request: nil)
    meters.gaveUp(inbox: batch.inbox, rejected: refused.count)
  }
}
