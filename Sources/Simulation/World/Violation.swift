/// A promise that a world has broken.
package struct Violation: Sendable, Equatable, Error {
  package enum Kind: String, Sendable {
    /// An item in no receipt, in two, or counted twice.
    case balance
    /// Accepted, but never applied.
    case acceptedNotApplied
    /// Applied and rejected, and the receipt does not say that it may have been applied.
    case rejectedApplied
    /// A later item with a key was sent, or applied, before an earlier one.
    case order
    /// The last value is an old one.
    case staleValue
    /// A request that must not be made.
    case request
    /// Sent again and again without a backoff.
    case hammering
    /// Nothing happens, although something could.
    case stall
    /// A batch that may go is not sent.
    case starvation
    /// Expired too early.
    case earlyExpiry
    /// More in memory than allowed.
    case memory
    /// A receipt written a second time differs.
    case receiptChanged
    /// The outbox was asked to do something that contradicts its content.
    case contradiction
    /// The same decision again and again at one moment.
    case spinning
  }

  package var kind: Kind
  package var message: String

  package init(kind: Kind, message: String) {
    self.kind = kind
    self.message = message
  }
}
