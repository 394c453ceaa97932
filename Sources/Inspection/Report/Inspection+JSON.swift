internal import APIs
internal import Core
internal import Formats
package import JSONText

extension Inspection {
  /// The report for programs.
  ///
  /// - Parameter verdict: what a configured route makes of the file.
  package func json(_ verdict: ReadingVerdict? = nil) -> JSONValue {
    var members: [(name: String, value: JSONValue)] = [
      ("name", .string(sample.name)), ("bytes", JSONValue(sample.size)), ("whole", .bool(sample.isWhole)),
      ("gzip", .bool(sample.isGzipped)),
    ]
    switch content {
    case .csv(let csv): members += document(csv)
    case .json(let json): members += document(json)
    case .other(let reason): members += [("format", .null), ("unreadable", .string(reason.onOneLine))]
    }
    members.append(("unsure", .array(unsure.map(JSONValue.string))))
    if let verdict { members.append(("inbox", verdict.json)) }
    if case .other = content { return .object(members) }
    members.append(("api", .string(api.rawValue)))
    members.append(("route", route ?? .null))
    members.append(("mapping", mappingDocument ?? .null))
    return .object(members)
  }

  private func document(_ csv: CSVInspection) -> [(name: String, value: JSONValue)] {
    let dialect = csv.dialect
    return [
      ("format", .string("csv")), ("items", JSONValue(csv.rowCount)),
      (
        "encoding",
        JSONValue([
          "name": .string(encoding.name ?? "utf-8"), "title": .string(encoding.title),
          "reason": .string(encoding.reason),
          "sample": JSONValue(encoding.word),
        ])
      ),
      ("lineEnd", .string(csv.lineEnd.rawValue)), ("delimiter", .string(String(Unicode.Scalar(dialect.delimiter)))),
      ("quote", JSONValue(dialect.quote.map { String(Unicode.Scalar($0)) })),
      ("escape", JSONValue(dialect.escape.map { String(Unicode.Scalar($0)) })),
      ("headerLine", JSONValue(csv.headerLine)),
      ("columns", .array(zip(csv.columns, fields).map { column($0, field: $1, csv) })),
      (
        "skipped",
        .array(
          csv.skipped.map {
            JSONValue([
              "first": JSONValue($0.first), "last": JSONValue($0.last), "count": JSONValue($0.count),
              "what": .string($0.what), "by": JSONValue($0.by),
            ])
          })
      ),
      ("totals", .array(csv.agreements.map(JSONValue.string))),
    ]
  }

  private func column(_ column: ColumnGuess, field: String, _ csv: CSVInspection) -> JSONValue {
    var members: [(name: String, value: JSONValue)] = [
      ("name", .string(column.name)), ("samples", .array(column.samples.map { .string(String($0.prefix(200))) })),
      ("type", .string(column.typeName)),
    ]
    if case .date(let pattern) = column.content { members.append(("date", .string(pattern))) }
    if case .number = column.content {
      members.append(("written", .string((csv.forms.own[column.index] ?? csv.forms.common).example)))
    }
    members.append(("field", .string(field)))
    return .object(members)
  }

  private func document(_ json: JSONInspection) -> [(name: String, value: JSONValue)] {
    [
      ("format", .string(json.kind.rawValue)), ("shape", .string(json.shape.rawValue)),
      ("items", JSONValue(json.items)),
      ("fits", JSONValue(json.api?.rawValue)),
      (
        "members",
        .array(
          json.members.map {
            JSONValue([
              "name": .string($0.name), "types": .array($0.kinds.map(JSONValue.string)), "items": JSONValue($0.count),
              "samples": .array($0.samples.map { .string(String($0.prefix(200))) }),
            ])
          })
      ),
      ("faults", .array(json.faults.map(JSONValue.string))),
    ]
  }
}
