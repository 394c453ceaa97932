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
    /// Nil if the options name no control totals, or nothing could be compared.
    package var completeness: Completeness?
    /// Why the file can't be used, though it was read to its end: its control totals disagree.
    package var fault: FileFault?
    package var warnings: [FileWarning] = []
    /// Whether its name or its first cell says that upsertd wrote it.
    package var isRejectsFile: Bool
  }

  /// - Parameters:
  ///   - options: how the file is written.
  ///   - isRejectsFile: whether its name says that upsertd wrote it, which some of the options don't apply to.
  ///   - chunkBytes: how much is read at a time.
  ///   - key: makes the rows' tags; nil for none.
  package init(
    _ options: CSVOptions = CSVOptions(), isRejectsFile: Bool = false,
    limits: ReaderLimits, chunkBytes: Int = 256 << 10, key: SourceKey? = nil
  ) {
    self.key = key
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

  /// Whether a file is a rejects file, by its first cell.
  ///
  /// - Parameter source: the file, or its beginning: a fault of its content is not an error here.
  /// - Throws: any error of the source that is no `FileFault`.
  package func beginsAsRejectsFile<S: ByteSource & ~Copyable>(_ source: inout S) throws -> Bool {
    var rows = CSVRows(options, isRejectsFile: false, limits: limits, chunkBytes: chunkBytes)
    return try rows.beginsAsRejectsFile(&source)
  }

  /// Calls `each` with blocks of all rows of data.
  ///
  /// - Parameters:
  ///   - plan: called once, before any row, to decide what the columns become: see `RowPlan`.
  ///   - diagnoses: whether a `FileFault` of `plan` gets its likely cause.
  ///   - fits: whether `plan` would take a header; only to find the cause.
  ///   - begin: called before `each` with what completes the rows.
  /// - Throws: `FileFault` for a file that can't be used, after a last block; any error of the source and the closures.
  package func read<S: ByteSource & ~Copyable>(
    _ source: inout S, plan: (CSVHeader) throws -> RowTemplate, diagnoses: Bool = false,
    fits: (CSVHeader) -> Bool = { _ in false }, begin: (any ItemDecoder) throws -> Void,
    each: (ItemBlock) throws -> Void
  ) throws -> Outcome {
    var rows = CSVRows(options, isRejectsFile: isRejectsFile, limits: limits, chunkBytes: chunkBytes, key: key)
    let header = try rows.readHeader(from: &source)
    let template: RowTemplate
    do {
      template = try plan(header)
    } catch var fault as FileFault {
      if diagnoses, let cause = try rows.likelyCause(header, in: &source, fits: fits), !fault.message.contains(cause) {
        fault.message += "; \(cause)"
      }
      throw fault
    }
    let secondHeader = SecondHeader(header)
    try begin(
      RowDecoder(template: template, header: header, limits: limits, key: key, headerCause: secondHeader.cause))
    var block = ItemBlock()
    return try block.passOnFault(to: each) {
      try find(&source, &rows, header, template, secondHeader, &$0, each)
    }
  }

  /// Calls `each` with every row's item as its decoder leaves it, on this thread.
  ///
  /// - Throws: as `read`.
  package func readItems<S: ByteSource & ~Copyable>(
    _ source: inout S, plan: (CSVHeader) throws -> RowTemplate, diagnoses: Bool = false,
    fits: (CSVHeader) -> Bool = { _ in false }, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> Outcome {
    var decoder: (any ItemDecoder)?
    return try read(
      &source, plan: plan, diagnoses: diagnoses, fits: fits, begin: { decoder = $0 },
      each: { try decoder?.decode($0, each: each) })
  }

  private func find<S: ByteSource & ~Copyable>(
    _ source: inout S, _ rows: inout CSVRows, _ header: CSVHeader, _ template: RowTemplate,
    _ secondHeader: consuming SecondHeader, _ block: inout ItemBlock, _ each: (ItemBlock) throws -> Void
  ) throws -> Outcome {
    var totals =
      rows.isPlain
      ? nil : try options.trailer.map { try ControlTotals($0, header, template, options) }
    let heldRows = rows.isPlain ? 0 : options.skip.last
    var held = HeldRows(most: heldRows, dialect: header.dialect, maxCells: header.width)
    var number = 0
    while try rows.findRow(in: &source) {
      let range = rows.scanner.rowStart + rows.offset..<rows.scanner.rowEnd + rows.offset
      var item = RawItem(number: number + 1, line: rows.scanner.rowLine, source: range)
      if rows.isRowTooLarge(without: header.errorColumns) {
        item.fault = .tooLarge(limits)
        item.tag = rows.takeTag()
      }
      if heldRows > 0 {
        let isTooLarge = item.fault != nil
        let row = HeldRows.Row(item: item, bytes: isTooLarge ? [] : rows.rowBytes, isTrailer: rows.isAtTrailer)
        guard let row = try held.exchange(row) else { continue }
        item = row.item
        item.number = number + 1
        guard !row.isTrailer else {
          try rows.takeTrailer(item.fault == nil ? row.bytes : nil, line: item.line)
          continue
        }
        try rows.refuseAfterTrailer(line: item.line)
        try take(item, held.scanner, held.bytes, &totals, &secondHeader, &block)
      } else {
        try rows.refuseAfterTrailer(line: item.line)
        try take(item, rows.scanner, rows.buffer, &totals, &secondHeader, &block)
      }
      number += 1
      if block.isFull { try each(block.take()) }
    }
    var outcome = Outcome(
      layout: CSVLayout(header, hasSeparatorLine: rows.hasSeparatorLine), isRejectsFile: rows.isPlain)
    if let compared = totals?.compared(with: rows.trailer) {
      (outcome.completeness, outcome.fault) = compared
      if rows.trailer == nil, let line = held.lineOfTrailer {
        outcome.fault?.message += "; skip.last leaves out the one on line \(line)"
      }
    }
    if number == 0 {
      var leftOut = rows.leftOut
      leftOut.lastRows = held.count
      if let warning = leftOut.warning { outcome.warnings.append(warning) }
    }
    if let warning = secondHeader.warning { outcome.warnings.append(warning) }
    return outcome
  }

  @inline(__always)
  private func take(
    _ item: RawItem, _ scanner: borrowing CSVScanner, _ buffer: borrowing [UInt8], _ totals: inout ControlTotals?,
    _ secondHeader: inout SecondHeader, _ block: inout ItemBlock
  ) throws {
    let isTooLarge = item.fault != nil
    if totals != nil { try totals?.add(isTooLarge ? [] : scanner.cells, in: buffer, line: item.line) }
    if isTooLarge { return block.append(item, Span()) }
    block.append(
      item, row: buffer.span.extracting(scanner.rowStart..<scanner.rowEnd), from: scanner.rowStart,
      cells: scanner.cells, cellCount: scanner.cellCount,
      isFlagged: secondHeader.takes(scanner.cells, in: buffer.span, line: item.line))
  }
}

extension CSVRows {
  fileprivate func refuseAfterTrailer(line: Int) throws(FileFault) {
    guard let trailer else { return }
    throw FileFault(
      .controlTotalMismatch, "a row of data follows the trailer of line \(trailer.line)", line: line)
  }

  /// The likely reason why the file can't be used because of its header; nil if nothing looks wrong.
  ///
  /// Nothing else can be read afterwards.
  /// - Throws: any error of the source that is no `FileFault`.
  fileprivate mutating func likelyCause(
    _ header: CSVHeader, in source: inout some ByteSource & ~Copyable, fits: (CSVHeader) -> Bool
  ) throws -> String? {
    if !header.range.isEmpty, let line = try lineOfLaterHeader(in: &source, fits: fits) {
      return "line \(line) is the header row that is wanted here: the file was probably put together of pieces"
    }
    return Formats.likelyCause(of: header)
  }
}

/// The last rows read, which may turn out to be the ones that the options skip.
private struct HeldRows {
  struct Row {
    var item: RawItem
    /// Empty if it is too large.
    var bytes: [UInt8]
    var isTrailer: Bool
  }

  private let most: Int
  private var rows: [Row] = []
  private var next = 0
  /// The row that was given back last, with its line break, and its cells.
  private(set) var bytes: [UInt8] = []
  private(set) var scanner: CSVScanner

  var count: Int { rows.count }

  /// Of a trailer that is among them.
  var lineOfTrailer: Int? { rows.lazy.filter(\.isTrailer).map(\.item.line).min() }

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
    if old.item.fault == nil { _ = try scanner.scan(bytes, upTo: bytes.count) }
    return old
  }
}

/// How much of a CSV is not data, although it is where data is, by what says so.
///
/// Blank rows are not content. A trailer, and what is outside of `skip.before` and `skip.after`, don't count: these
/// must be in every file, and a file that has no rows between them is known to be complete.
struct LeftOutRows: Sendable {
  /// Of a file without a header row.
  var firstLines = 0
  var rows = 0
  var comments = 0
  var lastRows = 0
  var headers = 0

  /// To be reported if there is no item; nil if nothing was left out.
  var warning: FileWarning? {
    var reasons = [
      ("skip.first", firstLines, "line"), ("skip.rows", rows, "row"), ("skip.comment", comments, "line"),
      ("skip.last", lastRows, "row"),
    ].filter { $0.1 > 0 }.map { "\($0.0) leaves out \(counted($0.1, $0.2))" }
    if headers > 0 { reasons.append("the header row comes again \(counted(headers, "time"))") }
    guard !reasons.isEmpty else { return nil }
    return FileWarning(.nothingTaken, "the file has no items, but it is not empty: " + reasons.joined(separator: ", "))
  }
}
