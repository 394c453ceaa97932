/// The text is not a valid receipt.
package struct ReceiptFault: Error, Equatable, CustomStringConvertible {
  /// Human-readable: the member, and what is wrong with it; never its content.
  package var reason: String

  package var description: String { "not a receipt: \(reason)" }
}
