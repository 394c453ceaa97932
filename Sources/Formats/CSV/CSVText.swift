import Core

/// Text as a cell of a CSV.
enum CSVText {
  /// `text` with quotes if it needs them; without quotes in the dialect, what would need them is replaced by blanks.
  ///
  /// A NUL, which is not allowed in CSV, becomes U+FFFD.
  static func cell(_ text: [UInt8], _ dialect: CSVDialect) -> [UInt8] {
    let bytes = text.contains(0) ? text.flatMap { $0 == 0 ? Array("\u{FFFD}".utf8) : [$0] } : text
    let needsQuotes =
      bytes.contains {
        $0 == dialect.delimiter[0] || $0 == dialect.quote || $0 == dialect.escape || $0 == Ascii.lineFeed
          || $0 == Ascii.carriageReturn
      }
    guard needsQuotes else { return bytes }
    guard let quote = dialect.quote else { return unquoted(bytes, dialect) }
    var cell = [quote]
    for byte in bytes {
      if byte == quote { cell.append(dialect.escape ?? quote) }
      if byte == dialect.escape { cell.append(byte) }
      cell.append(byte)
    }
    return cell + [quote]
  }

  private static func unquoted(_ bytes: [UInt8], _ dialect: CSVDialect) -> [UInt8] {
    var cell: [UInt8] = []
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let character = Array(String(scalar).utf8)
      let isSpecial = character == dialect.delimiter || scalar == "\n" || scalar == "\r"
      if let escape = dialect.escape, isSpecial || character == [escape] {
        cell += [escape] + character
      } else {
        cell += isSpecial ? [UInt8(ascii: " ")] : character
      }
    }
    return cell
  }
}
