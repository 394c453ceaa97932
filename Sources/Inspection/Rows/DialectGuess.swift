/// Which characters separate, quote and escape cells: those that make rows of equal width.
struct DialectGuess: Sendable {
  var dialect: Dialect
  /// How many cells most rows have; 1 if nothing separates cells.
  var width: Int
  /// How many rows were compared, and how many of them have that width.
  var rows: Int
  var evenRows: Int
  /// Whether the file shows any quotes at a cell's start.
  var hasQuotes: Bool

  private static let delimiters = [",", ";", "|", "\t", "^", "~", "\u{1}", "\u{1F}"].map { UInt8(ascii: $0) }

  /// How much is split to compare; a few hundred rows show what there is to see.
  private static let mostBytes = 128 << 10

  /// - Parameters:
  ///   - range: the part of `bytes` that holds the rows.
  ///   - known: the delimiter, if it is known already.
  init(_ bytes: [UInt8], _ range: Range<Int>, known: UInt8?, comment: String) {
    var part = range
    if part.count > Self.mostBytes {
      part = part.lowerBound..<part.lowerBound + Self.mostBytes
      if let last = bytes[part].lastIndex(of: Ascii.lineFeed) { part = part.lowerBound..<last + 1 }
    }
    let isCut = part.upperBound < bytes.count
    let text = bytes[part]
    hasQuotes = text.contains(Ascii.quote)
    var variants = [Dialect()]
    if text.contains(Ascii.backslash) { variants.append(Dialect(escape: Ascii.backslash)) }
    if hasQuotes { variants.append(Dialect(quote: nil)) }
    if Self.startsCells(UInt8(ascii: "'"), in: text) { variants.append(Dialect(quote: UInt8(ascii: "'"))) }
    if text.contains(Ascii.backslash), hasQuotes { variants.append(Dialect(quote: nil, escape: Ascii.backslash)) }

    var best: (dialect: Dialect, trial: Trial)?
    for variant in variants {
      for delimiter in known.map({ [$0] }) ?? Self.delimiters where known != nil || text.contains(delimiter) {
        var dialect = variant
        dialect.delimiter = delimiter
        let trial = Trial(bytes, part, dialect, comment: comment, isCut: isCut)
        guard trial.width > 1 || known != nil else { continue }
        if let other = best?.trial, !trial.isBetter(than: other, sameQuotes: best?.dialect.quote == dialect.quote) {
          continue
        }
        best = (dialect, trial)
      }
    }
    let plain = Trial(bytes, part, Dialect(), comment: comment, isCut: isCut)
    let trial = best?.trial ?? plain
    dialect = best?.dialect ?? Dialect()
    (width, rows, evenRows) = (best == nil ? 1 : trial.width, trial.rows, best == nil ? trial.rows : trial.even)
  }

  /// Whether many cells begin and end with `quote`.
  private static func startsCells(_ quote: UInt8, in text: ArraySlice<UInt8>) -> Bool {
    var count = 0
    for at in text.indices.dropFirst() where text[at] == quote && delimiters.contains(text[at - 1]) { count += 1 }
    return count >= 2
  }

  /// What one choice of characters makes of the text.
  private struct Trial {
    var width = 1
    var rows = 0
    var even = 0
    /// The share of rows with that width, less the share of faults.
    var score = 0.0
    /// Whether this delimiter is only between digits: it may be a decimal comma.
    var isDecimal = false

    init(_ bytes: [UInt8], _ range: Range<Int>, _ dialect: Dialect, comment: String, isCut: Bool) {
      let splitter = RowSplitter(bytes, range, line: 1, dialect, comment: comment)
      var counts: [Int: Int] = [:]
      var quoted = 0
      var (opened, closed) = (0, 0)
      for row in splitter.rows where !row.isBlank {
        rows += 1
        counts[row.cells.count, default: 0] += 1
        for cell in row.cells {
          if cell.isQuoted { quoted += 1 }
          guard dialect.quote == nil, cell.raw.utf8.first == Ascii.quote else { continue }
          opened += 1
          if cell.raw.utf8.count > 1, cell.raw.utf8.last == Ascii.quote { closed += 1 }
        }
      }
      guard rows > 0 else { return }
      let widest = counts.filter { $0.key > 1 }.max { ($0.value, $0.key) < ($1.value, $1.key) }
      width = widest?.key ?? 1
      even = widest?.value ?? 0
      let faults = splitter.faults - (isCut && splitter.endsOpen ? 1 : 0)
      score = Double(even) / Double(rows) - Double(faults) / Double(rows)
      // Cells in quotes are quoted, even if some are not as they should be.
      if dialect.quote == nil, closed * 2 > opened { score -= 1 }
      if dialect.quote == UInt8(ascii: "'") { score += quoted > rows / 2 ? 0.01 : -1 }
      if dialect.delimiter == UInt8(ascii: ",") {
        isDecimal = range.allSatisfy { at in
          bytes[at] != dialect.delimiter
            || at > range.lowerBound && at + 1 < range.upperBound && Ascii.isDigit(bytes[at - 1])
              && Ascii.isDigit(bytes[at + 1])
        }
      }
    }

    func isBetter(than other: Trial, sameQuotes: Bool) -> Bool {
      if isDecimal != other.isDecimal, min(score, other.score) > 0.4 { return other.isDecimal }
      if abs(score - other.score) > 0.001 { return score > other.score }
      return sameQuotes && width > other.width
    }
  }
}
