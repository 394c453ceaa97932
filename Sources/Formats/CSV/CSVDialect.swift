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

/// Finds out what the first row of a CSV shows by itself, in bytes that arrive piece by piece.
///
/// It remembers where it stopped, so each byte is looked at once.
struct CSVSniffer {
  /// The delimiters that are detected, most likely first.
  private static let candidates: [UInt8] = [
    UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "\t"),
  ]

  private let quote: UInt8?
  private let escape: UInt8?
  /// What cells begin after; nil if it has to be detected.
  private let known: [UInt8]?
  private var at: Int
  private var isQuoted = false
  // A quote opens a quoted cell only at a cell's start.
  private var isCellStart = true
  private var hasBegun = false
  private var counts = [Int](repeating: 0, count: candidates.count)

  /// - Parameters:
  ///   - quote: what cells may be enclosed in.
  ///   - escape: what takes the meaning from the next byte.
  ///   - delimiter: what separates them; nil if it has to be detected.
  init(from start: Int, quote: UInt8?, escape: UInt8?, delimiter: [UInt8]? = nil) {
    at = start
    self.quote = quote
    self.escape = escape
    known = delimiter
  }

  /// The caller dropped that many bytes.
  mutating func forget(_ count: Int) { at -= count }

  /// How the first line outside quotes ends; LF if it has no end.
  ///
  /// - Parameter isWhole: whether nothing follows the bytes.
  /// - Returns: nil if the line does not end in the bytes and more may follow.
  mutating func lineBreak(_ bytes: Span<UInt8>, isWhole: Bool) -> CSVDialect.LineBreak? {
    while let byte = next(bytes) {
      switch byte {
      case Ascii.lineFeed: return .lf
      case Ascii.carriageReturn:
        guard at + 1 < bytes.count else { return isWhole ? .cr : nil }
        return bytes[at + 1] == Ascii.lineFeed ? .crlf : .cr
      default: pass(byte, of: bytes)
      }
    }
    return isWhole ? .lf : nil
  }

  /// The candidate that occurs most often outside quotes in the first row; the comma if none occurs.
  ///
  /// - Returns: nil if the row does not end in the bytes and more may follow.
  mutating func delimiter(_ bytes: Span<UInt8>, _ lineBreak: CSVDialect.LineBreak, isWhole: Bool) -> UInt8? {
    let end: UInt8 = lineBreak == .cr ? Ascii.carriageReturn : Ascii.lineFeed
    var hasEnded = isWhole
    while let byte = next(bytes) {
      if byte == end, hasBegun {
        hasEnded = true
        break
      }
      if let index = Self.candidates.firstIndex(of: byte) { counts[index] += 1 }
      if byte != end, byte != Ascii.carriageReturn { hasBegun = true }
      pass(byte, of: bytes)
    }
    guard hasEnded else { return nil }
    var best = 0
    for index in counts.indices where counts[index] > counts[best] { best = index }
    return Self.candidates[best]
  }

  /// The next byte that no quotes enclose, which is at `at`; nil if there is none yet.
  private mutating func next(_ bytes: Span<UInt8>) -> UInt8? {
    while at < bytes.count {
      let byte = bytes[at]
      if byte == escape {
        guard at + 1 < bytes.count else { return nil }
        isCellStart = false
        hasBegun = true
        at += 1
      } else if byte == quote {
        // A doubled quote closes the cell and reopens it at once.
        if isQuoted || isCellStart {
          isQuoted.toggle()
          isCellStart = !isQuoted
        }
      } else if !isQuoted {
        return byte
      }
      at += 1
    }
    return nil
  }

  private mutating func pass(_ byte: UInt8, of bytes: Span<UInt8>) {
    isCellStart = isDelimiter(byte, of: bytes) || byte == Ascii.lineFeed || byte == Ascii.carriageReturn
    at += 1
  }

  /// Whether a delimiter ends with the byte at `at`.
  private func isDelimiter(_ byte: UInt8, of bytes: Span<UInt8>) -> Bool {
    guard let known else { return Self.candidates.contains(byte) }
    let start = at + 1 - known.count
    return byte == known.last && start >= 0 && known.indices.allSatisfy { bytes[start + $0] == known[$0] }
  }

  /// The delimiter that a first line `sep=;` names, as spreadsheets write and read it; nil if `line` is not one.
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
}
