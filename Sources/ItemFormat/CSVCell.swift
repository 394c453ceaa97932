/// Where one cell's text stands among the bytes that hold its row, without the quotes around it.
struct CSVCell: Hashable, Sendable {
  var start: Int
  var end: Int
  /// Stood between quotes.
  var isQuoted: Bool
  /// Holds `""`, which stands for one quote.
  var hasDoubledQuotes: Bool

  var isEmpty: Bool { start == end }

  /// The cell with the quotes around it.
  var outerRange: Range<Int> { isQuoted ? start - 1..<end + 1 : start..<end }

  /// The cell's text.
  func text(in bytes: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(end - start)
    var at = start
    while at < end {
      text.append(bytes[at])
      at += hasDoubledQuotes && bytes[at] == Ascii.quote ? 2 : 1
    }
    return text
  }
}

/// The bytes that CSV gives a meaning.
enum Ascii {
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let quote = UInt8(ascii: "\"")
}
