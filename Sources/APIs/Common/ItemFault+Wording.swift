import Core

extension ItemFault {
  static func missing(_ path: String) -> ItemFault { ItemFault(.missingField, "\(path) is required") }

  /// - Parameter rule: what the value must be: `a string`, `one of …`.
  static func invalid(_ path: String, mustBe rule: String) -> ItemFault {
    ItemFault(.invalidValue, "\(path) must be \(rule)")
  }

  static func repeated(_ path: String) -> ItemFault {
    ItemFault(.invalidItem, "\(path) is given twice: keep one of them")
  }
}

extension String {
  /// Longest message about one item, in characters.
  static let longestMessage = 1000

  /// The first `length` characters on one line, ending in an ellipsis if something was cut.
  ///
  /// A NUL becomes U+FFFD, since SQLite ends the text at a NUL.
  func cut(to length: Int) -> String {
    // One character may carry a million accents.
    let start = unicodeScalars.prefix(8 * length)
    let text = String(String.UnicodeScalarView(start.map { $0 == "\0" ? "\u{FFFD}" : $0 })).onOneLine
    guard start.endIndex < unicodeScalars.endIndex || (text.utf8.count > length && text.count > length) else {
      return text
    }
    return text.prefix(length - 1) + "…"
  }
}
