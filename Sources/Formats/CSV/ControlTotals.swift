import Core
import JSONText

/// What a file's rows add up to, to be compared with its trailer.
struct ControlTotals: Sendable {
  private struct Sum {
    var name: String
    /// The cell's index in a row of data.
    var column: Int
    /// The cell of the trailer, from 1.
    var cell: Int
    /// How numbers are written in both.
    var numbers: NumberReader
    var preparation: CellPreparation
    var found = DecimalSum()
  }

  private let trailer: Trailer
  private let dialect: CSVDialect
  /// How the number of rows is written.
  private let counts: NumberReader
  private let countPreparation: CellPreparation
  private var rows = 0
  private var sums: [Sum] = []

  /// - Parameters:
  ///   - template: says how the numbers of each column are written; a column that it does not read as numbers has the
  ///     form of `options`.
  ///   - options: how the file is written.
  /// - Throws: `FileFault` if the header lacks a column that is to be added up.
  init(
    _ trailer: Trailer, _ header: CSVHeader, _ template: RowTemplate, _ options: CSVOptions
  ) throws(FileFault) {
    self.trailer = trailer
    dialect = header.dialect
    counts = try NumberReader(options.numbers)
    countPreparation = CellPreparation(null: options.null, isTrimmed: false)
    for (name, cell) in trailer.sums.sorted(by: { $0.key < $1.key }) {
      guard let column = header.columns.first(where: { $0.name == ColumnName.normalized(name) }) else {
        throw FileFault(
          .missingColumn, "the header lacks column \(name.quoted), whose sum the trailer holds", line: header.line)
      }
      var sum = Sum(
        name: name, column: column.index, cell: cell, numbers: counts, preparation: countPreparation)
      if let own = template.numberCells[column.index] {
        sum.numbers = try NumberReader(own.form)
        sum.preparation = own.preparation
      }
      sums.append(sum)
    }
  }

  /// Adds a row of data, rejected or not.
  ///
  /// - Parameter cells: empty if the row is over the limit and its cells are unknown.
  /// - Throws: `FileFault` if a cell that is to be added is not a number.
  mutating func add(_ cells: [CSVCell], in buffer: [UInt8], line: Int) throws(FileFault) {
    rows += 1
    for index in sums.indices {
      let (name, column) = (sums[index].name, sums[index].column)
      guard !cells.isEmpty else {
        throw FileFault(
          .controlTotalMismatch, "column \(name.quoted) can't be added up: this row is too large", line: line)
      }
      // A row that lacks the cell is rejected, and adds nothing; so does a cell without a value.
      guard column < cells.count,
        let content = CellText(cells[column], in: buffer.span, dialect, sums[index].preparation)
      else { continue }
      do {
        try content.withBytes(in: buffer.span) { text throws(DecimalSum.Fault) in
          guard let json = sums[index].numbers.json(text) else { throw .notANumber }
          try sums[index].found.add(json.span)
        }
      } catch {
        let reason =
          error == .tooLarge
          ? "the sum has more than 38 digits"
          : "\(content.string(in: buffer.span).quoted) is not a \(sums[index].numbers.description)"
        throw FileFault(
          .controlTotalMismatch, "column \(name.quoted) can't be added up: \(reason)", line: line)
      }
    }
  }

  /// Compares the totals with the trailer.
  ///
  /// - Returns: what should be and what is, as far as the trailer says it, and the first thing that is wrong: the file
  ///   can't be used then.
  func compared(with row: CSVTrailerRow?) -> (completeness: Completeness?, fault: FileFault?) {
    guard let row else {
      return (
        nil,
        FileFault(
          .controlTotalMismatch, "the file has no trailer, a row whose first cell is \(trailer.match.pattern.quoted)")
      )
    }
    var completeness = Completeness()
    var faults: [FileFault] = []
    func note(_ message: String) { faults.append(FileFault(.controlTotalMismatch, message, line: row.line)) }
    if let cell = trailer.count {
      switch count(of: cell, in: row) {
      case .missing: note(lacks(cell, row))
      case .unreadable(let text): note("cell \(cell) of the trailer, \(text.quoted), is not a number of rows")
      case .number(let expected):
        completeness.count = Completeness.Pair(expected: expected.text, found: String(rows))
        if DecimalSum(of: rows) != expected {
          note("the trailer says \(counted(expected.text, "row")), but there are \(rows)")
        }
      }
    }
    for sum in sums {
      switch value(of: sum.cell, in: row, sum.numbers, sum.preparation) {
      case .missing: note(lacks(sum.cell, row))
      case .unreadable(let text):
        note(
          "cell \(sum.cell) of the trailer, \(text.quoted), is not a \(sum.numbers.description), the sum of column \(sum.name.quoted)"
        )
      case .number(let expected):
        completeness.sums[sum.name] = Completeness.Pair(expected: expected.text, found: sum.found.text)
        if expected != sum.found {
          note(
            "the trailer says that column \(sum.name.quoted) adds up to \(expected.text), but it is \(sum.found.text)")
        }
      }
    }
    return (completeness == Completeness() ? nil : completeness, faults.first)
  }

  /// A cell of the trailer.
  private enum Value {
    case number(DecimalSum)
    case unreadable(String)
    case missing
  }

  private func value(
    of cell: Int, in row: CSVTrailerRow, _ numbers: NumberReader, _ preparation: CellPreparation
  ) -> Value {
    guard cell <= row.cells.count else { return .missing }
    guard let content = CellText(row.cells[cell - 1], in: row.bytes.span, dialect, preparation) else {
      return .unreadable("")
    }
    let value = content.withBytes(in: row.bytes.span) { numbers.value($0) }
    return value.map(Value.number) ?? .unreadable(content.string(in: row.bytes.span))
  }

  /// Some programs write a number of rows with zeros in front.
  private func count(of cell: Int, in row: CSVTrailerRow) -> Value {
    let value = value(of: cell, in: row, counts, countPreparation)
    guard case .unreadable(let text) = value, text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
      let number = Int(text).flatMap({ DecimalSum(of: $0) })
    else { return value }
    return .number(number)
  }

  private func lacks(_ cell: Int, _ row: CSVTrailerRow) -> String {
    "the trailer has \(counted(row.cells.count, "cell")), and no cell \(cell)"
  }
}

extension CellText {
  /// - Parameter row: the bytes that the cell refers to.
  fileprivate func string(in row: Span<UInt8>) -> String { withBytes(in: row) { String(copying: $0) } }
}

extension DecimalSum {
  fileprivate init?(of rows: Int) {
    self.init()
    do throws(Fault) { try add(Array(String(rows).utf8).span) } catch { return nil }
  }
}

private func counted(_ count: String, _ noun: String) -> String { count == "1" ? "1 \(noun)" : "\(count) \(noun)s" }
