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

/// Whether fields that columns fill can be in one item: checks a mapping before any file is read.
package struct PlacementCheck {
  private var tree = FieldTree()
  private var requestID: String?

  package init() {}

  /// - Parameters:
  ///   - owner: what fills the field, for messages: `column "Name"`.
  ///   - isConstant: whether it is the same in every item.
  /// - Throws: `FileFault` if the field, or an object or array around it, is already filled in another way.
  package mutating func add(_ placement: ColumnPlacement, owner: String, isConstant: Bool = false) throws(FileFault) {
    switch placement {
    case .requestID:
      if isConstant {
        throw FileFault(.malformedCSV, "\(owner) can't be the request id, which must differ from item to item")
      }
      if let requestID { throw FileFault(.malformedCSV, "\(requestID) and \(owner) are both the request id") }
      requestID = owner
    case .field(let field):
      try tree.add(field, .constant([]), owner: owner)
    }
  }

  /// To be called after the last `add`.
  ///
  /// - Throws: `FileFault` if something fills a member that upsertd fills itself.
  package mutating func finish() throws(FileFault) { try tree.finish() }
}
