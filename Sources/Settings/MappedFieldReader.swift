internal import Core
internal import Formats
internal import JSONText

/// Reads what a mapping file says of one column.
struct MappedFieldReader {
  var lookups: LookupFiles

  struct Field {
    var field: ColumnMapping.MappedField
    var path: CellPath
    /// Where the file names the field.
    var entry: ConfigNode
  }

  /// A path, a mapping with `to`, or a list of both.
  func readAll(_ entry: ConfigNode) -> [Field] {
    guard let elements = entry.elements else { return read(entry).map { [$0] } ?? [] }
    if elements.isEmpty { entry.report("fills nothing: name a field, or move the column to ignore") }
    return elements.compactMap(read)
  }

  private func read(_ entry: ConfigNode) -> Field? {
    if entry.isMapping { return entry.section(read) }
    return entry.text().flatMap { ColumnPath($0, entry) }.map { path in
      let type = path.type ?? .string
      var field = ColumnMapping.MappedField(to: path.to, type: type)
      field.line = entry.line
      return Field(field: field, path: path.cellPath(as: type), entry: entry)
    }
  }

  private func read(_ section: ConfigSection) -> Field? {
    let path = section.read("to") { entry in entry.text().flatMap { ColumnPath($0, entry) } }
    let written: CellType? = section.read("type") { $0.word() }
    var field = ColumnMapping.MappedField(to: path?.to ?? "", type: written ?? path?.type ?? .string)
    section.read("date", into: &field.date, readDate)
    section.read("timezone", into: &field.timezone, readZone)
    field.values = section.read("values") { readValues($0, field) }
    section.read("lookup", into: &field.lookup) { entry in
      entry.path().flatMap { lookups.lookup(path: $0, namedBy: entry) }
    }
    section.read("required", into: &field.isRequired) { $0.bool() }
    section.read("default", into: &field.defaultText, readDefault)
    section.read("trim", into: &field.isTrimmed) { $0.bool() }
    section.read("null", into: &field.null) { $0.nullTexts() }
    field.numbers = NumberFormReader.read(section)
    section.read("optional", into: &field.isOptional) { $0.bool() }
    field.line = section.value("to")?.line
    check(field, section, suffix: path?.type)
    guard let entry = section.value("to") else {
      section.reportMissing("to", "name the field that the column fills")
      return nil
    }
    return path.map { Field(field: field, path: $0.cellPath(as: field.type), entry: entry) }
  }

  // MARK: Values

  private func readDate(_ entry: ConfigNode) -> String? {
    guard let text = entry.text() else { return nil }
    do throws(FileFault) {
      _ = try DatePattern(text)
      return text
    } catch {
      entry.report(error.message)
      return nil
    }
  }

  private func readZone(_ entry: ConfigNode) -> String? {
    guard let name = entry.text() else { return nil }
    guard ZoneNames.isKnown(name) else {
      entry.report("is \"\(name)\", which is no time zone in \(ZoneNames.folder): write one such as Europe/Dublin")
      return nil
    }
    return name
  }

  private func readValues(_ entry: ConfigNode, _ field: ColumnMapping.MappedField) -> [String: String]? {
    entry.section { section in
      if section.names.isEmpty { entry.report("must name at least one value") }
      var values: [String: String] = [:]
      _ = section.readAll { name, entry in
        guard !entry.isNull else {
          entry.report("has no value: say what the cell becomes, or write \"\" for an empty string")
          return
        }
        guard let text = entry.scalarText()?.text else { return }
        check(text, field, entry)
        values[name] = text
      }
      return values
    }
  }

  private func readDefault(_ entry: ConfigNode) -> String? {
    guard !entry.isNull else {
      entry.report("has no value: give the text that an empty cell stands for, or leave out the key")
      return nil
    }
    guard let text = entry.scalarText()?.text else { return nil }
    guard !text.isEmpty else {
      entry.report("must not be empty: without default, an empty cell stays empty anyway")
      return nil
    }
    return text
  }

  private func check(_ text: String, _ field: ColumnMapping.MappedField, _ entry: ConfigNode) {
    if let rule = rule(against: text, field) { entry.report("must be \(rule), but is \"\(text)\"") }
  }

  /// What a text of the mapping file, or of a table, would have to be for the field's type; nil if it is that.
  ///
  /// Whether it has the form of the column's dates or numbers is not checked here.
  private func rule(against text: String, _ field: ColumnMapping.MappedField) -> String? {
    switch field.type {
    case .boolean where !["true", "false"].contains(text.lowercased()): "true or false, since the type is boolean"
    case .number where !text.utf8.contains(where: { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }):
      "a number, since the type is number"
    case .json where (try? JSONValue.parse(Array(text.utf8))) == nil: "JSON, since the type is json"
    case .list where text.isEmpty: "a list, since the type is list"
    case .string where text.isEmpty && field.date != nil: "a date of the form \(field.date ?? "")"
    default: nil
    }
  }

  // MARK: Combinations

  private func check(_ field: ColumnMapping.MappedField, _ section: ConfigSection, suffix: CellType?) {
    if section.has("type"), let suffix, field.type != suffix {
      section.report(
        "is \(field.type.rawValue), but the field's path says \(suffix.rawValue): leave out one of them", at: "type")
    }
    if section.has("date"), field.type != .string {
      section.report("makes the cell a string, but type is \(field.type.rawValue): leave out one of them", at: "date")
    }
    if section.has("timezone"), !section.has("date") {
      section.report("is for dates: give date, too, or leave it out", at: "timezone")
    }
    if section.has("lookup"), section.has("values") {
      section.report(
        "can't be combined with values: put these into the lookup's file, or leave out lookup", at: "lookup")
    }
    for key in NumberFormReader.keys where section.has(key) && field.type != .number {
      section.report("is for numbers, but type is \(field.type.rawValue): add type: number, or leave it out", at: key)
    }
    if field.isRequired, field.isOptional {
      section.report(
        "can't be combined with optional, with which a file may lack the whole column: leave out one of them",
        at: "required")
    }
    checkDefault(field, section)
    checkLookup(field, section)
  }

  private func checkDefault(_ field: ColumnMapping.MappedField, _ section: ConfigSection) {
    guard let text = field.defaultText, let entry = section.value("default") else { return }
    if let values = field.values {
      if values[text] == nil { entry.report("is \"\(text)\", which values does not list: add it there") }
    } else if section.has("lookup") {
      if let lookup = field.lookup, lookup.values[text] == nil {
        entry.report("is \"\(text)\", which \"\(lookup.path)\" does not list: add it there")
      }
    } else {
      check(text, field, entry)
    }
  }

  private func checkLookup(_ field: ColumnMapping.MappedField, _ section: ConfigSection) {
    guard let lookup = field.lookup, field.type != .string || field.date != nil else { return }
    let wrong = lookup.values.filter { rule(against: $0.value, field) != nil }.min { $0.key < $1.key }
    guard let wrong, let rule = rule(against: wrong.value, field) else { return }
    section.report(
      "has \"\(wrong.value)\" for \"\(wrong.key)\" in \"\(lookup.path)\": it must be \(rule)", at: "lookup")
  }
}
