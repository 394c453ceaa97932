import Core

extension BatchVerdict {
  /// The verdict for a 2xx whose body may be cut. If items are left over, a batch of several is not sent again whole,
  /// since the same answer would come again.
  static func settled(
    _ verdicts: [ItemVerdict], status: Int, isCut: Bool, successMode: SuccessMode
  ) -> BatchVerdict {
    guard isCut, verdicts.contains(.unacknowledged) else { return .settled(verdicts) }
    // A single item that the cut answer does not reach counts as not named at all.
    guard verdicts.count > 1, successMode == .partial else { return .settled(verdicts) }
    return .settledInPart(verdicts, cutReason(status))
  }

  /// The verdict for a 2xx whose body is unreadable; nil if it was not cut.
  static func unreadable(status: Int, isCut: Bool, items: Int, successMode: SuccessMode) -> BatchVerdict? {
    guard isCut else { return nil }
    return items > 1 && successMode == .partial
      ? .split(cutReason(status)) : .settled(Array(repeating: .unacknowledged, count: items))
  }

  private static func cutReason(_ status: Int) -> String {
    "answered \(status) with a body that is longer than upsertd reads"
  }
}
