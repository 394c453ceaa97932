package import Core

/// A file that has something to send now.
package struct PublishedFile: Sendable, Equatable {
  package var id: FileID
  package var target: String
  /// Whether its inbox preserves order.
  package var isOrdered: Bool

  package init(id: FileID, target: String, isOrdered: Bool) {
    self.id = id
    self.target = target
    self.isOrdered = isOrdered
  }
}
