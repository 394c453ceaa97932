/// A promise that a world shows to be broken.
package struct Violation: Sendable, Equatable, Error {
  package enum Kind: String, Sendable {
    /// An item in no receipt, in two, or counted twice.
    case balance
    /// Accepted, but never applied.
    case acceptedNotApplied
    /// Applied and rejected, and the receipt does not say that it may have been.
    case rejectedApplied
    /// A later item with a key was sent, or applied, before an earlier one.
    case order
    /// An old value is the last one.
    case staleValue
    /// A request that must not be made.
    case request
    /// Sent again and again without a wait.
    case hammering
    /// Nothing happens, though something could.
    case stall
    /// What may go does not.
    case starvation
    /// Given up before its time.
    case earlyExpiry
    /// More in memory than allowed.
    case memory
    /// A receipt that was written twice says something else.
    case receiptChanged
    /// The outbox was asked for what contradicts it.
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
