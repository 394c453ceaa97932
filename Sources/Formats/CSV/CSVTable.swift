import Core

/// A CSV of plain text that belongs to the configuration, such as a mapping's lookup.
package enum CSVTable {
  /// Reads a header row and the rows after it; the delimiter is detected among `,` `;` `|` and tab.
  ///
  /// - Parameters:
  ///   - header: gets the columns' names, once and first.
  ///   - row: gets each row's line, from 1, and its cells, as many as the header has. Blank rows are skipped.
  /// - Throws: `FileFault` for a file that can't be used, and any error of the source, `header` and `row`.
  package static func read<S: ByteSource & ~Copyable>(
    _ source: inout S, header: ([String]) throws -> Void, row: (_ line: Int, [String]) throws -> Void
  ) throws {
    let limits = ReaderLimits()
    var options = CSVOptions()
    options.delimiter = .auto
    var rows = CSVRows(options, isRejectsFile: false, limits: limits, chunkBytes: 256 << 10)
    let names = try rows.readHeader(from: &source)
    try header((names.columns + names.errorColumns).sorted { $0.index < $1.index }.map(\.name))
    while try rows.findRow(in: &source) {
      let line = rows.scanner.rowLine
      guard !rows.isRowTooLarge(without: []) else {
        throw FileFault(.tooLarge, "the row has more than \(limits.maxItemBytes) bytes", line: line)
      }
      let count = rows.scanner.cellCount
      guard count == names.width else {
        throw FileFault(
          .wrongColumnCount,
          "the row has \(count) \(count == 1 ? "column" : "columns"), but the header has \(names.width)", line: line)
      }
      let (bytes, dialect) = (rows.buffer.span, rows.scanner.dialect)
      try row(line, rows.scanner.cells.map { String(decoding: $0.text(in: bytes, dialect), as: UTF8.self) })
    }
  }
}
