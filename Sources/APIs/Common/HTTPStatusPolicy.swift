import Core

/// What a status other than 2xx means, for all APIs.
enum HTTPStatusPolicy {
  /// - Parameter items: how many items the batch has.
  static func verdict(
    status: Int, problem: ProblemDocument, items: Int, successMode: SuccessMode
  ) -> BatchVerdict {
    let reason = reason(status: status, problem: problem)
    switch status {
    case 400, 422:
      if successMode == .partial, items > 1 { return .split(reason) }
      let words = problem.words ?? "the API answered \(status) without a reason"
      return .settled(Array(repeating: .rejected(.badRequest, words), count: items))
    case 401: return .renewToken(reason)
    case 408, 409, 425: return .retry(reason, slowing: false)
    case 413:
      if successMode == .partial, items > 1 { return .split(reason) }
      let words = "the API does not accept a request of this size (413)" + (problem.words.map { ": \($0)" } ?? "")
      return .settled(Array(repeating: .rejected(.tooLarge, words.cut(to: String.longestMessage)), count: items))
    case 429, 503: return .retry(reason, slowing: true)
    case 500..<600: return .retry(reason, slowing: false)
    case 300..<500: return .hold(reason)
    default: return .retry(reason, slowing: false)
    }
  }

  /// For the log: contains nothing from an item.
  static func reason(status: Int, problem: ProblemDocument) -> String {
    ("answered \(status)" + (problem.headline.map { " (\($0))" } ?? "")).cut(to: 200)
  }
}

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
