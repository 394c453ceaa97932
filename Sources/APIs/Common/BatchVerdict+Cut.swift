import Delivery

extension BatchVerdict {
  /// What a 2xx comes to that was perhaps cut: where items are left over, a batch of several is not sent again whole, or the
  /// same answer would come again.
  static func settled(
    _ verdicts: [ItemVerdict], status: Int, isCut: Bool, successMode: SuccessMode
  ) -> BatchVerdict {
    guard isCut, verdicts.contains(.unacknowledged) else { return .settled(verdicts) }
    // A single item that such an answer does not come to counts as one that is named nowhere.
    guard verdicts.count > 1, successMode == .partial else { return .settled(verdicts) }
    return .settledInPart(verdicts, cutReason(status))
  }

  /// What a 2xx comes to of which nothing can be read; nil where it was not cut.
  static func unreadable(status: Int, isCut: Bool, items: Int, successMode: SuccessMode) -> BatchVerdict? {
    guard isCut else { return nil }
    return items > 1 && successMode == .partial
      ? .split(cutReason(status)) : .settled(Array(repeating: .unacknowledged, count: items))
  }

  private static func cutReason(_ status: Int) -> String { "answered \(status) with more than is read of an answer" }
}
