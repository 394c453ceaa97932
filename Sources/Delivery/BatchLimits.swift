/// The limits of one request.
package struct BatchLimits: Sendable, Equatable {
  package var maxItems: Int
  /// Bytes of the whole body; an item that is larger alone travels alone.
  package var maxBytes: Int

  /// What is counted beside the bytes that are queued.
  package var framing: BodyFraming

  package init(maxItems: Int, maxBytes: Int, framing: BodyFraming = .array) {
    self.maxItems = maxItems
    self.maxBytes = maxBytes
    self.framing = framing
  }
}
