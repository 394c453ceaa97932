internal import Core
internal import Formats
internal import Yams

/// Reads a route, or an inbox without `routes`, which is its own route.
struct RouteReader {
  var targets: TargetNames
  var mappings: MappingFiles

  static func keys(_ apis: [any APISettings]) -> [String] {
    ["match", "target", "mapping"] + apis.flatMap(\.routeKeys) + ["success_mode", "validate", "empty", "format"]
      + CSVOptionsReader.keys + ["checksum"]
  }

  func readWhole(_ section: ConfigSection) -> Route? {
    if !section.has("target") { section.reportMissing("target", "name the target, or write auto") }
    return read(section)
  }

  func read(_ section: ConfigSection) -> Route? {
    let target = section.read("target", readTarget)
    var route = Route(target: target ?? .auto)
    section.read("match", into: &route.match) { $0.glob() }
    let mapping = section.read("mapping") { entry in
      entry.path().flatMap { mappings.file(path: $0, namedBy: entry) }
    }
    route.mapping = mapping?.mapping
    for api in section.entry.reading.apis { api.readRoute(section, into: &route.own) }
    section.read("success_mode", into: &route.successMode) { $0.word() }
    section.read("validate", into: &route.validate) { $0.bool() }
    section.read("empty", into: &route.empty) { $0.word() }
    section.read("format", into: &route.format, readFormat)
    route.csv = CSVOptionsReader.read(section)
    route.encoding = route.csv.encoding.flatMap(TextEncoding.init(named:))
    section.read("checksum", into: &route.checksum) { $0.word() }
    let isCSV = checkFormat(route, section)
    guard let target else { return nil }
    if let apis = targets.apis(of: target) {
      check(route, apis, section)
      if isCSV {
        ColumnCheck(route: route, section: section, mapping: mapping).check(apis) { targets.own(of: target, $0) }
      }
    }
    return route
  }

  /// How a file is read, whatever its name.
  private func readFormat(_ entry: ConfigNode) -> FormatKind? {
    if entry.node.scalar?.string == FormatKind.jsonl.rawValue {
      entry.report("is \"jsonl\", which is only another extension for NDJSON: write ndjson")
      return nil
    }
    return entry.word(among: FormatKind.declarable.map(\.rawValue)).flatMap(FormatKind.init)
  }

  /// Reports keys that have no effect on files of the route's format.
  ///
  /// - Returns: whether files may be CSV.
  private func checkFormat(_ route: Route, _ section: ConfigSection) -> Bool {
    if let kind = route.format, !kind.format.isTable {
      for entry in (["mapping", "empty"] + CSVOptionsReader.keys).compactMap(section.value) {
        entry.report("is for CSV, but format is \(kind.rawValue): leave it out")
      }
      return false
    }
    if route.format == .tsv, section.has("delimiter"), route.csv.delimiter != .character("\t") {
      section.report(
        "has no effect with format: tsv, whose cells are separated by tabs: use format: csv", at: "delimiter")
    }
    return true
  }

  private func readTarget(_ entry: ConfigNode) -> RouteTarget? {
    guard let name = entry.text() else { return nil }
    if name == "auto" {
      for api in entry.reading.apis.map(\.kind) {
        let rivals = targets.apis.filter { $0.api == api }.map { "\"\($0.name)\"" }
        guard rivals.count > 1 else { continue }
        entry.report(
          "is auto, but there are several \(api.rawValue) targets: name \(rivals.joined(separator: " or "))")
        return nil
      }
      return .auto
    }
    if targets.names.contains(name) { return .named(name) }
    let advice =
      if let meant = nearestWord(to: name, among: targets.names + ["auto"]) {
        "did you mean \"\(meant)\"?"
      } else if targets.names.isEmpty {
        "add it to targets"
      } else {
        "the targets are \(targets.names.joined(separator: ", ")); or write auto"
      }
    entry.report("names target \"\(name)\", which does not exist: \(advice)")
    return nil
  }

  /// Checks the settings that only some of the APIs have.
  private func check(_ route: Route, _ reached: Set<APIKind>, _ section: ConfigSection) {
    let apis = section.entry.reading.apis
    let plain = apis.first { reached.contains($0.kind) && !$0.hasAtomicMode }
    if let plain, route.successMode == .atomic, let entry = section.value("success_mode") {
      let which =
        route.target == .auto ? "auto may send files to \(plain.title)" : "it has no atomic mode"
      entry.report(
        "is Atomic, but \(plain.title) accepts or rejects items one by one (\(which)): leave it out, or use Partial")
    }
    for owner in apis where !reached.contains(owner.kind) {
      let others = apis.filter { $0.kind != owner.kind && (reached.isEmpty || reached.contains($0.kind)) }
      for entry in owner.routeKeys.compactMap(section.value) {
        entry.report(
          "is for \(owner.title) items, but files here go only to \(others.map(\.title).joined(separator: " and ")): "
            + "leave it out")
      }
    }
  }
}
