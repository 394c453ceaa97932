/// How an API interprets a JSON file that is one object.
package struct ObjectShape: Sendable, Equatable {
  /// Names of top-level members that mark the object as a single item.
  package var itemMembers: [String]
  /// Whether it may be an object of request ids at all.
  package var idsAllowed: Bool

  package init(itemMembers: [String], idsAllowed: Bool) {
    self.itemMembers = itemMembers
    self.idsAllowed = idsAllowed
  }

  /// Every object is a single item.
  package static let item = ObjectShape(itemMembers: [], idsAllowed: false)
}
