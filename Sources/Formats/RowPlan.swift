package import Core

/// Which fields a CSV's columns fill, according to its header or a mapping file; an API then places the fields in its
/// items.
package struct RowPlan: Sendable {
  private let fields: [PlannedField]
  /// The mapping file; nil if the header itself holds the paths.
  private let mappingPath: String?
  private let header: CSVHeader
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
    self.header = header
    mappingPath = mapping?.path
    copiesPlainText = options.copiesPlainText
    guard let mapping else {
      fields = try header.columns.map { column throws(FileFault) in try Self.field(column, of: header, options) }
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
    _ column: CSVHeader.Column, of header: CSVHeader, _ options: CSVOptions
  ) throws(FileFault) -> PlannedField {
    do throws(FileFault) {
      let name = String(column.name.trimmed)
      let cell = PlannedCell(column: column.index, name: name, null: options.null, numbers: options.numbers)
      return PlannedField(
        path: try CellPath(parsing: name), source: .cell(cell), owner: "column \(name.quoted)", line: column.line,
        column: column.column)
    } catch {
      throw FileFault(
        error.code, "column \(column.index + 1): \(error.message)\(header.cause)", line: column.line,
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
        var fault = Self.decorated(error, field, mappingPath)
        if mappingPath == nil, fault.code == .unmappedColumn { fault.message += header.cause }
        throw fault
      }
    }
    try items.tree.finish()
    return RowTemplate(items.tree, requestID: items.requestID, empty: empty, copiesPlainText: copiesPlainText)
  }

  /// Everything that is wrong with a mapping itself, whatever the files hold, each with its line in the mapping file.
  ///
  /// - Parameter place: as for `template`.
  package static func faults(
    of mapping: ColumnMapping, options: CSVOptions = CSVOptions(), limits: ReaderLimits,
    zones: @escaping LocalTimeZones = { _ in nil }, place: (CellPath) throws(FileFault) -> ColumnPlacement
  ) -> [FileFault] {
    let names = MappedNames(mapping)
    var items = ItemShape()
    var faults: [FileFault] = []
    for compiled in MappingCompiler(mapping, names, options, zones).fields(names.everyColumn) {
      do throws(FileFault) {
        if let fault = compiled.fault { throw fault }
        try items.add(compiled.field, at: try place(compiled.field.path), limits)
      } catch {
        var fault = decorated(error, compiled.field, nil)
        (fault.line, fault.column) = (compiled.field.mappingLine, nil)
        faults.append(fault)
      }
    }
    do throws(FileFault) {
      try items.tree.finish()
    } catch {
      faults.append(error)
    }
    return faults
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

extension CSVOptions {
  /// Whether cells without `"` and `\` mean what they say.
  fileprivate var copiesPlainText: Bool {
    (quote == nil || quote == Ascii.quote) && (escape == nil || escape == Ascii.quote || escape == UInt8(ascii: "\\"))
  }
}

extension String {
  fileprivate var trimmed: String.UnicodeScalarView.SubSequence {
    let start = unicodeScalars.drop(while: \.properties.isWhitespace)
    let end = start.lastIndex { !$0.properties.isWhitespace }
    return end.map { start[...$0] } ?? start
  }
}
