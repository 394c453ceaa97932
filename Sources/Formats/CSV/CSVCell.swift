/// The range of one cell's text in the bytes that hold its row, without the quotes around it.
struct CSVCell: Hashable, Sendable {
  var start: Int
  var end: Int
  /// Whether it was quoted.
  var isQuoted: Bool
  /// Whether its text differs from its bytes: it contains a doubled quote, which represents one, or an escape.
  var hasEscapes: Bool

  var isEmpty: Bool { start == end }

  /// The cell with the quotes around it.
  var outerRange: Range<Int> { isQuoted ? start - 1..<end + 1 : start..<end }

  /// The cell's text.
  func text(in bytes: Span<UInt8>, _ dialect: CSVDialect) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(end - start)
    var at = start
    while at < end {
      let byte = bytes[at]
      at += 1
      if !hasEscapes || at == end {
        text.append(byte)
      } else if byte == dialect.escape {
        text.append(Self.escaped(bytes[at], isBackslash: byte == UInt8(ascii: "\\")))
        at += 1
      } else {
        text.append(byte)
        if isQuoted, byte == dialect.quote, bytes[at] == byte { at += 1 }
      }
    }
    return text
  }

  /// What a character after the escape stands for: itself, but after a backslash the letters of MySQL stand for control
  /// characters (<https://dev.mysql.com/doc/refman/8.4/en/load-data.html>, "FIELDS ESCAPED BY").
  private static func escaped(_ byte: UInt8, isBackslash: Bool) -> UInt8 {
    guard isBackslash else { return byte }
    return switch byte {
    case UInt8(ascii: "0"): 0
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "n"): Ascii.lineFeed
    case UInt8(ascii: "r"): Ascii.carriageReturn
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "Z"): Ascii.substitute
    default: byte
    }
  }
}

/// The bytes with a special meaning in CSV.
enum Ascii {
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let quote = UInt8(ascii: "\"")
  /// Ctrl-Z, the end of a text file in CP/M and MS-DOS.
  static let substitute: UInt8 = 0x1A
  /// Not in any UTF-8 text: represents a character that a dialect lacks.
  static let none: UInt8 = 0xFF
}
