import Core
import JSONText

/// The rows of a CSV or TSV file, however large, one after the other; what the options say is not data is left out.
///
/// Memory holds one chunk and the current row, which is at most as long as an item may be; longer ones are only scanned
/// for their end. UTF-8 is checked chunk by chunk before the bytes are parsed as CSV, yet the fault reported is the
/// first one in the file.
struct CSVRows: Sendable {
  private let options: CSVOptions
  private let maxRowBytes: Int
  private let chunkBytes: Int

  /// Bytes of the file from `offset` on.
  private(set) var buffer: [UInt8] = []
  private(set) var offset = 0
  /// How many bytes of `buffer` are known to be UTF-8.
  private var checked = 0
  /// Whether the content can't be used from `checked` on. What comes before is read first: it may hold another fault.
  private var isBroken = false
  /// The source's own fault; nil if the bytes are not UTF-8.
  private var sourceFault: FileFault?
  private var hasEnded = false
  /// The size of the byte order marks.
  private var begin = 0
  private(set) var scanner = CSVScanner()
  /// Whether the file is a rejects file: it begins with its header row, whatever the options say, and has no trailer.
  private(set) var isPlain: Bool
  /// Whether the first line names the delimiter.
  private(set) var hasSeparatorLine = false
  private var header: CSVHeader?
  /// The texts of the header row's cells; none if the file has no header row.
  private var headerTexts: [[UInt8]] = []
  private var leftOutRows = LeftOutRows()
  /// Comments in front of the header row.
  private var commentsBefore = 0
  /// The row that the options call a trailer.
  private(set) var trailer: CSVTrailerRow?
  /// Whether the last row found is a trailer, unless `skip.last` leaves it out. Without `skip.last` none is found.
  private(set) var isAtTrailer = false
  /// How many bytes a row may have beyond the limit because they belong to dropped columns.
  private var slack = 0
  private let key: SourceKey?
  /// Has hashed the bytes of the row that were dropped.
  private var hasher: SourceHasher?

  /// Rejects files that are dropped again carry messages; a row that fitted before must still fit with them.
  private static let errorColumnsSlack = 64 << 10

  /// - Parameters:
  ///   - isRejectsFile: whether the file's name says that upsertd wrote it; its first cell may say so, too.
  ///   - key: makes the rows' tags; nil for none.
  init(_ options: CSVOptions, isRejectsFile: Bool, limits: ReaderLimits, chunkBytes: Int, key: SourceKey? = nil) {
    self.key = key
    self.options = options
    isPlain = isRejectsFile
    maxRowBytes = limits.maxItemBytes
    self.chunkBytes = chunkBytes
  }

  // MARK: - The beginning

  /// Reads up to the end of the header row.
  ///
  /// - Throws: `FileFault`, and any error of the source.
  mutating func readHeader(from source: inout some ByteSource & ~Copyable) throws -> CSVHeader {
    try start(source: &source)
    let header: CSVHeader
    if let names = options.header, !isPlain {
      if offset + buffer.count == 0 { throw FileFault(.emptyFile, "the file is empty") }
      header = try CSVHeader(names: names, dialect: scanner.dialect)
    } else {
      guard try findRow(in: &source) else {
        let bytes = offset + buffer.count - begin
        guard bytes > 0, options.skip != SkippedRows() else {
          throw FileFault.empty(bytes: bytes, hint: ": it needs a header row")
        }
        throw FileFault(.emptyFile, "no header row is left after what skip leaves out: check skip")
      }
      guard !scanner.isSkipping, scanner.rowEnd - scanner.rowStart <= maxRowBytes else {
        throw FileFault(
          .tooLarge,
          "the header row has more than \(counted(maxRowBytes, "byte")): make it shorter, or raise limits.max_item_bytes",
          line: scanner.rowLine)
      }
      header = try CSVHeader(scanner, in: buffer.span, at: offset)
      headerTexts = scanner.cells.map { $0.text(in: buffer.span, header.dialect) }
    }
    scanner.maxCells = header.width
    if !header.errorColumns.isEmpty { slack = Self.errorColumnsSlack }
    self.header = header
    commentsBefore = scanner.comments
    return header
  }

  /// Whether the file is a rejects file, by its first cell; reads no further than its first line.
  ///
  /// - Parameter source: the file, or its beginning: a fault further on does not matter.
  /// - Throws: any error of the source that is no `FileFault`.
  mutating func beginsAsRejectsFile(_ source: inout some ByteSource & ~Copyable) throws -> Bool {
    _ = try begin(source: &source)
    return isPlain
  }

  /// Passes everything before the header row, and determines the dialect.
  private mutating func start(source: inout some ByteSource & ~Copyable) throws {
    let begun = try begin(source: &source)
    var dialect = begun.dialect
    if !isPlain { try skipLines(from: &source, dialect) }
    if !begun.isSeparated, options.delimiter == .auto { dialect.delimiter = [try sniffDelimiter(&source, dialect)] }
    let before = scanner
    scanner = CSVScanner(dialect, comment: options.skip.comment ?? "", after: isPlain ? "" : options.skip.after ?? "")
    scanner.start(where: before)
  }

  /// Passes byte order marks and a line that names the delimiter, and finds out whether the file is a rejects file.
  private mutating func begin(
    source: inout some ByteSource & ~Copyable
  ) throws -> (dialect: CSVDialect, isSeparated: Bool) {
    // Two: some programs put a mark before text that begins with one.
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    while checked < 2 * mark.count, !hasEnded, !isBroken { try refill(from: &source) }
    while buffer[begin..<checked].starts(with: mark) { begin += mark.count }
    let most = begin + maxRowBytes
    var lineBreak: CSVDialect.LineBreak?
    var known: [UInt8]?
    if case .character(let delimiter) = options.delimiter { known = Array(String(delimiter).utf8) }
    var sniffer = CSVSniffer(from: begin, quote: options.quote, escape: options.escape, delimiter: known)
    while lineBreak == nil {
      lineBreak = sniffer.lineBreak(
        buffer.span.extracting(first: min(checked, most)), isWhole: isAllKnown(upTo: most))
      if lineBreak == nil { try refill(from: &source) }
    }
    var dialect = CSVDialect(quote: options.quote, escape: options.escape, lineBreak: lineBreak ?? .lf)
    if let known { dialect.delimiter = known }
    scanner = CSVScanner(dialect)
    scanner.start(at: begin)
    let separator = try passSeparatorLine(from: &source)
    if let separator { dialect.delimiter = separator }
    if try beginsWithErrorCode(&source, dialect) { isPlain = true }
    return (dialect, separator != nil)
  }

  /// A header row beyond `most` bytes is unusable anyway.
  private func isAllKnown(upTo most: Int) -> Bool { hasEnded || isBroken || checked >= most }

  private mutating func passSeparatorLine(from source: inout some ByteSource & ~Copyable) throws -> [UInt8]? {
    // `sep=`, quotes, one character and a line break.
    let most = 16
    while checked - scanner.at < most, !hasEnded, !isBroken { try refill(from: &source) }
    let rest = buffer[scanner.at..<min(checked, scanner.at + most)]
    guard let end = rest.firstIndex(of: lineEnd) else { return nil }
    var line = Array(rest[..<end])
    if line.last == Ascii.carriageReturn { line.removeLast() }
    guard let separator = CSVSniffer.separator(line.span) else { return nil }
    hasSeparatorLine = true
    scanner.passLine(to: end + 1)
    return separator
  }

  private mutating func beginsWithErrorCode(
    _ source: inout some ByteSource & ~Copyable, _ dialect: CSVDialect
  ) throws -> Bool {
    let name = Array("_error_code".utf8)
    let delimiter = dialect.delimiter
    while checked - scanner.at < name.count + 1 + delimiter.count, !hasEnded, !isBroken { try refill(from: &source) }
    var cell = buffer[scanner.at..<checked]
    if cell.first == options.quote { cell = cell.dropFirst() }
    guard cell.starts(with: name) else { return false }
    // Not merely the beginning of a name.
    let rest = cell.dropFirst(name.count)
    return rest.starts(with: delimiter) || rest.first.map { $0 < 0x80 && !isWordByte($0) } ?? true
  }

  /// Passes the lines that `skip.first` and `skip.before` name.
  private mutating func skipLines(from source: inout some ByteSource & ~Copyable, _ dialect: CSVDialect) throws {
    for _ in 0..<max(0, options.skip.first - (hasSeparatorLine ? 1 : 0)) {
      guard let line = try passLine(from: &source) else { return }
      if options.header != nil, buffer[line].contains(where: { $0 > UInt8(ascii: " ") }) { leftOutRows.firstLines += 1 }
    }
    guard let mark = options.skip.before else { return }
    while let line = try passLine(from: &source) {
      let length = CSVScanner.lengthOfMark(
        Array(mark.utf8), in: buffer.span.extracting(line), from: 0, delimiter: dialect.delimiter[0], isWhole: true)
      if length ?? 0 > 0 { return }
    }
    throw FileFault(
      .malformedCSV, "no line is \(mark.quoted), which skip.before names: the file may be cut off, or another one")
  }

  /// Passes one physical line and returns its range in the buffer, without its end; nil at the file's end.
  private mutating func passLine(from source: inout some ByteSource & ~Copyable) throws -> Range<Int>? {
    while true {
      let end = buffer.span.extracting(first: checked).firstIndex(of: lineEnd, from: scanner.at)
      guard (end ?? checked) - scanner.at <= maxRowBytes else {
        throw FileFault(
          .tooLarge,
          "the line has more than \(counted(maxRowBytes, "byte")): check skip, or raise limits.max_item_bytes",
          line: scanner.line)
      }
      if let end {
        let line = scanner.at..<end
        scanner.passLine(to: end + 1)
        return line
      }
      if hasEnded, !isBroken {
        guard scanner.at < checked else { return nil }
        let line = scanner.at..<checked
        scanner.passLine(to: checked)
        return line
      }
      try refill(from: &source)
    }
  }

  private mutating func sniffDelimiter(
    _ source: inout some ByteSource & ~Copyable, _ dialect: CSVDialect
  ) throws -> UInt8 {
    // Comments may hold any of the delimiters.
    while let comment = options.skip.comment, try isNext(Array(comment.utf8), &source) {
      guard try passLine(from: &source) != nil else { break }
      if options.header != nil { leftOutRows.comments += 1 }
    }
    var sniffer = CSVSniffer(from: scanner.at, quote: options.quote, escape: options.escape)
    while true {
      let most = scanner.at + maxRowBytes
      let sniffed = sniffer.delimiter(
        buffer.span.extracting(first: min(checked, most)), dialect.lineBreak, isWhole: isAllKnown(upTo: most))
      if let sniffed { return sniffed }
      let before = offset
      try refill(from: &source)
      sniffer.forget(offset - before)
    }
  }

  private mutating func isNext(_ text: [UInt8], _ source: inout some ByteSource & ~Copyable) throws -> Bool {
    while checked - scanner.at < text.count, !hasEnded, !isBroken { try refill(from: &source) }
    return buffer[scanner.at..<checked].starts(with: text)
  }

  private var lineEnd: UInt8 { scanner.dialect.lineBreak == .cr ? Ascii.carriageReturn : Ascii.lineFeed }

  // MARK: - Rows

  /// Advances to the next row of data, which `scanner` then describes; false at the file's end.
  ///
  /// - Throws: `FileFault`, and any error of the source.
  mutating func findRow(in source: inout some ByteSource & ~Copyable) throws -> Bool {
    while try scanRow(in: &source) {
      let length = scanner.rowEnd - scanner.rowStart
      // Delimiters alone: a spreadsheet's empty row.
      if length == (scanner.cellCount - 1) * scanner.dialect.delimiter.count, scanner.cellCount > 1 { continue }
      if isHeaderAgain {
        leftOutRows.headers += 1
        continue
      }
      if hasRowRules {
        if let wanted = options.trailer, header != nil, !isPlain, matchesFirstCell([wanted.match]) {
          // It may be one of the last rows that the options skip: then it is none.
          isAtTrailer = options.skip.last > 0
          if isAtTrailer { return true }
          try takeTrailer(scanner.isSkipping ? nil : rowBytes, line: scanner.rowLine)
          continue
        }
        if matchesFirstCell(options.skip.rows) {
          if header != nil { leftOutRows.rows += 1 }
          continue
        }
      }
      isAtTrailer = false
      return true
    }
    if let mark = options.skip.after, !isPlain, !scanner.isPastData {
      throw FileFault(
        .malformedCSV, "no line is \(mark.quoted), which skip.after names: the file may be cut off", line: scanner.line)
    }
    return false
  }

  /// What was not data so far, from the header row on.
  var leftOut: LeftOutRows {
    var rows = leftOutRows
    rows.comments += scanner.comments - commentsBefore
    return rows
  }

  private var hasRowRules: Bool { !options.skip.rows.isEmpty || options.trailer != nil }

  /// Whether all cells are those of the header row; they may be quoted otherwise.
  private var isHeaderAgain: Bool {
    guard let first = headerTexts.first, let cell = scanner.cells.first, cell.end - cell.start == first.count,
      scanner.cellCount == headerTexts.count, first.isEmpty || buffer[cell.start] == first[0], !scanner.isSkipping
    else { return false }
    return zip(scanner.cells, headerTexts).allSatisfy { $0.text(in: buffer.span, scanner.dialect) == $1 }
  }

  private func matchesFirstCell(_ patterns: [Glob]) -> Bool {
    guard let cell = scanner.cells.first else { return false }
    let text = cell.text(in: buffer.span, scanner.dialect)
    return patterns.contains { $0.matches(text) }
  }

  /// Takes a row as the trailer.
  ///
  /// - Parameter row: without its line break; nil if it is too long.
  mutating func takeTrailer(_ row: [UInt8]?, line: Int) throws {
    if let trailer {
      throw FileFault(
        .controlTotalMismatch, "a second trailer row; the first one is on line \(trailer.line)", line: line)
    }
    // `maxCells` is the header's width; a trailer may be wider.
    var cells = CSVScanner(scanner.dialect)
    let bytes = (row ?? []) + scanner.dialect.lineBreak.bytes
    guard row != nil, try cells.scan(bytes, upTo: bytes.count) else {
      throw FileFault(.controlTotalMismatch, "the trailer row can't be read", line: line)
    }
    trailer = CSVTrailerRow(line: line, bytes: bytes, cells: cells.cells)
  }

  private mutating func scanRow(in source: inout some ByteSource & ~Copyable) throws -> Bool {
    while true {
      if try scanner.scan(buffer, upTo: checked) { return true }
      if hasEnded && !isBroken {
        // What waited for more bytes is decided without them.
        if scanner.at < checked, !scanner.isWhole {
          scanner.isWhole = true
          continue
        }
        return try scanner.finish()
      }
      // The last byte may be the CR of a line break.
      if !scanner.isBetweenRows, !scanner.isSkipping, scanner.at - scanner.rowStart > maxRowBytes + slack + 1 {
        scanner.skipRow()
      }
      try refill(from: &source)
    }
  }

  /// The line of a row soon after the header row that would do in its place; nil if there is none.
  ///
  /// Nothing else can be read afterwards.
  /// - Throws: any error of the source that is no `FileFault`.
  mutating func lineOfLaterHeader(
    in source: inout some ByteSource & ~Copyable, fits: (CSVHeader) -> Bool
  ) throws -> Int? {
    scanner.maxCells = .max
    do {
      for _ in 0..<Self.mostRowsSearched {
        guard try findRow(in: &source) else { return nil }
        guard !scanner.isSkipping, scanner.cellCount > 1,
          let later = try? CSVHeader(scanner, in: buffer.span, at: offset), fits(later)
        else { continue }
        return scanner.rowLine
      }
    } catch is FileFault {
      // The file can't be used anyway.
    }
    return nil
  }

  private static let mostRowsSearched = 1000

  /// The last row found, which is no longer than an item may be.
  var rowBytes: [UInt8] { Array(buffer[scanner.rowStart..<scanner.rowEnd]) }

  /// The tag of the last row found, which is too large, however much of it has been dropped already; nil without a key.
  /// Call once per row.
  mutating func takeTag() -> SourceTag? {
    guard let key else { return nil }
    let before = hasher
    hasher = nil
    let rest = buffer.span.extracting(max(0, scanner.rowStart)..<scanner.rowEnd)
    guard var before else { return key.tag(of: rest) }
    return before.tag(endingIn: rest)
  }

  /// Whether the last row found has more bytes than an item may have.
  ///
  /// - Parameter errorColumns: the columns whose bytes do not count.
  func isRowTooLarge(without errorColumns: [CSVHeader.Column]) -> Bool {
    if scanner.isSkipping { return true }
    var bytes = scanner.rowEnd - scanner.rowStart
    for column in errorColumns where column.index < scanner.cells.count {
      bytes -= scanner.cells[column.index].outerRange.count + 1
    }
    return bytes > maxRowBytes
  }

  /// Drops bytes that are no longer needed, then reads and checks another chunk.
  private mutating func refill(from source: inout some ByteSource & ~Copyable) throws {
    guard !isBroken else { throw sourceFault ?? encodingFault }
    let gone = scanner.forgettable
    if gone > 0 {
      if let key, scanner.isSkipping, !scanner.isBetweenRows {
        var seen = hasher ?? SourceHasher(key)
        seen.update(buffer.span.extracting(max(0, scanner.rowStart)..<gone))
        hasher = seen
      }
      buffer.removeSubrange(..<gone)
      scanner.forget(gone)
      offset += gone
      checked -= gone
    }
    let before = buffer.count
    buffer.reserveCapacity(before + chunkBytes)
    do { try source.read(upTo: chunkBytes, into: &buffer) } catch let fault as FileFault {
      (sourceFault, isBroken) = (fault, true)
      return
    }
    hasEnded = buffer.count == before
    let prefix = UTF8Prefix(of: buffer.span, from: checked)
    checked = prefix.end
    // At the end, an incomplete character is as bad as an invalid one.
    isBroken = prefix.isBroken || hasEnded && checked < buffer.count
    if checked == buffer.count, buffer.last == Ascii.substitute { holdBackEndOfFileMarks() }
  }

  /// Ctrl-Z at the very end is how CP/M and MS-DOS ended a text: it is text only if something follows.
  private mutating func holdBackEndOfFileMarks() {
    var end = checked
    while end > 0, buffer[end - 1] == Ascii.substitute { end -= 1 }
    // The padding of a block, no more: a file of nothing else must not fill the memory.
    if checked - end <= 4096, end >= scanner.at { checked = end }
  }

  private var encodingFault: FileFault {
    let at = offset + checked
    // FF or FE begins a UTF-16 byte order mark.
    let hint = at == 0 && buffer[0] >= 0xFE ? " (it looks like UTF-16)" : ""
    return FileFault(
      .invalidEncoding,
      "the file is not UTF-8 at offset \(at)\(hint): save it as UTF-8, or set encoding on its route",
      line: scanner.line, column: checked - scanner.lineStart + 1)
  }
}

/// The row with a file's control totals.
struct CSVTrailerRow: Sendable {
  var line: Int
  /// With its line break.
  var bytes: [UInt8]
  /// Of `bytes`.
  var cells: [CSVCell]
}

private func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"),
    UInt8(ascii: "_"), UInt8(ascii: "-"):
    true
  default: false
  }
}
