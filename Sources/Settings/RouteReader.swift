internal import Core

/// Reads a route, or an inbox without `routes`, which is its own route.
struct RouteReader {
  var targets: TargetNames
  var mappings: MappingFiles

  static func keys(_ apis: [any APISettings]) -> [String] {
    ["match", "target", "mapping"] + apis.flatMap(\.routeKeys) + ["success_mode", "validate", "delimiter", "empty"]
  }

  func readWhole(_ section: ConfigSection) -> Route? {
    if !section.has("target") { section.reportMissing("target", "name the target, or write auto") }
    return read(section)
  }

  func read(_ section: ConfigSection) -> Route? {
    let target = section.read("target", readTarget)
    var route = Route(target: target ?? .auto)
    section.read("match", into: &route.match) { $0.glob() }
    section.read("mapping", into: &route.mapping) { entry in
      entry.path().flatMap { mappings.mapping(path: $0, namedBy: entry) }
    }
    for api in section.entry.reading.apis { api.readRoute(section, into: &route.own) }
    section.read("success_mode", into: &route.successMode) { $0.word() }
    section.read("validate", into: &route.validate) { $0.bool() }
    section.read("delimiter", into: &route.csv.delimiter, readDelimiter)
    section.read("empty", into: &route.empty) { $0.word() }
    guard let target else { return nil }
    if let apis = targets.apis(of: target) { check(route, apis, section) }
    return route
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

  private func readDelimiter(_ entry: ConfigNode) -> Delimiter? {
    guard let text = entry.scalarText()?.text else { return nil }
    switch text {
    case "auto": return .auto
    case "tab", "\\t": return .character("\t")
    default:
      let bytes = Array(text.utf8)
      guard bytes.count == 1, bytes[0] == 0x09 || (0x20...0x7E).contains(bytes[0]), bytes[0] != UInt8(ascii: "\"")
      else {
        entry.report("must be auto, tab, or one ASCII character other than a quote")
        return nil
      }
      return .character(Unicode.Scalar(bytes[0]))
    }
  }
}
