package import Core
package import Formats
package import Settings

/// The targets that a route may send a file to, each with what is known about its API.
package struct RouteTargets: Sendable {
  package struct Destination: Sendable {
    package var target: Target
    package var api: any TargetAPI
  }

  private let byAPI: [APIKind: Destination]
  /// Nil if the file's content decides (`target: auto`).
  package let fixed: Destination?

  package init(_ route: Route, settings: Settings) {
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

  package subscript(api: APIKind) -> Destination? { byAPI[api] }

  package var apis: [any TargetAPI] { byAPI.values.map(\.api) }

  package var targetNames: Set<String> { Set(byAPI.values.map(\.target.name)) }

  /// How to distinguish an item from an object of request ids.
  package var objectShape: ObjectShape {
    ObjectShape(
      itemMembers: byAPI.values.flatMap(\.api.itemMembers), idsAllowed: byAPI.values.contains { $0.api.idsAllowed })
  }
}

/// The APIs of a target as the routes to it describe them, for what depends on a file's route: the keys that people
/// read.
package struct RouteAPIs: Sendable {
  /// For each inbox what its routes make of the API; nil for a route that leads elsewhere.
  private let inboxes: [String: (inbox: Inbox, apis: [(any TargetAPI)?])]
  /// For files whose route is no longer in the configuration.
  private let other: any TargetAPI

  package init(_ target: Target, settings: Settings) {
    other = target.makeAPI()
    inboxes = Dictionary(
      settings.inboxes.map { inbox in
        let apis = inbox.routes.map { route -> (any TargetAPI)? in
          guard let destination = RouteTargets(route, settings: settings)[target.api] else { return nil }
          return destination.target.name == target.name ? destination.api : nil
        }
        return (inbox.name, (inbox, apis))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// - Parameter name: the file's, as it was dropped.
  package subscript(inbox: String, name: [UInt8]) -> any TargetAPI {
    guard let known = inboxes[inbox], let place = known.inbox.routePlace(for: name) else { return other }
    return known.apis[place] ?? other
  }
}

extension Settings {
  /// See `API.orderingWarnings`; each names its target.
  package var orderingWarnings: [String] {
    targets.flatMap { target -> [String] in
      var routes: [(place: String, route: Route)] = []
      for inbox in inboxes where inbox.ordering == .key {
        for route in inbox.routes {
          guard RouteTargets(route, settings: self)[target.api]?.target.name == target.name else { continue }
          let place = inbox.routes.count > 1 ? "inbox \(inbox.name), match \(route.match)" : "inbox \(inbox.name)"
          routes.append((place, route))
        }
      }
      return (APIs[target.api]?.orderingWarnings(routes) ?? []).map { "target \(target.name): \($0)" }
    }
  }
}

extension Target {
  /// What upsertd knows about this target's API.
  ///
  /// - Parameter route: nil for requests that are already built, which may hold items of several routes.
  package func makeAPI(for route: Route? = nil, maxNesting: Int = 128) -> any TargetAPI {
    guard let api = APIs[api] else {
      preconditionFailure("a target's api is one of the list: its settings were checked")
    }
    var options = APIOptions()
    options.target = own
    options.maxNesting = maxNesting
    if let route {
      (options.route, options.validate) = (route.own, route.validate)
    }
    return api.makeAPI(options)
  }
}
