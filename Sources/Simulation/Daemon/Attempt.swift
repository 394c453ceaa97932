internal import Core
internal import Engine

/// A request from its lease to what is written down about it.
struct Attempt {
  var requestPlan: DispatchState.RequestPlan
  /// The content of each batch.
  var contents: [Batch] = []
  var items: [[ItemID]] = []
  /// Distinguishes it from other requests, whatever happened before.
  var identity: UInt64
  /// The world's step at which it was decided.
  var step: Int
  /// Its number in the world; 0 if nothing went out.
  var number = 0
  var sentAt = Timestamp(milliseconds: 0)

  /// What the verdicts, one per item, settle in each batch.
  func settlements(_ verdicts: [ItemVerdict]) -> [Settlement] {
    guard !verdicts.isEmpty else { return [] }
    var start = 0
    return zip(requestPlan.batches, contents).map { batch, content in
      defer { start += content.items.count }
      return Settlement(verdicts[start..<start + content.items.count], of: content, misses: batch.misses)
    }
  }

  /// What is written down about the batch at `place`, in this order.
  func changes(
    _ decided: DispatchState.MemberChange, _ place: Int, _ settlements: [Settlement]
  ) -> [BatchChange] {
    switch decided {
    case .none: return []
    case .settle: return [.settle(settlements[place])]
    case .rejectChanged:
      // Nothing went out, so the attempt does not count.
      return [
        .takeBack(requestPlan.batches[place].retryState, why: nil),
        .settle(Settlement(rejecting: contents[place].items, .unreadable)),
      ]
    case .halve(let retryState, let why, let isOpen):
      let (first, second) = contents[place].halves
      return [.split([first, second], retryState, why: why, isOpen: isOpen)]
    case .postpone(let retryState, let why, let isOpen): return [.postpone(retryState, why: why, isOpen: isOpen)]
    case .takeBack(let retryState, let why): return [.takeBack(retryState, why: why)]
    }
  }
}
