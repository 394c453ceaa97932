internal import Core
internal import Formats

/// Checks that the APIs a route leads to have the fields that its columns fill, and that header, mapping and trailer
/// name the same columns.
struct ColumnCheck {
  let route: Route
  let section: ConfigSection
  /// Nil if the route has none, or it can't be used.
  let mapping: MappingFile?

  /// - Parameter reached: the APIs that the route can lead to.
  /// - Parameter own: of the one target of each API, what only its API has.
  func check(_ reached: Set<APIKind>, own: (APIKind) -> OwnSettings) {
    checkHeader()
    checkSums()
    guard let key = mapping == nil ? route.csv.header.map({ _ in "header" }) : "mapping" else { return }
    let fillings = mapping?.fillings ?? headerFillings()
    guard let api = decided(reached, fillings, key) else { return }
    place(fillings, by: api.columnRules(target: own(api.kind), route: route.own, validate: route.validate), key)
    checkTexts()
  }

  // MARK: Fields

  /// The columns of `header`, which are paths if there is no mapping.
  private func headerFillings() -> [MappingFile.Filling] {
    let entries = section.value("header")?.elements ?? []
    let names = route.csv.header ?? []
    // Otherwise one of the names is reported already.
    guard section.value("mapping") == nil, entries.count == names.count else { return [] }
    return zip(names, entries).compactMap { name, entry in
      do throws(FileFault) {
        let path = try CellPath(parsing: name)
        return .init(path: path, owner: "column \"\(name)\"", isConstant: false, entry: entry)
      } catch {
        entry.report(error.message)
        return nil
      }
    }
  }

  /// The API whose items the columns make: with `target: auto`, their paths decide it.
  private func decided(
    _ reached: Set<APIKind>, _ fillings: [MappingFile.Filling], _ key: String
  ) -> (any APISettings)? {
    let apis = section.entry.reading.apis
    guard route.target == .auto else { return apis.first { reached.contains($0.kind) } }
    guard !fillings.isEmpty else { return nil }
    let fitting = apis.filter { api in
      api.columnPrefix.map { prefix in fillings.contains { $0.path.text.hasPrefix(prefix) } } ?? false
    }
    if fitting.count == 1, reached.contains(fitting[0].kind) { return fitting[0] }
    let prefixes = apis.compactMap { api in api.columnPrefix.map { "\($0) (\(api.title))" } }
      .joined(separator: " or ")
    let found =
      switch fitting.count {
      case 0: "none is there"
      case 1: "\(fitting[0].title) has no target here"
      default: "these are of several APIs"
      }
    section.report(
      "can't be used with target: auto, which needs a field that begins with \(prefixes), but \(found): name the target",
      at: key)
    return nil
  }

  private func place(_ fillings: [MappingFile.Filling], by rules: any ColumnRules, _ key: String) {
    var check = PlacementCheck()
    var isWhole = !fillings.isEmpty
    for filling in fillings {
      do throws(FileFault) {
        let placement = try rules.place(
          steps: filling.path.steps, type: filling.path.type, text: filling.path.text)
        try check.add(placement, owner: filling.owner, isConstant: filling.isConstant)
      } catch {
        isWhole = false
        // The fault's key already says that it is about a column.
        let isPlain = error.message.hasPrefix("column \"\(filling.path.text)\"")
        filling.entry.report(isPlain ? String(error.message.dropFirst("column ".count)) : error.message)
      }
    }
    guard isWhole, mapping?.root.reading.faults.isEmpty ?? true else { return }
    do throws(FileFault) {
      try check.finish()
    } catch {
      section.report(error.message, at: key)
    }
    if let lack = rules.missingColumn(in: fillings.map(\.path)) { section.report(lack, at: key) }
  }

  /// The mapping's values and defaults, as cells of this route's files: a mapping may leave forms of numbers to it.
  private func checkTexts() {
    guard let mapping, mapping.root.reading.faults.isEmpty else { return }
    for fault in RowPlan.faults(of: mapping.mapping, options: route.csv) {
      let filling = mapping.fillings.first { $0.entry.line == fault.line }
      (filling?.entry ?? mapping.root).report(fault.message)
    }
  }

  // MARK: Names

  /// A file without a header row has the columns that `header` names, so the mapping must fit them.
  private func checkHeader() {
    guard let mapping, let header = route.csv.header, let entry = section.value("header") else { return }
    let known = mapping.knownColumns
    for name in entry.elements ?? [] {
      guard let column = name.columnName(), !known.contains(column) else { continue }
      name.report("names column \"\(column)\", which is neither mapped nor ignored in \"\(mapping.mapping.path)\"")
    }
    let lacking = mapping.neededColumns.subtracting(header).sorted()
    guard !lacking.isEmpty else { return }
    entry.report(
      "lacks \(Self.listed(lacking)) of \"\(mapping.mapping.path)\": add what lacks, or mark it optional there")
  }

  private func checkSums() {
    guard let trailer = route.csv.trailer, let entry = section.value("trailer")?.member("sums") else { return }
    guard let known = route.csv.header.map({ Set($0) }) ?? mapping?.knownColumns else { return }
    let place = route.csv.header == nil ? "\"\(mapping?.mapping.path ?? "")\"" : "header"
    let strange = trailer.sums.keys.filter { !known.contains($0) }.sorted()
    if !strange.isEmpty { entry.report("names \(Self.listed(strange)), of which \(place) knows nothing") }
  }

  /// `column "A"`, `columns "A", "B" and 3 more`
  private static func listed(_ columns: [String]) -> String {
    let names = columns.prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
    let more = columns.count > 10 ? " and \(columns.count - 10) more" : ""
    return "\(columns.count == 1 ? "column" : "columns") \(names)\(more)"
  }
}
