/// Text that is no receipt.
package struct ReceiptFault: Error, Equatable, CustomStringConvertible {
  /// For people: the member, and what is wrong with it; never its content.
  package var reason: String

  package var description: String { "not a receipt: \(reason)" }
}
