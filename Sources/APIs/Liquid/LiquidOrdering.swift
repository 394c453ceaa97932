package import Settings

extension Liquid {
  /// Items are ordered by their type and the values of their key's fields: two routes that take others for the key of one
  /// type order nothing against each other.
  package func orderingWarnings(_ routes: [(place: String, route: Route)]) -> [String] {
    let types = Set(routes.compactMap { $0.route.item?.type }).sorted()
    // A route without a type takes items of any.
    for type in types.isEmpty ? [nil] : types.map(Optional.some) {
      let ways = routes.filter { $0.route.item?.type == nil || $0.route.item?.type == type }
      let keys = Set(ways.map { $0.route.item?.key ?? [] })
      guard keys.count > 1 else { continue }
      let list = ways.map { way in
        let key = way.route.item?.key ?? []
        return "\(way.place) (\(key.isEmpty ? "none" : key.joined(separator: ", ")))"
      }
      return [
        "items\(type.map { " of type \($0)" } ?? "") are not ordered across these, since their keys differ: "
          + "\(list.joined(separator: ", ")): give them the same item.key, if one record may come from several"
      ]
    }
    return []
  }
}
