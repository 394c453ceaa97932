import Core

/// The rows of a CSV or TSV file, however large, one after the other.
///
/// Memory holds one chunk and the current row, which is at most as long as an item may be; longer ones are only scanned
/// for their end. UTF-8 is checked chunk by chunk before the bytes are parsed as CSV, yet the fault reported is the
/// first one in the file.
struct CSVRows: Sendable {
  private let delimiter: Delimiter
  private let maxRowBytes: Int
  private let chunkBytes: Int

  /// Bytes of the file from `offset` on.
  private(set) var buffer: [UInt8] = []
  private(set) var offset = 0
  /// How many bytes of `buffer` are known to be UTF-8.
  private var checked = 0
  private var isBroken = false
  private var hasEnded = false
  /// The size of the byte order mark.
  private var begin = 0
  private(set) var scanner: CSVScanner
  /// How many bytes a row may have beyond the limit because they belong to dropped columns.
  private var slack = 0
  private let key: SourceKey?
  /// Has hashed the bytes of the row that were dropped.
  private var hasher: SourceHasher?

  /// Rejects files that are dropped again carry messages; a row that fitted before must still fit with them.
  private static let errorColumnsSlack = 64 << 10

  /// - Parameter key: makes the rows' tags; nil for none.
  init(delimiter: Delimiter, limits: ReaderLimits, chunkBytes: Int, key: SourceKey? = nil) {
    self.key = key
    self.delimiter = delimiter
    maxRowBytes = limits.maxItemBytes
    self.chunkBytes = chunkBytes
    scanner = CSVScanner(delimiter: UInt8(ascii: ","))
  }

  /// Reads up to the end of the header row.
  ///
  /// - Throws: `FileFault`, and any error of the source.
  mutating func readHeader(from source: inout some ByteSource & ~Copyable) throws -> CSVHeader {
    try start(source: &source)
    guard try findRow(in: &source) else {
      throw FileFault.empty(bytes: offset + buffer.count - begin, hint: ": it needs a header row")
    }
    guard !scanner.isSkipping, scanner.rowEnd - scanner.rowStart <= maxRowBytes else {
      throw FileFault(
        .tooLarge,
        "the header row has more than \(counted(maxRowBytes, "byte")): make it shorter, or raise limits.max_item_bytes",
        line: scanner.rowLine)
    }
    let header = try CSVHeader(scanner, in: buffer.span, at: offset)
    scanner.maxCells = header.width
    if !header.errorColumns.isEmpty { slack = Self.errorColumnsSlack }
    return header
  }

  /// Advances to the next row, which `scanner` then describes; false at the file's end.
  mutating func findRow(in source: inout some ByteSource & ~Copyable) throws -> Bool {
    while true {
      if try scanner.scan(buffer, upTo: checked) { return true }
      if hasEnded && !isBroken {
        return try scanner.finish()
      }
      // The last byte may be the CR of a line break.
      if !scanner.isBetweenRows, !scanner.isSkipping, scanner.at - scanner.rowStart > maxRowBytes + slack + 1 {
        scanner.skipRow()
      }
      try refill(from: &source)
    }
  }

  /// The tag of the last row found, however much of it has been dropped already; nil without a key. Call once per row.
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

  /// Skips a byte order mark and determines the delimiter.
  private mutating func start(source: inout some ByteSource & ~Copyable) throws {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    while buffer.count < mark.count, !hasEnded, !isBroken { try refill(from: &source) }
    begin = buffer.starts(with: mark) ? mark.count : 0
    switch delimiter {
    case .byte(let byte): scanner = CSVScanner(delimiter: byte)
    case .auto:
      // A longer header row is unusable anyway.
      let most = begin + maxRowBytes
      var sniffed: UInt8?
      while sniffed == nil {
        let isWhole = hasEnded || isBroken || checked >= most
        sniffed = Delimiter.sniffed(buffer.span.extracting(first: min(checked, most)), from: begin, isWhole: isWhole)
        if sniffed == nil { try refill(from: &source) }
      }
      scanner = CSVScanner(delimiter: sniffed ?? UInt8(ascii: ","))
    }
    scanner.start(at: begin)
  }

  /// Drops bytes that are no longer needed, then reads and checks another chunk.
  private mutating func refill(from source: inout some ByteSource & ~Copyable) throws {
    guard !isBroken else { throw encodingFault }
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
    try source.read(upTo: chunkBytes, into: &buffer)
    hasEnded = buffer.count == before
    let prefix = UTF8Prefix(of: buffer.span, from: checked)
    checked = prefix.end
    // At the end, an incomplete character is as bad as an invalid one.
    isBroken = prefix.isBroken || hasEnded && checked < buffer.count
  }

  private var encodingFault: FileFault {
    let at = offset + checked
    // FF or FE begins a UTF-16 byte order mark.
    let hint = at == 0 && buffer[0] >= 0xFE ? " (it looks like UTF-16)" : ""
    return FileFault(
      .invalidEncoding, "the file is not UTF-8 at offset \(at)\(hint): save it as UTF-8", line: scanner.line,
      column: checked - scanner.lineStart + 1)
  }
}
