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
