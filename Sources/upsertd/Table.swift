internal import Core

/// Rows of text in columns. On a terminal, the widest columns that may be cut are cut to its width, in the middle of
/// their text, and then the line as a whole.
///
/// Elsewhere nothing is cut, so that programs find complete names.
struct Table {
  struct Column {
    var heading: String
    var isNumber = false
    /// How narrow it may become on a terminal; nil if it is never cut.
    var least: Int?
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func append(_ cells: [String]) { rows.append(cells.map(\.onOneLine)) }

  /// - Parameter style: the style of a whole row.
  func lines(style: (Int) -> Console.Style? = { _ in nil }) -> [String] {
    let widths = widths()
    let heading = Console.styled(line(of: columns.map(\.heading), widths), .bold)
    return [heading]
      + rows.enumerated().map { index, row in
        let line = line(of: row, widths)
        return style(index).map { Console.styled(line, $0) } ?? line
      }
  }

  private func widths() -> [Int] {
    var widths = columns.indices.map { column in
      rows.reduce(columns[column].heading.count) { max($0, $1[column].count) }
    }
    guard Console.outIsTerminal else { return widths }
    func excess() -> Int { widths.reduce(0, +) + 2 * (widths.count - 1) - Console.width }
    while excess() > 0 {
      let cuttable = widths.indices.filter { widths[$0] > columns[$0].least ?? .max }
      guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
    }
    return widths
  }

  private func line(of cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let text = cell.cutInTheMiddle(to: widths[index])
      let padding = String(repeating: " ", count: widths[index] - text.count)
      if index > 0 { line += "  " }
      line += columns[index].isNumber ? padding + text : index == cells.count - 1 ? text : text + padding
    }
    return Console.fitted(line)
  }
}
