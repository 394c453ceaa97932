internal import Core
internal import Foundation

/// Output for people: results on standard output, everything else on standard error.
enum Console {
  static func error(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

  static func out(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

  static func out(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }

  static var outIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Columns of the terminal that shows `status` and progress; 80 if unknown.
  static var width: Int {
    var size = winsize()
    for descriptor in [STDOUT_FILENO, STDERR_FILENO]
    where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
      return Int(size.ws_col)
    }
    return 80
  }

  /// `line` cut to the width of the terminal; uncut elsewhere.
  static func fitted(_ line: String) -> String {
    guard outIsTerminal, line.count > width else { return line }
    return line.prefix(width - 1) + "…"
  }

  /// A file's name within a line: on a terminal it takes at most half of the width, so that the rest is not cut off.
  static func name(_ name: String) -> String { outIsTerminal ? name.cutInTheMiddle(to: max(20, width / 2)) : name }

  /// `text` in a colour, on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
  static func styled(_ text: String, _ style: Style) -> String {
    guard outIsTerminal, ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty else { return text }
    return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
  }

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }
}

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
