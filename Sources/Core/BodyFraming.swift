/// How the pieces of a request form its body.
package struct BodyFraming: Sendable, Equatable {
  package var open: [UInt8]
  package var separator: [UInt8]
  package var close: [UInt8]

  package init(open: String, separator: String, close: String) {
    (self.open, self.separator, self.close) = (Array(open.utf8), Array(separator.utf8), Array(close.utf8))
  }

  package static let array = BodyFraming(open: "[", separator: ",", close: "]")
  package static let object = BodyFraming(open: "{", separator: ",", close: "}")

  /// Whether a body is queued as it is sent.
  ///
  /// Queued bodies have one byte in front, commas, and one byte at the end; all other bodies are built from their
  /// pieces when they are sent.
  package var isQueuedForm: Bool { open.count == 1 && separator == [UInt8(ascii: ",")] && close.count == 1 }

  /// The bytes around the pieces while they are queued.
  package var brackets: (open: UInt8, close: UInt8) {
    isQueuedForm ? (open[0], close[0]) : (UInt8(ascii: "["), UInt8(ascii: "]"))
  }

  /// How many bytes the body has in addition to those queued.
  package func bytesBeyondQueued(items: Int) -> Int {
    open.count + close.count - 2 + (separator.count - 1) * max(0, items - 1)
  }
}
