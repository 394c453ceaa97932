package import Delivery

/// Reads the rows of a CSV or TSV file as items.
///
/// What is kept at a time is one chunk of the file, one row and its item; rows are handed out as they are read, before the file's
/// end is known to be sound: a fault that comes later takes them all back.
package struct CSVReader: Sendable {
  private let delimiter: Delimiter
  private let limits: ReaderLimits
  private let chunkBytes: Int
  private let key: SourceKey?

  /// - Parameters:
  ///   - kind: a TSV's cells always stand between tabs.
  ///   - delimiter: what stands between the cells of other files.
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

  /// Reads the header row alone.
  ///
  /// - Throws: `FileFault` where there is none, or none that can be used, and what the source throws.
  package func readHeader<S: ByteSource & ~Copyable>(from source: inout S) throws -> CSVHeader {
    var rows = CSVRows(delimiter: delimiter, limits: limits, chunkBytes: chunkBytes)
    return try rows.readHeader(from: &source)
  }

  /// Calls `each` with every row and the JSON that it becomes, which is empty where the row has a fault.
  ///
  /// - Parameter plan: called once, before any row, to say what the columns become: see `RowPlan`.
  /// - Throws: `FileFault` for a file that can't be used, and what the source, `plan` and `each` throw.
  package func read<S: ByteSource & ~Copyable>(
    _ source: inout S, plan: (CSVHeader) throws -> RowTemplate, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> CSVDialect {
    var rows = CSVRows(delimiter: delimiter, limits: limits, chunkBytes: chunkBytes, key: key)
    let header = try rows.readHeader(from: &source)
    var writer = RowWriter(try plan(header), limits: limits)
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
        .wrongColumnCount, "the row has \(count) \(count == 1 ? "column" : "columns"), the header has \(header.width)")
    }
  }
}
