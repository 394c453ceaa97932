internal import APIs
internal import Core
internal import Formats
internal import JSONText
internal import Settings

extension Inspection {
  /// The report for people, a line each: what the file is, its columns, what would be skipped, what is unsure, and a
  /// route and a mapping ready to paste.
  ///
  /// - Parameter verdict: what a configured route makes of the file; if all is well, nothing is proposed.
  package func report(_ verdict: ReadingVerdict? = nil) -> [String] {
    var lines = [title.shown(200)]
    switch content {
    case .csv(let csv): lines += describe(csv)
    case .json(let json): lines += describe(json)
    case .other(let reason): return lines + ["", "upsertd can't read it: \(reason)"].map(\.onOneLine)
    }
    if let verdict {
      lines += [""] + verdict.lines
      if verdict.isWell { return lines }
    }
    if !unsure.isEmpty {
      lines += ["", "Unsure:"]
      lines += unsure.map { "  - \($0)" }
    }
    return lines + configuration(verdict)
  }

  private var title: String {
    let size = sample.size.map { counted($0, "byte") } ?? "more than \(sample.head.count) bytes"
    let packed = sample.isGzipped ? ", decompressed" : ""
    let kind =
      switch content {
      case .csv(let csv): "CSV, \(sample.isWhole ? "" : "at least ")\(counted(csv.rowCount, "row"))"
      case .json(let json):
        "\(json.kind == .json ? "JSON" : "NDJSON"), \(sample.isWhole ? "" : "at least ")\(counted(json.items, "item"))"
      case .other: "no CSV and no JSON"
      }
    return "\(sample.name): \(kind), \(size)\(packed)"
  }

  // MARK: What it is

  private func describe(_ csv: CSVInspection) -> [String] {
    var facts: [(String, String)] = []
    let word = encoding.word.map { "; it reads \($0.quotedOnOneLine)" } ?? ""
    facts.append(("encoding", "\(encoding.title): \(encoding.reason)\(word)"))
    facts.append(("line ends", csv.lineEnd.rawValue))
    if csv.columns.count > 1 || csv.dialect.delimiter != Dialect().delimiter {
      let delimiter =
        csv.dialect.delimiter == UInt8(ascii: "\t")
        ? "tab" : String(Unicode.Scalar(csv.dialect.delimiter)).quotedOnOneLine
      facts.append(
        ("delimiter", csv.namesSeparator ? "\(delimiter): the first line says so" : "\(delimiter): \(csv.evenness)"))
    }
    if csv.dialect.quote != Dialect().quote {
      facts.append(
        ("quote", csv.dialect.quote.map { String(Unicode.Scalar($0)).quotedOnOneLine } ?? "none: quotes are text"))
    }
    if let escape = csv.dialect.escape { facts.append(("escape", String(Unicode.Scalar(escape)).quotedOnOneLine)) }
    let nameless = csv.listsNames ? "none: lines before the data list the names" : "none: the names below are made up"
    facts.append(("header", csv.headerLine.map { "line \($0)" } ?? nameless))
    if !csv.options.null.isEmpty {
      facts.append(("no value", csv.options.null.sorted().map(\.quotedOnOneLine).joined(separator: ", ")))
    }
    if !csv.agreements.isEmpty {
      facts.append(("totals", "the trailer agrees: \(csv.agreements.joined(separator: ", "))"))
    }
    if csv.isRejects {
      facts.append(("kind", "a rejects file of upsertd's: it is read plainly, without its first columns"))
    }
    let width = facts.map(\.0.count).max() ?? 0
    var lines = facts.map { name, value in
      "  \(name)\(String(repeating: " ", count: width - name.count + 2))\(value.shown(160))"
    }
    var table = TextTable(["COLUMN", "SAMPLES", "TYPE", "FIELD"], widest: [28, 44, 34, nil])
    for (column, field) in zip(csv.columns, fields) {
      table.append([
        column.name, column.samples.map { $0.shown(24) }.joined(separator: " · "), column.title(csv.forms), field,
      ])
    }
    lines += [""] + table.lines
    let skipped = csv.skipped.map(\.title)
    lines += ["", skipped.isEmpty ? "Nothing is skipped." : "Skipped:"] + skipped.map { "  \($0.shown(160))" }
    return lines
  }

  private func describe(_ json: JSONInspection) -> [String] {
    var lines = ["  shape  \(json.shapeTitle)"]
    lines.append("  fits   \(json.api.flatMap { APIs[$0]?.title } ?? "no API as it is")")
    if !json.members.isEmpty {
      var table = TextTable(["MEMBER", "SAMPLES", "TYPE", "IN ITEMS"], widest: [40, 60, 34, nil])
      for member in json.members {
        table.append([
          member.name, member.samples.map { $0.shown(24) }.joined(separator: " · "),
          member.kinds.joined(separator: " or "), String(member.count),
        ])
      }
      lines += [""] + table.lines
    }
    if !json.faults.isEmpty {
      lines += ["", "upsertd would reject:"] + json.faults.map { "  \($0.shown(200))" }
      if json.faultCount > json.faults.count { lines.append("  and \(json.faultCount - json.faults.count) more") }
    }
    return lines
  }

  // MARK: The configuration

  private func configuration(_ verdict: ReadingVerdict?) -> [String] {
    guard let route else { return [] }
    let inbox = purpose.inbox ?? stem
    var lines = ["", "# upsertd.yaml: an inbox; the keys after its name can also be an entry of an inbox's routes"]
    lines.append("inboxes:")
    lines.append("  - name: \(YAMLText.scalar(inbox))")
    lines += YAMLText.block(route, indent: "    ")
    if let mapping, let mappingDocument {
      lines += ["", "# \(mapping.path): the mapping"]
      lines += YAMLText.block(mappingDocument, open: ["columns", "constants", "computed"])
    }
    return lines
  }
}

extension JSONInspection {
  var shapeTitle: String {
    switch shape {
    case .array: "an array of items"
    case .single: "one item"
    case .requestIDs: "an object of request ids"
    case .lines: "one item a line"
    case .rows: "rows"
    }
  }
}

extension Layout.SkippedLines {
  fileprivate var title: String {
    let place: String
    if let first, let last, last > first {
      place = "lines \(first) to \(last): "
    } else if let first {
      place = "line \(first): "
    } else if by == "skip.last" || by == "trailer" {
      place = count == 1 ? "the last row: " : "the last \(count) rows: "
    } else {
      place = ""
    }
    return "\(place)\(what)\(by.map { " (\($0))" } ?? "")"
  }
}

extension ColumnGuess {
  /// What it holds, for people: `number, written 1.234,56`.
  func title(_ forms: NumberForms) -> String {
    switch content {
    case .empty: return "empty"
    case .text:
      if let first = samples.first, samples.allSatisfy({ $0.utf8.allSatisfy(Ascii.isDigit) }), first.utf8.count > 1 {
        return "text (digits)"
      }
      return "text"
    case .number(let isWhole):
      let form = forms.own[index] ?? forms.common
      return isWhole || form.isJSON ? "number" : "number, written \(form.example)"
    case .boolean(let values):
      guard let values else { return "boolean" }
      let yes = values.filter { $0.value == "true" }.map(\.key).sorted().joined(separator: ", ")
      let no = values.filter { $0.value == "false" }.map(\.key).sorted().joined(separator: ", ")
      return "boolean: \(yes) or \(no)"
    case .date(let pattern): return "date, \(pattern)"
    case .list: return "list, ; between"
    case .json: return "JSON"
    }
  }

  var typeName: String {
    switch content {
    case .empty: "empty"
    case .text: "text"
    case .number: "number"
    case .boolean: "boolean"
    case .date: "date"
    case .list: "list"
    case .json: "json"
    }
  }
}

extension NumberForm {
  /// How -1234.56 would look.
  var example: String {
    var text = "1" + (grouping.map { String($0) } ?? "") + "234" + String(decimal) + "56"
    if let symbol = symbols.map({ String($0) }).min() { text = symbol == "%" ? text + symbol : symbol + text }
    if negative.contains(.trailing) { return text + "-" }
    if negative.contains(.parentheses) { return "(\(text))" }
    return text
  }
}
