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
    var found = DecimalSum()
  }

  private let trailer: Trailer
  private let numbers: NumberReader
  private let dialect: CSVDialect
  private let null: Set<String>
  private var rows = 0
  private var sums: [Sum] = []

  /// - Parameters:
  ///   - numbers: how the numbers in both the rows and the trailer are written.
  ///   - null: cells that count as empty.
  /// - Throws: `FileFault` if the header lacks a column that is to be added up.
  init(_ trailer: Trailer, _ header: CSVHeader, numbers: NumberForm, null: Set<String>) throws(FileFault) {
    self.trailer = trailer
    self.numbers = try NumberReader(numbers)
    self.null = null
    dialect = header.dialect
    for (name, cell) in trailer.sums.sorted(by: { $0.key < $1.key }) {
      guard let column = header.columns.first(where: { $0.name == ColumnName.normalized(name) }) else {
        throw FileFault(
          .missingColumn, "the header lacks column \(name.quoted), whose sum the trailer holds", line: header.line)
      }
      sums.append(Sum(name: name, column: column.index, cell: cell))
    }
  }

  /// Adds a row of data, rejected or not.
  ///
  /// - Parameter cells: empty if the row is over the limit and its cells are unknown.
  /// - Throws: `FileFault` if a cell that is to be added is no number.
  mutating func add(_ cells: [CSVCell], in buffer: [UInt8], line: Int) throws(FileFault) {
    rows += 1
    for index in sums.indices {
      guard !cells.isEmpty else {
        throw FileFault(
          .controlTotalMismatch, "column \(sums[index].name.quoted) can't be added up: this row is too large",
          line: line)
      }
      // A row that lacks the cell is rejected, and adds nothing.
      guard sums[index].column < cells.count else { continue }
      let text = cells[sums[index].column].text(in: buffer.span, dialect)
      if text.isEmpty || !cells[sums[index].column].isQuoted && isNull(text) { continue }
      do {
        guard let json = numbers.json(text.span) else { throw DecimalSum.Fault.notANumber }
        try sums[index].found.add(json.span)
      } catch {
        throw FileFault(
          .controlTotalMismatch, "column \(sums[index].name.quoted) can't be added up: \(reason(error, text))",
          line: line)
      }
    }
  }

  private func isNull(_ text: [UInt8]) -> Bool {
    !null.isEmpty && null.contains(String(decoding: text, as: UTF8.self))
  }

  private func reason(_ error: any Error, _ text: [UInt8]) -> String {
    if error as? DecimalSum.Fault == .tooLarge { return "the sum has more than 38 digits" }
    return "\(String(decoding: text, as: UTF8.self).quoted) is not a \(numbers.description)"
  }

  /// What the totals say.
  ///
  /// - Throws: `FileFault` if they disagree, or the trailer is missing.
  func completeness(_ row: CSVTrailerRow?) throws(FileFault) -> Completeness {
    guard let row else {
      throw FileFault(
        .controlTotalMismatch, "the file has no trailer, a row whose first cell is \(trailer.match.pattern.quoted)")
    }
    var completeness = Completeness()
    if let cell = trailer.count {
      let text = try self.text(cell, of: row)
      guard let expected = numbers.value(Array(text.utf8).span) else {
        throw fault("cell \(cell) of the trailer, \(text.quoted), is not a number of rows", row)
      }
      completeness.count = Completeness.Pair(expected: expected.text, found: String(rows))
      guard numbers.count(rows) == expected else {
        throw fault("the trailer says \(counted(expected.text, "row")), but there are \(rows)", row)
      }
    }
    for sum in sums {
      let text = try self.text(sum.cell, of: row)
      guard let expected = numbers.value(Array(text.utf8).span) else {
        throw fault(
          "cell \(sum.cell) of the trailer, \(text.quoted), is not a \(numbers.description), the sum of column \(sum.name.quoted)",
          row)
      }
      completeness.sums[sum.name] = Completeness.Pair(expected: expected.text, found: sum.found.text)
      guard expected == sum.found else {
        throw fault(
          "the trailer says that column \(sum.name.quoted) adds up to \(expected.text), but it is \(sum.found.text)",
          row)
      }
    }
    return completeness
  }

  private func text(_ cell: Int, of row: CSVTrailerRow) throws(FileFault) -> String {
    guard cell <= row.cells.count else {
      throw fault("the trailer has \(counted(row.cells.count, "cell")), and no cell \(cell)", row)
    }
    return String(decoding: row.cells[cell - 1], as: UTF8.self)
  }

  private func fault(_ message: String, _ row: CSVTrailerRow) -> FileFault {
    FileFault(.controlTotalMismatch, message, line: row.line)
  }
}

extension NumberReader {
  fileprivate func count(_ rows: Int) -> DecimalSum? {
    var sum = DecimalSum()
    do throws(DecimalSum.Fault) { try sum.add(Array(String(rows).utf8).span) } catch { return nil }
    return sum
  }
}

private func counted(_ count: String, _ noun: String) -> String { count == "1" ? "1 \(noun)" : "\(count) \(noun)s" }
