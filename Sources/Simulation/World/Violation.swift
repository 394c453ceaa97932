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

/// The events of a world, human-readable.
struct History {
  let isKept: Bool
  private(set) var lines: [String] = []
  /// Of all lines, kept or not: two runs of the same world must agree.
  private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

  init(isKept: Bool) { self.isKept = isKept }

  mutating func add(at now: Int64, _ text: @autoclosure () -> String) {
    guard isKept else { return }
    let seconds = String(now / 1000)
    let rest = String(now % 1000)
    let line =
      String(repeating: " ", count: max(0, 6 - seconds.count)) + seconds + "."
      + String(repeating: "0", count: 3 - rest.count) + rest + "  " + text()
    for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    lines.append(line)
  }
}

/// Runs worlds.
package enum Simulator {
  /// - Parameter outbox: a new, empty one.
  package static func run(
    _ plan: WorldPlan, on outbox: any WorldOutbox = MemoryWorldOutbox(), keepsHistory: Bool = false
  ) async -> WorldResult {
    await World(plan, outbox: outbox, keepsHistory: keepsHistory).run()
  }
}
