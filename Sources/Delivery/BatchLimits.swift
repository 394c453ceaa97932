/// The limits of one request.
package struct BatchLimits: Sendable, Equatable {
  package var maxItems: Int
  /// Bytes of the whole body; an item that is larger alone travels alone.
  package var maxBytes: Int

  package init(maxItems: Int, maxBytes: Int) {
    self.maxItems = maxItems
    self.maxBytes = maxBytes
  }
}
