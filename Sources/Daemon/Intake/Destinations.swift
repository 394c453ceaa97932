internal import Delivery
internal import ItemFormat
internal import Settings
internal import APIs

/// The targets that a route may send a file to, each with what is known about its API.
struct Destinations: Sendable {
  struct Destination: Sendable {
    var target: Target
    var api: any TargetAPI
  }

  private let byAPI: [APIKind: Destination]
  /// Nil if the file's content decides (`target: auto`).
  let fixed: Destination?

  init(_ route: Route, settings: Settings) {
    func destination(_ target: Target) -> Destination {
      Destination(
        target: target,
        api: target.makeAPI(for: route, maxNesting: settings.limits.maxNesting))
    }
    switch route.target {
    case .named(let name):
      fixed = settings.target(named: name).map(destination)
      byAPI = fixed.map { [$0.api.kind: $0] } ?? [:]
    case .auto:
      fixed = nil
      byAPI = Dictionary(settings.targets.map { ($0.api, destination($0)) }, uniquingKeysWith: { first, _ in first })
    }
  }

  subscript(api: APIKind) -> Destination? { byAPI[api] }

  var apis: [any TargetAPI] { byAPI.values.map(\.api) }

  var targetNames: Set<String> { Set(byAPI.values.map(\.target.name)) }

  /// How to distinguish an item from an object of request ids.
  var objectShape: ObjectShape {
    ObjectShape(
      itemMembers: byAPI.values.flatMap(\.api.itemMembers), idsAllowed: byAPI.values.contains { $0.api.idsAllowed })
  }
}

extension Target {
  /// What upsertd knows about this target's API.
  ///
  /// - Parameter route: nil for requests that are already built, which may hold items of several routes.
  func makeAPI(for route: Route? = nil, maxNesting: Int = 128) -> any TargetAPI {
    guard let api = APIs[api] else {
      preconditionFailure("a target's api is one of the list: its settings were checked")
    }
    var terms = APITerms()
    terms.target = own
    terms.maxNesting = maxNesting
    if let route {
      (terms.route, terms.validate, terms.isMapped) = (route.own, route.validate, route.mapping != nil)
    }
    return api.makeAPI(terms)
  }
}
