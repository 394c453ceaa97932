internal import Core

/// Rows of text in columns of limited width, safe on a terminal.
struct TextTable {
  private let headings: [String]
  /// The most characters of each column's cells; nil for any number.
  private let widest: [Int?]
  private var rows: [[String]] = []

  init(_ headings: [String], widest: [Int?]) {
    (self.headings, self.widest) = (headings, widest)
  }

  mutating func append(_ cells: [String]) {
    rows.append(zip(cells, widest).map { cell, most in cell.shown(most ?? 200) })
  }

  var lines: [String] {
    let all = [headings] + rows
    let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { cells in
      var line = ""
      for (column, cell) in cells.enumerated() {
        line += column == 0 ? "  " : "  "
        line += cell
        if column < cells.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count) }
      }
      return line
    }
  }
}
