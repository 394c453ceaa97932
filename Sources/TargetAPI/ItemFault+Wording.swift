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
  ///
  /// A NUL becomes U+FFFD: SQLite takes it for the text's end.
  func cut(to length: Int) -> String {
    if utf8.contains(0) {
      return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })).cut(to: length)
    }
    guard utf8.count > length, count > length else { return self }
    return prefix(length - 1) + "…"
  }
}
