import Core

/// The columns that a mapping names, by normalized name.
struct MappedNames {
  private let path: String
  let fields: [String: [ColumnMapping.MappedField]]
  private let ignore: Set<String>
  /// The first computed field that uses each column.
  private let computed: [String: String]

  init(_ mapping: ColumnMapping) {
    path = mapping.path
    var fields: [String: [ColumnMapping.MappedField]] = [:]
    for (name, mapped) in mapping.columns.sorted(by: { $0.key < $1.key }) {
      fields[ColumnName.normalized(name), default: []] += mapped
    }
    self.fields = fields
    ignore = Set(mapping.ignore.map(ColumnName.normalized))
    var computed: [String: String] = [:]
    for field in mapping.computed {
      for case .column(let name) in field.parts where computed[ColumnName.normalized(name)] == nil {
        computed[ColumnName.normalized(name)] = field.to
      }
    }
    self.computed = computed
  }

  /// Matches the names with a header's columns.
  ///
  /// - Returns: the header's columns by name, without those that are ignored.
  /// - Throws: `FileFault` for columns that are not known, and for columns that the file lacks.
  func columns(of header: CSVHeader) throws(FileFault) -> [String: CSVHeader.Column] {
    var columns: [String: CSVHeader.Column] = [:]
    var unmapped: [CSVHeader.Column] = []
    for column in header.columns {
      if fields[column.name] != nil || computed[column.name] != nil {
        columns[column.name] = column
      } else if !ignore.contains(column.name) {
        unmapped.append(column)
      }
    }
    if let first = unmapped.first {
      throw FileFault(
        .unmappedColumn,
        "\(listed(unmapped.map(\.name.quoted))): neither mapped nor ignored in \(path)",
        line: first.line, column: first.column)
    }
    let missing = needed.filter { columns[$0.name] == nil }
    if !missing.isEmpty {
      throw FileFault(
        .missingColumn,
        "\(listed(missing.map { "\($0.name.quoted) (for \($0.field.shortened), in \($0.place))" })): not in the file; "
          + "where files may lack a column, the mapping says optional: true",
        line: header.line)
    }
    return columns
  }

  /// The columns that no file may lack, in alphabetical order.
  private var needed: [(name: String, field: String, place: String)] {
    var needed: [(name: String, field: String, place: String)] = []
    for (name, mapped) in fields {
      guard let field = mapped.first(where: { !$0.isOptional }) else { continue }
      needed.append((name, field.to, path + (field.line.map { ":\($0)" } ?? "")))
    }
    for (name, field) in computed where fields[name] == nil { needed.append((name, field, path)) }
    return needed.sorted { $0.name < $1.name }
  }

  private func listed(_ columns: [String]) -> String {
    let more = columns.count > 20 ? " and \(columns.count - 20) more" : ""
    return "\(columns.count == 1 ? "column" : "columns") \(columns.prefix(20).joined(separator: ", "))\(more)"
  }

  /// All columns, as if a file had each of them, in the mapping's order.
  var everyColumn: [String: CSVHeader.Column] {
    var columns: [String: CSVHeader.Column] = [:]
    let line = { (name: String) in fields[name]?.first?.line ?? .max }
    for name in Set(fields.keys).union(computed.keys).sorted(by: { (line($0), $0) < (line($1), $1) }) {
      columns[name] = CSVHeader.Column(name: name, index: columns.count)
    }
    return columns
  }
}

/// Makes the fields of a mapping's columns, computed texts and constants.
struct MappingCompiler {
  private let mapping: ColumnMapping
  private let names: MappedNames
  private let options: CSVOptions
  private let zones: LocalTimeZones

  init(_ mapping: ColumnMapping, _ names: MappedNames, _ options: CSVOptions, _ zones: @escaping LocalTimeZones) {
    self.mapping = mapping
    self.names = names
    self.options = options
    self.zones = zones
  }

  /// The fields in writing order: in that of the file's columns, then those whose column it lacks, computed ones,
  /// constants. A field with a fault is to be used for messages only.
  func fields(_ present: [String: CSVHeader.Column]) -> [(field: PlannedField, fault: FileFault?)] {
    let order = names.fields.keys.sorted { a, b in
      (present[a]?.index ?? .max, a) < (present[b]?.index ?? .max, b)
    }
    var fields: [(field: PlannedField, fault: FileFault?)] = []
    for name in order {
      for mapped in names.fields[name] ?? [] { fields.append(field(mapped, name, present[name])) }
    }
    for computed in mapping.computed { fields.append(field(computed, present)) }
    for constant in mapping.constants { fields.append(field(constant)) }
    return fields
  }

  private func field(
    _ mapped: ColumnMapping.MappedField, _ name: String, _ column: CSVHeader.Column?
  ) -> (field: PlannedField, fault: FileFault?) {
    var cell = PlannedCell(
      column: column?.index, name: name, null: options.null.union(mapped.null ?? []),
      numbers: mapped.numbers ?? options.numbers)
    cell.isTrimmed = mapped.isTrimmed
    cell.isRequired = mapped.isRequired
    cell.defaultText = mapped.defaultText
    cell.values = mapped.values
    cell.lookup = mapped.lookup
    var field = PlannedField(
      path: CellPath(steps: [], type: mapped.type, text: mapped.to), source: .cell(cell),
      owner: "column \(name.quoted)", line: column?.line, column: column?.column, mappingLine: mapped.line)
    return compiled(&field) { field throws(FileFault) in
      field.path = try CellPath(parsing: mapped.to)
      if mapped.type != .string, field.path.type != mapped.type {
        guard field.path.type == .string else {
          throw FileFault(
            .malformedCSV,
            "its type is \(field.path.type.rawValue) in \(mapped.to.quoted), but \(mapped.type.rawValue) in type")
        }
        field.path.type = mapped.type
      }
      cell.date = try date(mapped)
      field.source = .cell(cell)
    }
  }

  private func date(_ mapped: ColumnMapping.MappedField) throws(FileFault) -> DateConversion? {
    guard let pattern = mapped.date else {
      guard mapped.timezone == nil else { throw FileFault(.malformedCSV, "timezone is of use only with date") }
      return nil
    }
    var zone: DateConversion.Zone?
    if let name = mapped.timezone {
      guard let found = zones(name) else { throw FileFault(.malformedCSV, "time zone \(name.quoted) is not known") }
      zone = .init(name: name, zone: found)
    }
    return DateConversion(pattern: try DatePattern(pattern), zone: zone)
  }

  private func field(
    _ computed: ColumnMapping.Computed, _ present: [String: CSVHeader.Column]
  ) -> (field: PlannedField, fault: FileFault?) {
    var field = PlannedField(
      path: CellPath(steps: [], type: .string, text: computed.to), source: .computed([]),
      owner: "computed \(computed.to.quoted)", mappingLine: computed.line)
    return compiled(&field) { field throws(FileFault) in
      field.path = try CellPath(parsing: computed.to)
      var parts: [PlannedField.ComputedPart] = []
      var hasColumn = false
      for part in computed.parts {
        switch part {
        case .text(let text): parts.append(.text(text))
        case .column(let name):
          hasColumn = true
          let name = ColumnName.normalized(name)
          let null = names.fields[name, default: []].reduce(options.null) { $0.union($1.null ?? []) }
          if let column = present[name] { parts.append(.column(column.index, null: null)) }
        }
      }
      guard hasColumn else { throw FileFault(.malformedCSV, "concat names no column: use constants for fixed text") }
      field.source = .computed(parts)
    }
  }

  private func field(_ constant: ColumnMapping.Constant) -> (field: PlannedField, fault: FileFault?) {
    var field = PlannedField(
      path: CellPath(steps: [], type: .json, text: constant.to), source: .constant(constant.json),
      owner: "constant \(constant.to.quoted)")
    return compiled(&field) { field throws(FileFault) in
      field.path = try CellPath(parsing: constant.to)
      if field.path.type == .string { field.path.type = Self.type(ofJSON: constant.json) }
    }
  }

  private func compiled(
    _ field: inout PlannedField, _ compile: (inout PlannedField) throws(FileFault) -> Void
  ) -> (field: PlannedField, fault: FileFault?) {
    do throws(FileFault) {
      try compile(&field)
      return (field, nil)
    } catch {
      return (field, error)
    }
  }

  /// A constant has the type of its JSON, so that an API can place it like a column of that type.
  private static func type(ofJSON json: String) -> CellType {
    switch json.utf8.first ?? 0 {
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case UInt8(ascii: "["): .list
    default: .json
    }
  }
}
