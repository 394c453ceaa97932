package import Delivery

/// Reads a CSV or TSV file's rows as items.
package struct CSVItems: Sendable {
  package var delimiter: Delimiter
  package var limits: ReaderLimits
  /// How much is read at a time; tests cut smaller.
  package var chunkBytes = 256 << 10

  /// - Parameters:
  ///   - kind: a TSV's cells always stand between tabs.
  ///   - delimiter: what the route says of CSVs.
  package init(kind: FileFormat.Kind, delimiter: Delimiter, limits: ReaderLimits) {
    self.delimiter = kind == .tsv ? .byte(UInt8(ascii: "\t")) : delimiter
    self.limits = limits
  }

  /// Calls `each` for every row, with the JSON that it becomes; a row that can't be converted has a fault and no JSON.
  ///
  /// - Parameter plan: called once, before any row, to say what the columns become: see `RowPlan`.
  /// - Throws: `FileFault` where the file can't be used, or what the source, `plan` and `each` throw.
  package func read<Source: ByteSource & ~Copyable>(
    _ source: inout Source, plan: (CSVHeader) throws -> RowTemplate, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> CSVDialect {
    var reader = CSVReader(delimiter: delimiter, limits: limits, chunkBytes: chunkBytes)
    let header = try reader.readHeader(from: &source)
    var writer = RowWriter(try plan(header))
    var number = 0
    while try reader.findRow(in: &source) {
      number += 1
      let row = reader.scanner.rowStart + reader.offset..<reader.scanner.rowEnd + reader.offset
      var item = RawItem(number: number, line: reader.scanner.rowLine, source: row)
      do throws(ItemFault) {
        try check(reader, header)
        item.requestID = try writer.requestID(reader.scanner.cells, in: reader.buffer)
        try writer.write(reader.scanner.cells, in: reader.buffer)
      } catch {
        item.fault = error
        try each(item, Span())
        continue
      }
      try each(item, writer.text.storage.span.extracting(first: writer.text.count))
    }
    return header.dialect
  }

  private func check(_ reader: borrowing CSVReader, _ header: CSVHeader) throws(ItemFault) {
    if reader.isRowTooLarge(without: header.errorColumns) {
      throw ItemFault(.tooLarge, "the row has more than \(limits.maxItemBytes) bytes, the most that it may have")
    }
    let count = reader.scanner.cellCount
    guard count == header.width else {
      throw ItemFault(
        .wrongColumnCount, "the row has \(count) \(count == 1 ? "column" : "columns"), the header has \(header.width)")
    }
  }
}
