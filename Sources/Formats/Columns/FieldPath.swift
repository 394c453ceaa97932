package import Core

/// One step into an item.
package enum PathStep: Hashable, Sendable {
  case member(String)
  /// Index of an array's element, from 0.
  case element(Int)
}

/// Where a column's value goes in a row's item; an API decides it from the header's path.
package enum ColumnPlacement: Hashable, Sendable {
  /// The cell is the request's id and not part of the item.
  case requestID
  case field(PlacedField)
}

/// A value's place, and the members that must accompany it.
package struct PlacedField: Hashable, Sendable {
  package var path: [PathStep]
  package var type: CellType
  /// Members that appear in an object if, and only if, another member of that object does.
  package var companions: [Companion]

  package init(path: [PathStep], type: CellType, companions: [Companion] = []) {
    self.path = path
    self.type = type
    self.companions = companions
  }

  package struct Companion: Hashable, Sendable {
    /// The object that gets the member.
    package var object: [PathStep]
    package var name: String
    /// The value as JSON text.
    package var json: String

    package init(object: [PathStep], name: String, json: String) {
      self.object = object
      self.name = name
      self.json = json
    }
  }
}
