internal import Delivery

/// Reads a route, or the route that an inbox without `routes` is.
struct RouteReader {
  var targets: TargetNames
  var mappings: MappingFiles

  static let keys = ["match", "target", "mapping", "item", "success_mode", "validate", "delimiter", "empty"]

  func readWhole(_ section: Section) -> Route? {
    if !section.has("target") { section.reportMissing("target", "name the target, or write auto") }
    return read(section)
  }

  func read(_ section: Section) -> Route? {
    let target = section.read("target", readTarget)
    var route = Route(target: target ?? .auto)
    section.read("match", into: &route.match) { $0.glob() }
    section.read("mapping", into: &route.mapping) { entry in
      entry.path().flatMap { mappings.mapping(path: $0, namedBy: entry) }
    }
    section.read("item", into: &route.item, readItem)
    section.read("success_mode", into: &route.successMode) { $0.word() }
    section.read("validate", into: &route.validate) { $0.bool() }
    section.read("delimiter", into: &route.delimiter, readDelimiter)
    section.read("empty", into: &route.empty) { $0.word() }
    guard let target else { return nil }
    if let apis = targets.apis(of: target) { check(route, apis, section) }
    return route
  }

  private func readTarget(_ entry: Entry) -> RouteTarget? {
    guard let name = entry.text() else { return nil }
    if name == "auto" {
      for api in APIKind.allCases {
        let rivals = targets.apis.filter { $0.api == api }.map { "\"\($0.name)\"" }
        guard rivals.count > 1 else { continue }
        entry.report(
          "is auto, but \(rivals.joined(separator: " and ")) are all \(api.rawValue) targets: name the one you mean")
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
        "there are \(targets.names.joined(separator: ", ")); or write auto"
      }
    entry.report("names a target that is not among targets: \(advice)")
    return nil
  }

  /// What only one of the APIs has.
  private func check(_ route: Route, _ apis: Set<APIKind>, _ section: Section) {
    if apis.contains(.liquid), route.successMode == .atomic, let entry = section.value("success_mode") {
      let which = route.target == .auto ? "files that auto sends to Liquid would not be" : "Liquid has none"
      entry.report(
        "is Atomic, but Liquid takes or refuses each item by itself (\(which)): leave it out, or use Partial")
    }
    if !apis.contains(.liquid), let entry = section.value("item") {
      entry.report("is for Liquid's items, but this goes to LUSID alone: leave it out")
    }
  }

  private enum Action: String, CaseIterable {
    case create = "Create"
    case merge = "Merge"
    case update = "Update"
    case delete = "Delete"
  }

  private func readItem(_ entry: Entry) -> ItemDefaults? {
    entry.section { section in
      var item = ItemDefaults()
      item.category = section.read("category") { $0.text() }
      item.type = section.read("type") { $0.text() }
      item.action = section.read("action") { $0.word(Action.self)?.rawValue }
      section.read("key", into: &item.key, readKey)
      if section.names.isEmpty { entry.report("is empty: give category, type, action or key, or leave it out") }
      return item
    }
  }

  /// One field's name, or a list of them.
  private func readKey(_ entry: Entry) -> [String]? {
    if entry.isScalar { return entry.text().map { [$0] } }
    guard let fields = entry.list({ $0.text() }) else { return nil }
    if fields.isEmpty, entry.elements?.isEmpty == true {
      entry.report("must name at least one field; without key the whole inbox is in order")
    }
    for (index, field) in fields.enumerated() where fields[..<index].contains(field) {
      entry.report("names \"\(field)\" twice: leave out one of them")
    }
    return fields
  }

  private func readDelimiter(_ entry: Entry) -> Delimiter? {
    guard let text = entry.scalarText()?.text else { return nil }
    switch text {
    case "auto": return .auto
    case "tab", "\\t": return .byte(UInt8(ascii: "\t"))
    default:
      let bytes = Array(text.utf8)
      guard bytes.count == 1, bytes[0] == 0x09 || (0x20...0x7E).contains(bytes[0]), bytes[0] != UInt8(ascii: "\"")
      else {
        entry.report("must be one ASCII character other than a quote, or tab, or auto")
        return nil
      }
      return .byte(bytes[0])
    }
  }
}
