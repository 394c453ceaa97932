internal import Core
internal import Formats
internal import JSONText
internal import Yams

/// Reads a mapping file.
struct MappingReader {
  private let lookups: LookupFiles
  private var mapping: ColumnMapping
  private var fillings: [MappingFile.Filling] = []
  /// By a field's path: what already fills it.
  private var owners: [String: String] = [:]

  init(path: String, lookups: LookupFiles) {
    self.lookups = lookups
    mapping = ColumnMapping(columns: [:], constants: [], ignore: [], path: path)
  }

  func read(_ entry: ConfigNode) -> MappingFile? {
    var reader = self
    return entry.section { section in
      reader.read(section)
      return MappingFile(mapping: reader.mapping, fillings: reader.fillings, root: entry)
    }
  }

  private mutating func read(_ section: ConfigSection) {
    if let entry = section.value("columns") {
      entry.section { readColumns($0) }
    } else if !section.has("computed") {
      section.reportMissing("columns", "say which column fills which field")
    }
    section.read("computed") { $0.section { readComputed($0) } }
    section.read("constants") { $0.section { readConstants($0) } }
    section.read("ignore") { readIgnored($0) }
  }

  private mutating func readColumns(_ columns: ConfigSection) {
    if columns.names.isEmpty { columns.entry.report("must name at least one column") }
    var lines: [String: Int] = [:]
    _ = columns.readAll { name, entry in
      let column = ColumnName.normalized(name)
      if column.isEmpty { entry.report("must name a column") }
      if let line = lines.updateValue(entry.line ?? 0, forKey: column) {
        entry.report(
          "is the same column as on line \(line), since white space does not tell columns apart: leave out one of them")
      }
      let fields = MappedFieldReader(lookups: lookups).readAll(entry)
      for field in fields { claim(field.path, "column \"\(name)\"", field.entry) }
      if let first = fields.first, fields.contains(where: { $0.field.isOptional != first.field.isOptional }) {
        entry.report("is optional for some of its fields only: give optional to all of them, or to none")
      }
      mapping.columns[column] = fields.map(\.field)
    }
  }

  /// Notes that something fills a field, unless something else does already.
  private mutating func claim(_ path: CellPath, _ owner: String, _ entry: ConfigNode, isConstant: Bool = false) {
    if let other = owners.updateValue(owner, forKey: path.name) {
      entry.report("fills \"\(path.name)\", which \(other) already fills: leave out one of them")
    } else {
      fillings.append(.init(path: path, owner: owner, isConstant: isConstant, entry: entry))
    }
  }

  // MARK: Computed fields

  private mutating func readComputed(_ computed: ConfigSection) {
    if computed.names.isEmpty { computed.entry.report("must name at least one field") }
    _ = computed.readAll { name, entry in
      let path = ColumnPath(name, entry)
      if let type = path?.type, type != .string {
        entry.report("has \":\(type.rawValue)\" in its name, but is always text: leave out the type")
      }
      let parts = entry.section { section in
        if !section.has("concat") { section.reportMissing("concat", "list columns in braces, and the text between") }
        return section.read("concat", readConcat)
      }
      guard let path, let parts else { return }
      claim(path.cellPath(as: .string), "computed \"\(path.to)\"", entry)
      mapping.computed.append(.init(to: path.to, parts: parts, line: entry.line))
    }
  }

  private func readConcat(_ entry: ConfigNode) -> [ColumnMapping.Computed.Part]? {
    guard let texts = entry.list({ ConcatText($0) }) else { return nil }
    let parts = texts.flatMap(\.parts)
    let isWhole = texts.count == entry.elements?.count
    let hasColumn = parts.contains { if case .column = $0 { true } else { false } }
    if isWhole, !hasColumn {
      entry.report("names no column: write columns as \"{Name}\", or move the field to constants")
    }
    return parts
  }

  // MARK: Constants, ignored columns

  private mutating func readConstants(_ constants: ConfigSection) {
    _ = constants.readAll { name, entry in
      guard !name.isEmpty else {
        entry.report("must name a field")
        return
      }
      guard let path = ColumnPath(name, entry) else { return }
      if let type = path.type {
        entry.report("has \":\(type.rawValue)\" in its name, but takes its type from its value: write \"\(path.to)\"")
        return
      }
      var bytes: [UInt8] = []
      entry.appendJSON(to: &bytes)
      let json = String(decoding: bytes, as: UTF8.self)
      claim(path.cellPath(as: CellType(ofJSON: json)), "constant \"\(name)\"", entry, isConstant: true)
      mapping.constants.append(.init(to: name, json: json))
    }
  }

  private mutating func readIgnored(_ entry: ConfigNode) {
    let used = MappingFile(mapping: mapping, root: entry).computedColumns
    _ = entry.list { entry in
      guard let name = entry.columnName() else { return }
      if mapping.columns[name] != nil {
        entry.report("names column \"\(name)\", which is also mapped: leave out one of them")
      } else if used.contains(name) {
        entry.report("names column \"\(name)\", which is part of a computed field: leave out one of them")
      }
      mapping.ignore.insert(name)
    }
  }
}

extension ConfigNode {
  /// The value as JSON: unquoted text is a number, `true`, `false` or `null` if JSON would read it as one.
  ///
  /// A number keeps its digits. YAML 1.1's `yes`, `0x1F` and dates are text: no type is guessed.
  fileprivate func appendJSON(to json: inout [UInt8]) {
    switch node {
    case .mapping(let mapping):
      json.append(UInt8(ascii: "{"))
      for (index, pair) in mapping.enumerated() {
        if index > 0 { json.append(UInt8(ascii: ",")) }
        appendQuoted(pair.key.scalar?.string ?? "", to: &json)
        json.append(UInt8(ascii: ":"))
        with(pair.value).appendJSON(to: &json)
      }
      json.append(UInt8(ascii: "}"))
    case .sequence(let sequence):
      json.append(UInt8(ascii: "["))
      for (index, element) in sequence.enumerated() {
        if index > 0 { json.append(UInt8(ascii: ",")) }
        with(element).appendJSON(to: &json)
      }
      json.append(UInt8(ascii: "]"))
    case .scalar(let scalar):
      if isNull {
        json += "null".utf8
      } else if scalar.style == .plain, isJSONLiteral(scalar.string) {
        json += scalar.string.utf8
      } else {
        appendQuoted(scalar.string, to: &json)
      }
    case .alias:
      break
    }
  }

  private func isJSONLiteral(_ text: String) -> Bool {
    switch try? JSONValue.parse(Array(text.utf8)) {
    case .number?, .bool?: true
    default: false
    }
  }

  private func with(_ node: Node) -> ConfigNode { ConfigNode(node: node, key: key, line: line, reading: reading) }
}
