package import Core

/// Which fields a CSV's columns fill, according to its header or a mapping file; an API then places the fields in its
/// items.
package struct RowPlan: Sendable {
  private let fields: [PlannedField]
  /// The mapping file; nil if the header itself holds the paths.
  private let mappingPath: String?
  private let copiesPlainText: Bool

  /// The fields that are filled, in writing order.
  package var paths: [CellPath] { fields.map(\.path) }

  /// - Parameters:
  ///   - options: how the file's cells are written.
  ///   - zones: finds the time zones of dates.
  /// - Throws: `FileFault` for names that are not paths, and for what the mapping does not fit: columns that it does not
  ///   know, columns that the file lacks.
  package init(
    _ header: CSVHeader, mapping: ColumnMapping?, options: CSVOptions = CSVOptions(),
    zones: @escaping LocalTimeZones = { _ in nil }
  ) throws(FileFault) {
    mappingPath = mapping?.path
    copiesPlainText = header.dialect.copiesPlainText
    guard let mapping else {
      fields = try header.columns.map { column throws(FileFault) in try Self.field(column, options) }
      return
    }
    let names = MappedNames(mapping)
    let present = try names.columns(of: header)
    var fields: [PlannedField] = []
    for compiled in MappingCompiler(mapping, names, options, zones).fields(present) {
      if let fault = compiled.fault { throw Self.decorated(fault, compiled.field, mapping.path) }
      fields.append(compiled.field)
    }
    self.fields = fields
  }

  /// A column whose name is a path.
  private static func field(
    _ column: CSVHeader.Column, _ options: CSVOptions
  ) throws(FileFault) -> PlannedField {
    do throws(FileFault) {
      let cell = PlannedCell(column: column.index, name: column.name, null: options.null, numbers: options.numbers)
      return PlannedField(
        path: try CellPath(parsing: column.name), source: .cell(cell), owner: "column \(column.name.quoted)",
        line: column.line,
        column: column.column)
    } catch {
      throw FileFault(
        error.code, "column \(column.index + 1): \(error.message)", line: column.line,
        column: column.column)
    }
  }

  /// Compiles the template.
  ///
  /// - Parameter place: returns where a field goes in an item of the chosen API.
  /// - Throws: `FileFault` if two columns fill the same field, and any error of `place`.
  package func template(
    empty: EmptyCell, limits: ReaderLimits, place: (CellPath) throws(FileFault) -> ColumnPlacement
  ) throws(FileFault) -> RowTemplate {
    var items = ItemShape()
    for field in fields {
      do throws(FileFault) {
        try items.add(field, at: try place(field.path), limits)
      } catch {
        throw Self.decorated(error, field, mappingPath)
      }
    }
    try items.tree.finish()
    return RowTemplate(
      items.tree, requestID: items.requestID, empty: empty, copiesPlainText: copiesPlainText, numberCells: numberCells)
  }

  /// Of a column that fills several number fields, the first one's form counts.
  private var numberCells: [Int: RowTemplate.NumberCell] {
    var cells: [Int: RowTemplate.NumberCell] = [:]
    for field in fields where field.path.type == .number {
      guard case .cell(let cell) = field.source, let column = cell.column, cells[column] == nil else { continue }
      cells[column] = RowTemplate.NumberCell(
        form: cell.numbers, preparation: CellPreparation(null: cell.null, isTrimmed: cell.isTrimmed))
    }
    return cells
  }

  /// What is wrong with the fields of a mapping, whatever the files hold: patterns, and texts that are used like cells
  /// but do not have the form of their column. Each has its line in the mapping file.
  ///
  /// Whether zones are known, and where an API has the fields, is not checked here.
  package static func faults(of mapping: ColumnMapping, options: CSVOptions) -> [FileFault] {
    let names = MappedNames(mapping)
    let compiler = MappingCompiler(mapping, names, options) { _ in AnyTimeZone() }
    return compiler.fields(names.everyColumn).compactMap { compiled in
      do throws(FileFault) {
        if let fault = compiled.fault { throw fault }
        try compiled.field.checkTexts()
        return nil
      } catch {
        return FileFault(error.code, error.message, line: compiled.field.mappingLine)
      }
    }
  }

  /// Adds where the fault comes from.
  private static func decorated(
    _ fault: FileFault, _ field: PlannedField, _ mappingPath: String?
  ) -> FileFault {
    var fault = fault
    if !fault.message.contains(field.owner) { fault.message = "\(field.owner): \(fault.message)" }
    // An API quotes the path, which may be as long as a header row.
    fault.message = String(String.UnicodeScalarView(fault.message.unicodeScalars.prefix(1000)))
    if let mappingPath { fault.message += ", in \(mappingPath)\(field.mappingLine.map { ":\($0)" } ?? "")" }
    fault.line = fault.line ?? field.line
    fault.column = fault.column ?? field.column
    return fault
  }
}

/// Takes the place of zones that are not looked up.
private struct AnyTimeZone: LocalTimeZone {
  func offsets(ofLocal local: Int64) -> [Int] { [0] }
}

/// The items that a plan makes, while its fields are being placed.
private struct ItemShape {
  var tree = FieldTree()
  private(set) var requestID: RowTemplate.RequestIDSource?
  /// The column of the request id, for messages.
  private var requestIDOwner: String?

  mutating func add(
    _ field: PlannedField, at placement: ColumnPlacement, _ limits: ReaderLimits
  ) throws(FileFault) {
    switch placement {
    case .requestID:
      if let other = requestIDOwner {
        throw FileFault(.malformedCSV, "\(other) and \(field.owner) are both the request id")
      }
      requestID = try field.requestID(limits)
      if requestID != nil { requestIDOwner = field.owner }
    case .field(let placed):
      let levels = placed.path.count + (placed.type == .list ? 1 : 0)
      guard levels <= limits.maxNesting else {
        let fault = ItemFault.tooDeep(levels, limits)
        throw FileFault(fault.code, fault.message)
      }
      let filling = try field.filling(placed.type, depth: placed.path.count, limits)
      try tree.add(placed, filling, owner: field.owner)
    }
  }
}

extension CSVDialect {
  /// Whether cells without `"` and `\` mean what they say.
  fileprivate var copiesPlainText: Bool {
    (quote == nil || quote == Ascii.quote) && (escape == nil || escape == Ascii.quote || escape == UInt8(ascii: "\\"))
  }
}
