package import Core

/// Which fields a CSV's columns fill, according to its header or a mapping file; an API then places the fields in its
/// items.
package struct RowPlan: Sendable {
  /// A column or constant, and the field that it fills.
  private struct Field: Sendable {
    var path: CellPath
    var source: Source
    /// For messages: `column "Name"`.
    var owner: String
    var line: Int?
    var column: Int?
  }

  private enum Source: Sendable {
    /// `column` is nil if the file lacks a column that the mapping names.
    case cell(column: Int?, name: String, date: DatePattern?, values: [String: String]?)
    case constant(String)
  }

  private var fields: [Field] = []
  /// The mapping file; nil if the header itself holds the paths.
  private let mappingPath: String?

  /// The fields that are filled, in writing order.
  package var paths: [CellPath] { fields.map(\.path) }

  /// - Throws: `FileFault` for names that are not paths, and for columns that the mapping does not know.
  package init(_ header: CSVHeader, mapping: ColumnMapping?) throws(FileFault) {
    mappingPath = mapping?.path
    guard let mapping else {
      for column in header.columns {
        do throws(FileFault) {
          fields.append(
            Field(
              path: try CellPath(parsing: column.name),
              source: .cell(column: column.index, name: column.name, date: nil, values: nil),
              owner: "column \(column.name.quoted)", line: column.line, column: column.column))
        } catch {
          throw FileFault(
            error.code, "column \(column.index + 1): \(error.message)", line: column.line, column: column.column)
        }
      }
      return
    }
    let unmapped = header.columns.filter { mapping.columns[$0.name] == nil && !mapping.ignore.contains($0.name) }
    if let first = unmapped.first {
      let names = unmapped.prefix(20).map(\.name.quoted).joined(separator: ", ")
      throw FileFault(
        .unmappedColumn,
        "\(unmapped.count == 1 ? "column" : "columns") \(names)\(unmapped.count > 20 ? " and \(unmapped.count - 20) more" : ""): neither mapped nor ignored in \(mapping.path)",
        line: first.line, column: first.column)
    }
    for column in header.columns where !mapping.ignore.contains(column.name) || mapping.columns[column.name] != nil {
      for field in mapping.columns[column.name] ?? [] { try add(field, of: column.name, column) }
    }
    let present = Set(header.columns.map(\.name))
    for (name, mapped) in mapping.columns.sorted(by: { $0.key < $1.key }) where !present.contains(name) {
      for field in mapped { try add(field, of: name, nil) }
    }
    for constant in mapping.constants { try add(constant) }
  }

  /// Compiles the template.
  ///
  /// - Parameter place: returns where a field goes in an item of the chosen API.
  /// - Throws: `FileFault` if two columns fill the same field, and any error of `place`.
  package func template(
    empty: EmptyCell, limits: ReaderLimits, place: (CellPath) throws(FileFault) -> ColumnPlacement
  ) throws(FileFault) -> RowTemplate {
    var tree = FieldTree()
    var requestID: (RowTemplate.RequestID, owner: String)?
    for field in fields {
      do throws(FileFault) {
        switch try place(field.path) {
        case .requestID:
          if let other = requestID?.owner {
            throw FileFault(.malformedCSV, "\(other) and \(field.owner) are both the request id")
          }
          requestID = try self.requestID(field, limits).map { ($0, field.owner) }
        case .field(let placed):
          try tree.add(placed, filling(field, placed, limits), owner: field.owner)
        }
      } catch {
        throw decorated(error, field)
      }
    }
    try tree.finish()
    return RowTemplate(tree, requestID: requestID?.0, empty: empty)
  }

  private func filling(
    _ field: Field, _ placed: PlacedField, _ limits: ReaderLimits
  ) throws(FileFault) -> FieldTree.Filling {
    let levels = placed.path.count + (placed.type == .list ? 1 : 0)
    guard levels <= limits.maxNesting else {
      let fault = ItemFault.tooDeep(levels, limits)
      throw FileFault(fault.code, fault.message)
    }
    switch field.source {
    case .constant(let json): return .constant(Array(json.utf8))
    case .cell(let column, let name, let date, let values):
      let conversion = try CellConversion(
        placed.type, date: date, values: values, depth: placed.path.count, limits: limits)
      return .cell(column: column, conversion: conversion, label: name)
    }
  }

  /// Nil if the file lacks the column: then there are no request ids.
  private func requestID(_ field: Field, _ limits: ReaderLimits) throws(FileFault) -> RowTemplate.RequestID? {
    guard case .cell(let column, let name, let date, let values) = field.source, field.path.type == .string else {
      throw FileFault(.malformedCSV, "\(field.owner) can't be the request id, which must be the plain text of a column")
    }
    let conversion = try CellConversion(.string, date: date, values: values, depth: 0, limits: limits)
    return column.map { .init(column: $0, conversion: .init(conversion: conversion, label: name)) }
  }

  private mutating func add(
    _ mapped: ColumnMapping.MappedField, of name: String, _ column: CSVHeader.Column?
  ) throws(FileFault) {
    var field = Field(
      path: CellPath(steps: [], type: mapped.type, text: mapped.to),
      source: .cell(column: column?.index, name: name, date: nil, values: mapped.values),
      owner: "column \(name.quoted)", line: column?.line, column: column?.column)
    do throws(FileFault) {
      field.path = try CellPath(parsing: mapped.to)
      if mapped.type != .string, field.path.type != mapped.type {
        guard field.path.type == .string else {
          throw FileFault(
            .malformedCSV,
            "its type is \(field.path.type.rawValue) in \(mapped.to.quoted), but \(mapped.type.rawValue) in type")
        }
        field.path.type = mapped.type
      }
      if let pattern = mapped.date {
        field.source = .cell(column: column?.index, name: name, date: try DatePattern(pattern), values: mapped.values)
      }
    } catch {
      throw decorated(error, field)
    }
    fields.append(field)
  }

  private mutating func add(_ constant: ColumnMapping.Constant) throws(FileFault) {
    var field = Field(
      path: CellPath(steps: [], type: .json, text: constant.to), source: .constant(constant.json),
      owner: "constant \(constant.to.quoted)")
    do throws(FileFault) {
      field.path = try CellPath(parsing: constant.to)
      if field.path.type == .string { field.path.type = Self.type(ofJSON: constant.json) }
    } catch {
      throw decorated(error, field)
    }
    fields.append(field)
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

  /// Adds where the fault comes from.
  private func decorated(_ fault: FileFault, _ field: Field) -> FileFault {
    var fault = fault
    if !fault.message.contains(field.owner) { fault.message = "\(field.owner): \(fault.message)" }
    // An API quotes the path, which may be as long as a header row.
    fault.message = String(String.UnicodeScalarView(fault.message.unicodeScalars.prefix(1000)))
    if let mappingPath { fault.message += ", in \(mappingPath)" }
    fault.line = fault.line ?? field.line
    fault.column = fault.column ?? field.column
    return fault
  }
}
