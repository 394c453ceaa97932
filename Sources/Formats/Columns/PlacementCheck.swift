package import Core

/// Whether fields that columns fill can stand in one item: checks a mapping before any file is read.
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
