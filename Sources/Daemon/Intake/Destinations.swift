internal import Delivery
internal import ItemFormat
internal import Settings
internal import APIs

/// The targets that a route may send a file to, each with what is known of its API.
struct Destinations: Sendable {
  struct Destination: Sendable {
    var target: Target
    var api: any TargetAPI
  }

  private let byAPI: [APIKind: Destination]
  /// Nil where what the file contains decides (`target: auto`).
  let fixed: Destination?

  init(_ route: Route, settings: Settings) {
    func destination(_ target: Target) -> Destination {
      Destination(
        target: target,
        api: target.makeAPI(
          item: route.item, validate: route.validate, maxNesting: settings.limits.maxNesting,
          isMapped: route.mapping != nil))
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

  /// How to tell one item from an object of request ids.
  var objectShape: ObjectShape {
    ObjectShape(
      itemMembers: byAPI.values.flatMap(\.api.itemMembers), idsAllowed: byAPI.values.contains { $0.api.idsAllowed })
  }
}

extension Target {
  /// What upsertd knows of this target's API.
  func makeAPI(
    item: ItemDefaults? = nil, validate: Bool = true, maxNesting: Int = 128, isMapped: Bool = false
  ) -> any TargetAPI {
    switch api {
    case .lusid:
      LusidInvestorRecords(schema: schema, validate: validate, maxNesting: maxNesting, isMapped: isMapped)
    case .liquid: LiquidItems(defaults: item, validate: validate, maxNesting: maxNesting)
    }
  }
}
