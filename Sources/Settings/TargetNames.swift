internal import Core

/// The targets as routes see them, including those with other faults.
struct TargetNames {
  /// In the file's order; the API is nil if it is unknown.
  var apis: [(name: String, api: APIKind?)]

  init(_ section: ConfigSection) {
    apis = []
    for name in section.names {
      let api = section.value(name)?.member("api")?.scalarText()?.text
      apis.append((name, section.entry.reading.apis[kind: api.map(APIKind.init(rawValue:))]?.kind))
    }
  }

  init() { apis = [] }

  var names: [String] { apis.map(\.name) }

  /// The APIs that a route can lead to; nil if one of them is unknown.
  func apis(of target: RouteTarget) -> Set<APIKind>? {
    let reached =
      switch target {
      case .auto: apis
      case .named(let name): apis.filter { $0.name == name }
      }
    let known = reached.compactMap(\.api)
    return known.count == reached.count ? Set(known) : nil
  }
}
