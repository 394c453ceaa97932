/// The limits of one request.
package struct BatchLimits: Sendable, Equatable {
  package var maxItems: Int
  /// Bytes of the whole body; an item that alone is larger is sent alone.
  package var maxBytes: Int

  /// Bytes that count in addition to those queued.
  package var framing: BodyFraming

  package init(maxItems: Int, maxBytes: Int, framing: BodyFraming = .array) {
    self.maxItems = maxItems
    self.maxBytes = maxBytes
    self.framing = framing
  }
}
