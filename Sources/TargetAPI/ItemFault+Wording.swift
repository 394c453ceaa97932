import Delivery

extension ItemFault {
  static func missing(_ path: String) -> ItemFault { ItemFault(.missingField, "\(path) is required") }

  /// - Parameter rule: what the value must be: `a string`, `one of …`.
  static func invalid(_ path: String, mustBe rule: String) -> ItemFault {
    ItemFault(.invalidValue, "\(path) must be \(rule)")
  }

  static func repeated(_ path: String) -> ItemFault {
    ItemFault(.invalidItem, "\(path) stands there twice: keep one of them")
  }
}

extension String {
  /// Longest text that a person gets to read about one item, in characters.
  static let longestMessage = 1000

  /// The first `length` characters, the last of them an ellipsis where something is missing.
  func cut(to length: Int) -> String {
    guard utf8.count > length, count > length else { return self }
    return prefix(length - 1) + "…"
  }
}
