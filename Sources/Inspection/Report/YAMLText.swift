internal import Core
internal import JSONText

/// Writes a part of a configuration as YAML that is easy to read and to change.
enum YAMLText {
  /// An object in block style: one line for each member, and for each member of those in `open`; deeper values are in
  /// flow style.
  static func block(_ object: JSONValue, indent: String = "", open: Set<String> = []) -> [String] {
    var lines: [String] = []
    for (name, value) in object.members ?? [] {
      if open.contains(name), let members = value.members, !members.isEmpty {
        lines.append("\(indent)\(scalar(name)):")
        // Columns' names stand out.
        for (member, value) in members {
          lines.append("\(indent)  \(name == "columns" ? quoted(member) : scalar(member)): \(flow(value))")
        }
      } else {
        lines.append("\(indent)\(scalar(name)): \(flow(value))")
      }
    }
    return lines
  }

  static func flow(_ value: JSONValue) -> String {
    switch value {
    case .object(let members):
      "{" + members.map { "\(scalar($0.name)): \(flow($0.value))" }.joined(separator: ", ") + "}"
    case .array(let elements): "[" + elements.map(flow).joined(separator: ", ") + "]"
    case .string(let text): scalar(text)
    case .number(let text): text
    case .bool(let value): value ? "true" : "false"
    case .null: "null"
    }
  }

  /// Plain if no YAML reader could take it for anything but this text.
  static func scalar(_ text: String) -> String {
    guard let first = text.utf8.first, Ascii.isLetter(first), text.utf8.count <= 100 else { return quoted(text) }
    let isPlain = text.utf8.allSatisfy { byte in
      Ascii.isLetter(byte) || Ascii.isDigit(byte) || "_-./ ".utf8.contains(byte)
    }
    guard isPlain, text.utf8.last != 0x20, !words.contains(text.lowercased()) else { return quoted(text) }
    return text
  }

  /// What YAML 1.1 takes for something other than text.
  private static let words: Set<String> = ["y", "n", "yes", "no", "true", "false", "on", "off", "null"]

  /// Double-quoted; JSON's escapes are YAML's, too.
  private static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    appendQuoted(text, to: &bytes)
    // JSON lets pass what a terminal might act on.
    return String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar in
      let character = String(scalar)
      guard character != character.onOneLine else { return character }
      let digits = String(scalar.value, radix: 16)
      return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }.joined()
  }
}

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
