/// What puts items in order: two items with the same key are delivered in the order in which they were dropped.
package struct PreparedKey: Hashable, Sendable {
  /// Nil where the item has no key: then the whole inbox is in order.
  ///
  /// Stored on disk: the same key must give the same hash in every version (`KeyHasher`). Two keys with the same hash cost
  /// some parallelism, no more.
  package var hash: UInt64?

  package init(hash: UInt64?) { self.hash = hash }
}
