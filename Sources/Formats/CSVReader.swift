package import Core

/// Reads the rows of a CSV or TSV file as items.
///
/// Memory holds one chunk of the file, one row and its item, and the rows that may be the last ones where the options
/// skip these. Rows are passed on as they are read, before the rest of the file is known to be valid: a later fault
/// invalidates all of them.
package struct CSVReader: Sendable {
  private let options: CSVOptions
  private let isRejectsFile: Bool
  private let limits: ReaderLimits
  private let chunkBytes: Int
  private let key: SourceKey?

  /// What is known of a file once it has been read.
  package struct Outcome: Sendable {
    package var layout: CSVLayout
    /// Nil if the options name no control totals.
    package var completeness: Completeness?
    /// Whether its name or its first cell says that upsertd wrote it.
    package var isRejectsFile: Bool
  }

  /// - Parameters:
  ///   - kind: a TSV's cells are always separated by tabs.
  ///   - options: how the file is written.
  ///   - isRejectsFile: whether its name says that upsertd wrote it, which some of the options don't apply to.
  ///   - chunkBytes: how much is read at a time.
  ///   - key: makes the rows' tags; nil for none.
  package init(
    kind: FileFormat.Kind = .csv, _ options: CSVOptions = CSVOptions(), isRejectsFile: Bool = false,
    limits: ReaderLimits, chunkBytes: Int = 256 << 10, key: SourceKey? = nil
  ) {
    self.key = key
    var options = options
    if kind == .tsv { options.delimiter = .character("\t") }
    self.options = options
    self.isRejectsFile = isRejectsFile
    self.limits = limits
    self.chunkBytes = chunkBytes
  }

  /// Reads only the header row.
  ///
  /// - Throws: `FileFault` if it is missing or unusable, and any error of the source.
  package func readHeader<S: ByteSource & ~Copyable>(from source: inout S) throws -> CSVHeader {
    var rows = CSVRows(options, isRejectsFile: isRejectsFile, limits: limits, chunkBytes: chunkBytes)
    return try rows.readHeader(from: &source)
  }

  /// Calls `each` with every row and its JSON, which is empty if the row has a fault.
  ///
  /// - Parameter plan: called once, before any row, to decide what the columns become: see `RowPlan`.
  /// - Throws: `FileFault` for a file that can't be used, and any error of the source, `plan` and `each`.
  package func read<S: ByteSource & ~Copyable>(
    _ source: inout S, plan: (CSVHeader) throws -> RowTemplate, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> Outcome {
    var rows = CSVRows(options, isRejectsFile: isRejectsFile, limits: limits, chunkBytes: chunkBytes, key: key)
    let header = try rows.readHeader(from: &source)
    let template = try plan(header)
    var writer = RowWriter(template, header.dialect, limits: limits)
    var totals =
      rows.isPlain
      ? nil : try options.trailer.map { try ControlTotals($0, header, numbers: options.numbers, null: options.null) }
    let heldRows = rows.isPlain ? 0 : options.skip.last
    var held = HeldRows(most: heldRows, dialect: header.dialect, maxCells: header.width)
    var number = 0
    while try rows.findRow(in: &source) {
      if let trailer = rows.trailer {
        throw FileFault(
          .controlTotalMismatch, "a row of data follows the trailer of line \(trailer.line)",
          line: rows.scanner.rowLine)
      }
      let range = rows.scanner.rowStart + rows.offset..<rows.scanner.rowEnd + rows.offset
      var item = RawItem(number: number + 1, line: rows.scanner.rowLine, source: range, tag: rows.takeTag())
      let isTooLarge = rows.isRowTooLarge(without: header.errorColumns)
      if heldRows > 0 {
        guard
          let row = try held.exchange(
            HeldRows.Row(item: item, isTooLarge: isTooLarge, bytes: isTooLarge ? [] : rows.rowBytes))
        else { continue }
        number += 1
        item = row.item
        item.number = number
        try take(
          item, isTooLarge: row.isTooLarge, held.scanner, held.bytes, header, &writer, &totals, each)
      } else {
        number += 1
        try take(item, isTooLarge: isTooLarge, rows.scanner, rows.buffer, header, &writer, &totals, each)
      }
    }
    return Outcome(
      layout: CSVLayout(header, hasSeparatorLine: rows.hasSeparatorLine),
      completeness: try totals?.completeness(rows.trailer), isRejectsFile: rows.isPlain)
  }

  @inline(__always)
  private func take(
    _ raw: RawItem, isTooLarge: Bool, _ scanner: borrowing CSVScanner, _ buffer: borrowing [UInt8], _ header: CSVHeader,
    _ writer: inout RowWriter, _ totals: inout ControlTotals?, _ each: (RawItem, Span<UInt8>) throws -> Void
  ) throws {
    var item = raw
    if totals != nil { try totals?.add(isTooLarge ? [] : scanner.cells, in: buffer, line: raw.line) }
    do throws(ItemFault) {
      if isTooLarge { throw .tooLarge(limits) }
      if scanner.cellCount != header.width || header.namelessColumns > 0 { try check(scanner, header) }
      item.requestID = try writer.requestID(scanner.cells, in: buffer)
      try writer.write(scanner.cells, in: buffer)
    } catch {
      item.fault = error
      try each(item, Span())
      return
    }
    try each(item, writer.text.storage.span.extracting(first: writer.text.count))
  }

  private func check(_ scanner: borrowing CSVScanner, _ header: CSVHeader) throws(ItemFault) {
    let count = scanner.cellCount
    let named = header.width - header.namelessColumns
    guard (named...header.width).contains(count) else {
      throw ItemFault(
        .wrongColumnCount,
        "the row has \(count) \(count == 1 ? "column" : "columns"), but the header has \(named)")
    }
    if let index = scanner.cells.indices.dropFirst(named).first(where: { !scanner.cells[$0].isEmpty }) {
      throw ItemFault(
        .wrongColumnCount, "the row has a value in column \(index + 1), which has no name in the header")
    }
  }
}

/// The last rows read, which may turn out to be the ones that the options skip.
private struct HeldRows {
  struct Row {
    var item: RawItem
    var isTooLarge: Bool
    /// Empty if it is too large.
    var bytes: [UInt8]
  }

  private let most: Int
  private var rows: [Row] = []
  private var next = 0
  /// The row that was given back last, with its line break, and its cells.
  private(set) var bytes: [UInt8] = []
  private(set) var scanner: CSVScanner

  init(most: Int, dialect: CSVDialect, maxCells: Int) {
    self.most = most
    scanner = CSVScanner(dialect)
    scanner.maxCells = maxCells
  }

  /// Keeps `row` and returns the one that is certainly not among the last ones, scanned again; nil if there is none yet.
  mutating func exchange(_ row: Row) throws(FileFault) -> Row? {
    guard rows.count == most else {
      rows.append(row)
      return nil
    }
    let old = rows[next]
    rows[next] = row
    next = (next + 1) % most
    bytes = old.bytes + scanner.dialect.lineBreak.bytes
    let maxCells = scanner.maxCells
    scanner = CSVScanner(scanner.dialect)
    scanner.maxCells = maxCells
    if !old.isTooLarge { _ = try scanner.scan(bytes, upTo: bytes.count) }
    return old
  }
}
