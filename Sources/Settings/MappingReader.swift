internal import Core
internal import JSONText
internal import Yams

/// Reads a mapping file.
struct MappingReader {
  var path: String

  func read(_ entry: ConfigNode) -> ColumnMapping? { entry.section(read) }

  private func read(_ section: ConfigSection) -> ColumnMapping {
    var mapping = ColumnMapping(columns: [:], constants: [], ignore: [], path: path)
    /// What already fills each field.
    var filled: [String: String] = [:]
    func claim(_ field: String, _ filler: String, _ entry: ConfigNode) {
      if let other = filled[field] {
        entry.report("fills \"\(field)\", which \(other) already fills: leave out one of them")
      }
      filled[field] = filler
    }
    if !section.has("columns") { section.reportMissing("columns", "say which column fills which field") }
    section.read("columns") { entry in
      entry.section { columns in
        if columns.names.isEmpty { entry.report("must name at least one column") }
        _ = columns.readAll { name, entry in
          let fields = readFields(entry)
          fields.forEach { claim($0.to, "column \"\(name)\"", entry) }
          mapping.columns[name] = fields
        }
      }
    }
    section.read("constants") { entry in
      entry.section { constants in
        _ = constants.readAll { name, entry in
          guard let constant = readConstant(name, entry) else { return }
          claim(constant.to, "another constant", entry)
          mapping.constants.append(constant)
        }
      }
    }
    section.read("ignore") { entry in
      entry.list { entry in
        guard let name = entry.scalarText()?.text else { return }
        if mapping.columns[name] != nil {
          entry.report("names column \"\(name)\", which is also mapped: leave out one of them")
        }
        mapping.ignore.insert(name)
      }
    }
    return mapping
  }

  /// A path, a mapping with `to`, or a list of both.
  private func readFields(_ entry: ConfigNode) -> [ColumnMapping.MappedField] {
    guard let elements = entry.elements else { return readField(entry).map { [$0] } ?? [] }
    if elements.isEmpty { entry.report("fills nothing: name a field, or move the column to ignore") }
    return elements.compactMap(readField)
  }

  private func readField(_ entry: ConfigNode) -> ColumnMapping.MappedField? {
    guard entry.isMapping else {
      return entry.text().flatMap { readPath($0, entry) }.map { .init(to: $0.to, type: $0.type ?? .string) }
    }
    return entry.section { section in
      let path = section.read("to") { entry in entry.text().flatMap { readPath($0, entry) } }
      let type: CellType? = section.read("type") { $0.word() }
      let date = section.read("date", readDate)
      let values = section.read("values", readValues)
      guard section.has("to") else {
        section.reportMissing("to", "name the field that the column fills")
        return nil
      }
      if section.has("type"), let suffix = path?.type, let type, type != suffix {
        section.report(
          "is \(type.rawValue), but the field's path says \(suffix.rawValue): leave out one of them", at: "type")
      }
      if section.has("date") {
        if section.has("values") {
          section.report("can't be combined with date: leave out one of them", at: "values")
        }
        if let type = type ?? path?.type, type != .string {
          section.report("makes the cell a string, but type is \(type.rawValue): leave out one of them", at: "date")
        }
      }
      return path.map { .init(to: $0.to, type: type ?? $0.type ?? .string, date: date, values: values) }
    }
  }

  /// A path as in a CSV header: it may end in a type, which is the only use of a colon.
  private func readPath(_ text: String, _ entry: ConfigNode) -> (to: String, type: CellType?)? {
    guard !text.split(separator: ".", omittingEmptySubsequences: false).contains("") else {
      entry.report("is not a field's path: a name is missing before or after a dot")
      return nil
    }
    guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
    let word = String(text[text.index(after: colon)...])
    guard let type = CellType(rawValue: word) else {
      let types = CellType.allCases.map(\.rawValue)
      let meant = nearestWord(to: word, among: types).map { ": did you mean \"\($0)\"?" } ?? ""
      entry.report("ends in \":\(word)\", but the types are \(types.joined(separator: ", "))\(meant)")
      return nil
    }
    guard colon > text.startIndex else {
      entry.report("has a type, but no field: name the field before the colon")
      return nil
    }
    return (String(text[..<colon]), type)
  }

  /// Checks the minimum that a date needs; the reader of dropped files knows the whole grammar.
  private func readDate(_ entry: ConfigNode) -> String? {
    guard let pattern = entry.text() else { return nil }
    guard ["yyyy", "M", "d"].allSatisfy(pattern.contains) else {
      entry.report("must name year, month and day, such as \"dd/MM/yyyy\", but is \"\(pattern)\"")
      return nil
    }
    return pattern
  }

  private func readValues(_ entry: ConfigNode) -> [String: String]? {
    entry.section { section in
      if section.names.isEmpty { entry.report("must name at least one value") }
      var values: [String: String] = [:]
      _ = section.readAll { name, entry in
        guard !entry.isNull else {
          entry.report("has no value: say what the cell becomes, or write \"\" for an empty string")
          return
        }
        values[name] = entry.scalarText()?.text
      }
      return values
    }
  }

  private func readConstant(_ name: String, _ entry: ConfigNode) -> ColumnMapping.Constant? {
    guard !name.isEmpty else {
      entry.report("must name a field")
      return nil
    }
    guard let path = readPath(name, entry) else { return nil }
    if let type = path.type {
      entry.report("has \":\(type.rawValue)\" in its name, but takes its type from its value: write \"\(path.to)\"")
      return nil
    }
    var json: [UInt8] = []
    entry.appendJSON(to: &json)
    return .init(to: name, json: String(decoding: json, as: UTF8.self))
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

/// The mapping files that a configuration names, each read once.
final class MappingFiles {
  private var read: [String: ColumnMapping?] = [:]
  /// The faults of the mapping files, in the order in which the files were named.
  private(set) var faults: [SettingsFaults.Fault] = []

  /// Nil if the file can't be used; the reason is reported for that file, or for `entry` if the file does not exist.
  func mapping(path: String, namedBy entry: ConfigNode) -> ColumnMapping? {
    do {
      _ = try ConfigFile(path: path)
    } catch {
      entry.report("read \"\(path)\": \(error.reason)")
      return nil
    }
    if let known = read[path] { return known }
    let reading = LoadContext(path: path, environment: nil)
    let mapping = reading.root().flatMap { MappingReader(path: path).read($0.entry) }
    faults += reading.faults
    read[path] = mapping
    return mapping
  }
}
