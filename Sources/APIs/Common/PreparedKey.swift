/// What puts items in order: two items with the same key are delivered in the order in which they were dropped.
package struct PreparedKey: Hashable, Sendable {
  /// Nil where the item has no key: then the whole inbox is in order.
  ///
  /// The value of a `KeyHash`: stored on disk, so the same key must give the same in every version.
  package var hash: UInt64?

  package init(hash: UInt64?) { self.hash = hash }
}
