package import Core

/// Reads the rows of a CSV or TSV file as items.
///
/// Memory holds one chunk of the file, one row and its item. Rows are passed on as they are read, before the rest of
/// the file is known to be valid: a later fault invalidates all of them.
package struct CSVReader: Sendable {
  private let delimiter: Delimiter
  private let limits: ReaderLimits
  private let chunkBytes: Int
  private let key: SourceKey?

  /// - Parameters:
  ///   - kind: a TSV's cells are always separated by tabs.
  ///   - delimiter: the separator of cells in other files.
  ///   - chunkBytes: how much is read at a time.
  ///   - key: makes the rows' tags; nil for none.
  package init(
    kind: FileFormat.Kind = .csv, delimiter: Delimiter, limits: ReaderLimits, chunkBytes: Int = 256 << 10,
    key: SourceKey? = nil
  ) {
    self.key = key
    self.delimiter = kind == .tsv ? .byte(UInt8(ascii: "\t")) : delimiter
    self.limits = limits
    self.chunkBytes = chunkBytes
  }

  /// Reads only the header row.
  ///
  /// - Throws: `FileFault` if it is missing or unusable, and any error of the source.
  package func readHeader<S: ByteSource & ~Copyable>(from source: inout S) throws -> CSVHeader {
    var rows = CSVRows(delimiter: delimiter, limits: limits, chunkBytes: chunkBytes)
    return try rows.readHeader(from: &source)
  }

  /// Calls `each` with every row and its JSON, which is empty if the row has a fault.
  ///
  /// - Parameter plan: called once, before any row, to decide what the columns become: see `RowPlan`.
  /// - Throws: `FileFault` for a file that can't be used, and any error of the source, `plan` and `each`.
  package func read<S: ByteSource & ~Copyable>(
    _ source: inout S, plan: (CSVHeader) throws -> RowTemplate, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> CSVDialect {
    var rows = CSVRows(delimiter: delimiter, limits: limits, chunkBytes: chunkBytes, key: key)
    let header = try rows.readHeader(from: &source)
    let template: RowTemplate
    do { template = try plan(header) } catch let fault as FileFault { throw fault.blamingDelimiter(of: header) }
    var writer = RowWriter(template, limits: limits)
    var number = 0
    while try rows.findRow(in: &source) {
      number += 1
      let range = rows.scanner.rowStart + rows.offset..<rows.scanner.rowEnd + rows.offset
      var item = RawItem(number: number, line: rows.scanner.rowLine, source: range, tag: rows.takeTag())
      do throws(ItemFault) {
        try check(rows, header)
        item.requestID = try writer.requestID(rows.scanner.cells, in: rows.buffer)
        try writer.write(rows.scanner.cells, in: rows.buffer)
      } catch {
        item.fault = error
        try each(item, Span())
        continue
      }
      try each(item, writer.text.storage.span.extracting(first: writer.text.count))
    }
    return header.dialect
  }

  private func check(_ rows: borrowing CSVRows, _ header: CSVHeader) throws(ItemFault) {
    if rows.isRowTooLarge(without: header.errorColumns) { throw .tooLarge(limits) }
    let count = rows.scanner.cellCount
    guard count == header.width else {
      throw ItemFault(
        .wrongColumnCount,
        "the row has \(count) \(count == 1 ? "column" : "columns"), but the header has \(header.width)")
    }
  }
}
