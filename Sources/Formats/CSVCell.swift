/// The range of one cell's text in the bytes that hold its row, without the quotes around it.
struct CSVCell: Hashable, Sendable {
  var start: Int
  var end: Int
  /// Whether it was quoted.
  var isQuoted: Bool
  /// Whether it contains `""`, which represents one quote.
  var hasDoubledQuotes: Bool

  var isEmpty: Bool { start == end }

  /// The cell with the quotes around it.
  var outerRange: Range<Int> { isQuoted ? start - 1..<end + 1 : start..<end }

  /// The cell's text.
  func text(in bytes: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: end - start) { text in
      var at = start
      while at < end {
        text.append(bytes[at])
        at += hasDoubledQuotes && bytes[at] == Ascii.quote ? 2 : 1
      }
    }
  }
}

/// The bytes with a special meaning in CSV.
enum Ascii {
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let quote = UInt8(ascii: "\"")
}
