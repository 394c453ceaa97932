internal import Core
import JSONText

/// What writing a CSV's rejects needs to know of the file, long after it was read and whatever the route says by then.
package struct CSVLayout: Hashable, Sendable {
  package var dialect: CSVDialect
  /// A name that iconv knows; nil for UTF-8.
  package var encoding: String?
  /// Whether the file begins with a byte order mark that says its encoding.
  package var hasByteOrderMark = false
  /// Whether its first line names the delimiter, for spreadsheets.
  package var hasSeparatorLine: Bool
  /// The header row's range, in bytes of the decoded text; nil if the route names the columns.
  package var header: Range<Int>?
  /// The columns of a file without a header row.
  package var names: [String] = []

  package init(_ header: CSVHeader, hasSeparatorLine: Bool) {
    dialect = header.dialect
    self.hasSeparatorLine = hasSeparatorLine
    if header.range.isEmpty { names = header.columns.map(\.name) } else { self.header = header.range }
  }

  /// For a file that an older upsertd read.
  package init(delimiter: UInt8) {
    dialect = CSVDialect(delimiter: [delimiter])
    hasSeparatorLine = false
  }

  // MARK: - As text

  /// JSON, for the outbox.
  package var json: String {
    var members: [(String, JSONValue)] = [("delimiter", .string(String(decoding: dialect.delimiter, as: UTF8.self)))]
    if let quote = dialect.quote { members.append(("quote", .string(String(UnicodeScalar(quote))))) }
    if let escape = dialect.escape { members.append(("escape", .string(String(UnicodeScalar(escape))))) }
    members.append(("line_break", .string(dialect.lineBreak.rawValue)))
    if let encoding { members.append(("encoding", .string(encoding))) }
    if hasByteOrderMark { members.append(("byte_order_mark", .bool(true))) }
    if hasSeparatorLine { members.append(("separator_line", .bool(true))) }
    if let header {
      members.append(("header", .array([header.lowerBound, header.upperBound].map { .number(String($0)) })))
    }
    if !names.isEmpty { members.append(("names", .array(names.map(JSONValue.string)))) }
    var json: [UInt8] = []
    JSONValue.object(members).append(to: &json)
    return String(decoding: json, as: UTF8.self)
  }

  /// Nil if the text is not what `json` writes.
  package init?(json: String) {
    guard let value = try? JSONValue.parse(Array(json.utf8)),
      let delimiter = value["delimiter"]?.string, !delimiter.isEmpty,
      let lineBreak = value["line_break"]?.string.flatMap(CSVDialect.LineBreak.init(rawValue:))
    else { return nil }
    dialect = CSVDialect(
      delimiter: Array(delimiter.utf8), quote: value["quote"]?.string?.utf8.first,
      escape: value["escape"]?.string?.utf8.first, lineBreak: lineBreak)
    encoding = value["encoding"]?.string
    hasByteOrderMark = value["byte_order_mark"] != nil
    hasSeparatorLine = value["separator_line"] != nil
    names = value["names"]?.elements?.compactMap(\.string) ?? []
    if let range = value["header"]?.elements, range.count == 2, let start = range[0].integer,
      let end = range[1].integer,
      0 <= start, start <= end
    {
      header = start..<end
    }
  }
}
