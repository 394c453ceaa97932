import Core

/// A CSV file's separators, which a rejects file has to copy.
package struct CSVDialect: Hashable, Sendable {
  package enum LineBreak: Hashable, Sendable {
    case lf
    case crlf

    package var bytes: [UInt8] { self == .lf ? [0x0A] : [0x0D, 0x0A] }
  }

  package var delimiter: UInt8
  /// The line break after the header row; LF if the file ends with the header.
  package var lineBreak: LineBreak

  package init(delimiter: UInt8, lineBreak: LineBreak) {
    self.delimiter = delimiter
    self.lineBreak = lineBreak
  }
}

extension Delimiter {
  /// The candidates, most likely first.
  private static let candidates: [UInt8] = [
    UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "\t"),
  ]

  /// The candidate that occurs most often outside quotes in the first row of `bytes` from `start`; the comma if none
  /// occurs.
  ///
  /// - Parameter isWhole: whether nothing follows `bytes`.
  /// - Returns: nil if the row does not end in `bytes` and more may follow.
  static func sniffed(_ bytes: Span<UInt8>, from start: Int, isWhole: Bool) -> UInt8? {
    var counts = [Int](repeating: 0, count: candidates.count)
    var isQuoted = false
    // A quote opens a quoted cell only at a cell's start.
    var isCellStart = true
    var hasBegun = false
    var hasEnded = isWhole
    var at = start
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == Ascii.quote {
        // A doubled quote closes the cell and reopens it at once.
        if isQuoted || isCellStart { isQuoted.toggle() }
        isCellStart = isQuoted ? false : isCellStart || at < bytes.count && bytes[at] == Ascii.quote
        hasBegun = true
        continue
      }
      if isQuoted { continue }
      if byte == Ascii.lineFeed {
        if !hasBegun { continue }
        hasEnded = true
        break
      }
      if let index = candidates.firstIndex(of: byte) {
        counts[index] += 1
        isCellStart = true
      } else {
        isCellStart = false
      }
      if byte != Ascii.carriageReturn { hasBegun = true }
    }
    guard hasEnded else { return nil }
    var best = 0
    for index in counts.indices where counts[index] > counts[best] { best = index }
    return candidates[best]
  }
}
