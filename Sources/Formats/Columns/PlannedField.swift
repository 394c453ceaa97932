import Core

/// One field of the items made from a CSV's rows, and what fills it.
struct PlannedField: Sendable {
  enum Source: Sendable {
    case cell(PlannedCell)
    /// JSON text.
    case constant(String)
    case computed([ComputedPart])
  }

  enum ComputedPart: Sendable {
    case text(String)
    /// A column that the file has, and its cells that mean "no value".
    case column(Int, null: Set<String>)
  }

  var path: CellPath
  var source: Source
  /// For messages: `column "Name"`.
  var owner: String
  /// Where the header names the column; nil if it does not.
  var line: Int?
  var column: Int?
  /// Where the mapping file names it.
  var mappingLine: Int?

  /// What fills the field.
  ///
  /// - Parameters:
  ///   - type: the type of the place that an API chose.
  ///   - depth: levels of objects and arrays around the field.
  /// - Throws: a `FileFault` without a place.
  func filling(_ type: CellType, depth: Int, _ limits: ReaderLimits) throws(FileFault) -> FieldTree.Filling {
    switch source {
    case .constant(let json): return .constant(Array(json.utf8))
    case .cell(let cell):
      return .cell(column: cell.column, try cell.conversion(type, depth: depth, limits))
    case .computed(let parts):
      guard type == .string else {
        throw FileFault(.malformedCSV, "concat makes text, but the field's type is \(type.rawValue)")
      }
      return .computed(RowTemplate.Computed(parts))
    }
  }

  /// The same for a request id; nil if the file lacks its column.
  func requestID(_ limits: ReaderLimits) throws(FileFault) -> RowTemplate.RequestIDSource? {
    guard path.type == .string else { throw notPlainText }
    switch source {
    case .constant: throw notPlainText
    case .cell(let cell):
      let conversion = try cell.conversion(.string, depth: 0, limits)
      return cell.column.map { .cell(column: $0, conversion) }
    case .computed(let parts): return .computed(RowTemplate.Computed(parts))
    }
  }

  /// Checks the mapping's texts that are used like cells: values, the default, what a lookup holds.
  ///
  /// - Throws: a `FileFault` without a place for the first that is not of the field's type and form.
  func checkTexts() throws(FileFault) {
    let limits = ReaderLimits()
    _ = try filling(path.type, depth: 0, limits)
    if case .cell(let cell) = source { try cell.checkLookup(path.type, limits) }
  }

  private var notPlainText: FileFault {
    FileFault(.malformedCSV, "\(owner) can't be the request id, which must be the plain text of a column")
  }
}

/// A column whose cells fill a field, and what becomes of them on the way.
struct PlannedCell: Sendable {
  /// The cell's index in a row; nil if the file lacks the column.
  var column: Int?
  var name: String
  var null: Set<String>
  var numbers: NumberForm
  var date: DateConversion?
  var isTrimmed = false
  var isRequired = false
  var defaultText: String?
  var values: [String: String]?
  var lookup: ColumnMapping.Lookup?

  /// - Throws: a `FileFault` without a place if a table or the default holds what the type can't be.
  func conversion(
    _ type: CellType, depth: Int, _ limits: ReaderLimits
  ) throws(FileFault) -> RowTemplate.Conversion {
    let conversion = try withTables(try plain(type, depth: depth, limits))
    var preparation: CellPreparation?
    let isRequired = isRequired && (defaultText ?? "").isEmpty
    if !null.isEmpty || isTrimmed || isRequired {
      preparation = CellPreparation(null: null, isTrimmed: isTrimmed, isRequired: isRequired)
    }
    return RowTemplate.Conversion(
      conversion, label: name, preparation, jsonOfEmpty: try jsonOfEmpty(conversion),
      emptyIsText: type == .string && date == nil)
  }

  /// - Throws: a `FileFault` for a text of the lookup that the type can't be.
  func checkLookup(_ type: CellType, _ limits: ReaderLimits) throws(FileFault) {
    guard let lookup else { return }
    let plain = try plain(type, depth: 0, limits)
    if case .string = plain { return }
    var first: (key: String, reason: String)?
    for (key, value) in lookup.values where first.map({ key < $0.key }) ?? true {
      do throws(ItemFault) {
        _ = try plain.json(of: value)
      } catch {
        first = (key, error.message)
      }
    }
    if let first {
      throw FileFault(.malformedCSV, "the value for \(first.key.quoted) in \(lookup.path): \(first.reason)")
    }
  }

  private func plain(_ type: CellType, depth: Int, _ limits: ReaderLimits) throws(FileFault) -> CellConversion {
    if date != nil, type != .string {
      throw FileFault(.malformedCSV, "a date is written as a string, not as a \(type.rawValue)")
    }
    switch type {
    case .string: return date.map { .date($0) } ?? .string
    case .number: return numbers.isJSON ? .number : .writtenNumber(try NumberReader(numbers))
    case .boolean: return .boolean
    case .list: return .list
    case .json: return .json(depth: depth, limits)
    }
  }

  private func withTables(_ plain: CellConversion) throws(FileFault) -> CellConversion {
    if let lookup { return .lookup(first: values, lookup, then: plain) }
    guard let values else { return plain }
    var table: [String: [UInt8]] = [:]
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      do throws(ItemFault) {
        if value.isEmpty {
          guard case .string = plain else { throw ItemFault(.invalidValue, "the value is empty") }
        }
        table[key] = try plain.json(of: value)
      } catch {
        throw FileFault(.malformedCSV, "the value for \(key.quoted): \(error.message)")
      }
    }
    return .table(table)
  }

  /// What an empty cell becomes, where the mapping says it: by a default, or by a table that knows empty cells.
  private func jsonOfEmpty(_ conversion: CellConversion) throws(FileFault) -> [UInt8]? {
    if let defaultText, !defaultText.isEmpty {
      do throws(ItemFault) {
        return try conversion.json(of: defaultText)
      } catch {
        throw FileFault(.malformedCSV, "the default: \(error.message)")
      }
    }
    guard (values ?? lookup?.values)?[""] != nil else { return nil }
    do throws(ItemFault) {
      return try conversion.json(of: "")
    } catch {
      throw FileFault(.malformedCSV, "the value for an empty cell: \(error.message)")
    }
  }
}
