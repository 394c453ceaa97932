internal import Core

/// The bytes with a meaning in text.
enum Ascii {
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")

  static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }
  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

extension StringProtocol where UTF8View: BidirectionalCollection {
  /// Without white space at both ends.
  var trimmed: String {
    // Nearly all cells are so.
    if let first = utf8.first, let last = utf8.last, 0x21..<0x7F ~= first, 0x21..<0x7F ~= last { return String(self) }
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}

extension String {
  /// Safe on a terminal, and at most `length` characters.
  func shown(_ length: Int = 80) -> String {
    // One character may have any number of scalars.
    let start = String(String.UnicodeScalarView(unicodeScalars.prefix(length + 1))).onOneLine
    return start.count > length ? start.prefix(length - 1) + "…" : start
  }

  var quotedOnOneLine: String { "\"\(shown())\"" }
}
