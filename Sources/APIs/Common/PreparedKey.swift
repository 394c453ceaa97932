/// The ordering key: two items with the same key are delivered in the order in which they were dropped.
package struct PreparedKey: Hashable, Sendable {
  /// Nil if the item has no key: then the whole inbox is delivered in order.
  ///
  /// The value of a `KeyHash`: stored on disk, so the same key must give the same value in every version.
  package var hash: UInt64?

  package init(hash: UInt64?) { self.hash = hash }
}
