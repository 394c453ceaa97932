import Core

/// How the cells and rows of one CSV file are separated: what the route says, and what the file itself showed.
package struct CSVDialect: Hashable, Sendable {
  package enum LineBreak: String, Hashable, Sendable {
    case lf
    case crlf
    case cr

    package var bytes: [UInt8] {
      switch self {
      case .lf: [Ascii.lineFeed]
      case .crlf: [Ascii.carriageReturn, Ascii.lineFeed]
      case .cr: [Ascii.carriageReturn]
      }
    }
  }

  /// One character in UTF-8.
  package var delimiter: [UInt8]
  /// ASCII; nil if quotes are text.
  package var quote: UInt8?
  /// ASCII; nil if only quotes are escaped, by doubling them.
  package var escape: UInt8?
  /// The line break after the header row; LF if the file ends with the header. `cr` means that only a CR ends a row;
  /// otherwise LF and CRLF do.
  package var lineBreak: LineBreak

  package init(
    delimiter: [UInt8] = [UInt8(ascii: ",")], quote: UInt8? = Ascii.quote, escape: UInt8? = nil,
    lineBreak: LineBreak = .lf
  ) {
    self.delimiter = delimiter
    self.quote = quote
    self.escape = escape
    self.lineBreak = lineBreak
  }
}

/// What the first row of a CSV shows without being told.
///
/// `quote` is what cells may be enclosed in; `isWhole` says that nothing follows the bytes. Both return nil if the row
/// does not end in the bytes and more may follow.
enum CSVSniffing {
  /// The delimiters that are detected, most likely first.
  private static let candidates: [UInt8] = [
    UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "\t"),
  ]

  /// The candidate that occurs most often outside quotes in the first row from `start`; the comma if none occurs.
  static func delimiter(
    _ bytes: Span<UInt8>, from start: Int, quote: UInt8?, lineBreak: CSVDialect.LineBreak, isWhole: Bool
  ) -> UInt8? {
    var counts = [Int](repeating: 0, count: candidates.count)
    let end: UInt8 = lineBreak == .cr ? Ascii.carriageReturn : Ascii.lineFeed
    var hasBegun = false
    var hasEnded = isWhole
    forEachByteOutsideQuotes(bytes, from: start, quote: quote) { at in
      let byte = bytes[at]
      if byte == end {
        if !hasBegun { return true }
        hasEnded = true
        return false
      }
      if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
      if byte != Ascii.carriageReturn { hasBegun = true }
      return true
    }
    guard hasEnded else { return nil }
    var best = 0
    for index in counts.indices where counts[index] > counts[best] { best = index }
    return candidates[best]
  }

  /// How the first line outside quotes ends; LF if it has no end.
  static func lineBreak(_ bytes: Span<UInt8>, from start: Int, quote: UInt8?, isWhole: Bool) -> CSVDialect.LineBreak? {
    var found: CSVDialect.LineBreak?
    forEachByteOutsideQuotes(bytes, from: start, quote: quote) { at in
      switch bytes[at] {
      case Ascii.lineFeed: found = .lf
      case Ascii.carriageReturn:
        if at + 1 < bytes.count {
          found = bytes[at + 1] == Ascii.lineFeed ? .crlf : .cr
        } else if isWhole {
          found = .cr
        }
        return false
      default: return true
      }
      return false
    }
    return found ?? (isWhole ? .lf : nil)
  }

  /// The delimiter that a first line `sep=;` names, as spreadsheets write and read it; nil if `line` is none.
  static func separator(_ line: Span<UInt8>) -> [UInt8]? {
    var line = line
    if line.count > 2, line[0] == Ascii.quote, line[line.count - 1] == Ascii.quote {
      line = line.extracting(1..<line.count - 1)
    }
    let name = Array("sep=".utf8)
    guard line.count > name.count, name.indices.allSatisfy({ line[$0] | 0x20 == name[$0] || line[$0] == name[$0] })
    else { return nil }
    let text = String(copying: line.extracting(name.count..<line.count))
    guard text.unicodeScalars.count == 1, text.utf8.first != Ascii.quote else { return nil }
    return Array(text.utf8)
  }

  /// Calls `body` with the position of each byte that no quotes enclose, until it returns false.
  private static func forEachByteOutsideQuotes(
    _ bytes: Span<UInt8>, from start: Int, quote: UInt8?, _ body: (Int) -> Bool
  ) {
    var isQuoted = false
    // A quote opens a quoted cell only at a cell's start.
    var isCellStart = true
    var at = start
    while at < bytes.count {
      let byte = bytes[at]
      if byte == quote {
        // A doubled quote closes the cell and reopens it at once.
        if isQuoted || isCellStart { isQuoted.toggle() }
        isCellStart = isQuoted ? false : isCellStart || at + 1 < bytes.count && bytes[at + 1] == quote
      } else if !isQuoted {
        if !body(at) { return }
        isCellStart = candidates.contains(byte) || byte == Ascii.lineFeed || byte == Ascii.carriageReturn
      }
      at += 1
    }
  }
}
