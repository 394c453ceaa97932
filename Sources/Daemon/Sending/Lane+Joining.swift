internal import Delivery
internal import Outbox
internal import Settings
internal import TargetAPI

/// Batches of several files that travel as one request (a target's `batch.linger`).
///
/// They are joined only for the time of the request: in the outbox each stays what it is, has its own attempts, and is settled by its
/// own part of the answer.
extension Lane {
  /// What goes out next as one request, mostly one batch; nothing: when to look again, nil for when something happens.
  func next(at now: Timestamp) -> (ids: [Int64], until: Timestamp?) {
    guard let id = window.sendable(at: now) else { return ([], window.nextDue) }
    guard let linger = target.batch.linger, isJoinable(id) else { return (begun([id]), nil) }
    let (ids, isFull) = joined(at: now)
    let until = (ids.compactMap { company.waits($0) }.min() ?? now) + linger
    if isFull || until <= now { return (begun(ids), nil) }
    // What waits for no company need not wait for those that do.
    if let other = window.sendable(at: now, mayShareKeys: false, where: { !isJoinable($0) }).first {
      return (begun([other]), nil)
    }
    return ([], min(until, window.nextDue(after: now) ?? until))
  }

  /// Takes down from when on batches wait for company.
  func noteSendable(at now: Timestamp) {
    guard target.batch.linger != nil else { return }
    for id in window.sendable(at: now, mayShareKeys: false, where: { _ in true }) {
      company.note(id, sendableAt: now)
    }
  }

  /// Whether more is to be read of a line of batches so small that many fit one request.
  var hasRoomForSmallBatches: Bool {
    guard target.batch.linger != nil, window.count < 4 * Self.windowSize else { return false }
    let (items, isOver) = target.batch.maxItems.multipliedReportingOverflow(by: 2 * target.concurrency)
    return isOver || batches.values.reduce(0) { $0 + $1.count } < items
  }

  /// The answer refuses a request for something in it, and can't be told for what: its batches go on in smaller company.
  func part(_ members: [WaitingBatch], why: String) async throws(OutboxError) {
    company.suspect(members.map(\.id))
    for batch in members {
      try await outbox.postpone(batch.id, until: .now, failures: batch.failures, why: why, wasAnswered: true)
      batches[batch.id]?.attempts += 1
      tell(parted: batch, why: why)
    }
    putBack(members, due: .now)
  }

  private func begun(_ ids: [Int64]) -> [Int64] {
    for id in ids { company.begin(id) }
    return ids
  }

  private func isJoinable(_ id: Int64) -> Bool {
    guard let batch = batches[id] else { return false }
    return batch.successMode == .partial && batch.count < target.batch.maxItems && batch.bytes < target.batch.maxBytes
      && company.limit(id) > 1
  }

  /// The first batches in line that fit one request, and whether there are more of them than fit.
  private func joined(at now: Timestamp) -> (ids: [Int64], isFull: Bool) {
    var (batchCount, items, bytes, most) = (0, 0, 2, Int.max)
    var files: Set<FileID> = []
    var keys: Set<KeyHash> = []
    var isFull = false
    let ids = window.sendable(at: now, mayShareKeys: !api.keepsKeysApart) { id in
      guard !isFull, isJoinable(id), let batch = batches[id] else { return false }
      // A file's receipt counts requests, not the parts of one; and a key that nothing holds apart may stand in two files.
      guard !files.contains(batch.file), !api.keepsKeysApart || keys.isDisjoint(with: batch.itemKeys) else {
        return false
      }
      // Eight bytes an item for a longer request id, and the comma.
      let size = batch.bytes + 8 * batch.count
      guard items + batch.count <= target.batch.maxItems, bytes + size <= target.batch.maxBytes || batchCount == 0,
        batchCount < min(most, company.limit(id))
      else {
        isFull = true
        return false
      }
      batchCount += 1
      items += batch.count
      bytes += size
      most = min(most, company.limit(id))
      files.insert(batch.file)
      if api.keepsKeysApart { keys.formUnion(batch.itemKeys) }
      return true
    }
    return (ids, isFull || items == target.batch.maxItems)
  }
}
