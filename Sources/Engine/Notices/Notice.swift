package import Core

/// Something that people or programs outside want to hear of: a file is done, one is missing, a target is on hold.
///
/// It is queued in the same commit as what it tells, once for each receiver that asked for its event, and is sent at
/// least once, always with the same id.
package struct Notice: Hashable, Sendable {
  /// The words of `on` in the configuration, and of `event` in what is sent.
  package enum Event: String, CaseIterable, Sendable {
    /// A file is done, and all, some or none of its items were accepted.
    case accepted, partial, rejected
    /// No file came in time.
    case missing
    /// A file came after its time, or on a day on which none is expected.
    case late, early
    /// A file has fewer items than it should have.
    case short
    /// Numbers of a sequence were left out, or one came again.
    case gap, `repeat`
    /// Nothing is sent to a target, and has not been for five minutes.
    case held
    /// A hold that was told is over, or a person released a file that waited for it.
    case released

    /// What a receiver gets that does not say what it wants.
    package static let byDefault = Set(allCases).subtracting([.accepted])
  }

  /// The same for the same occurrence, also when it is told again after a crash; letters, digits and `-`.
  package let id: String
  package let event: Event
  /// When it happened, by the wall clock.
  package let at: Timestamp
  package let inbox: String?
  package let target: String?
  package let file: FileID?
  /// A sentence for people, on one line: names, numbers and reasons, and nothing of an item's content.
  package let message: String
  /// The receipt without its batches, as JSON; nil where there is none.
  package let receipt: String?

  /// - Parameters:
  ///   - occurrence: tells this occurrence from others of the same event, inbox, target and file: the day of a missing
  ///     file, the time at which a hold began. It becomes part of the id.
  ///   - message: put on one line, and cut in the middle beyond 2,000 characters.
  package init(
    _ event: Event, at time: Timestamp, inbox: String? = nil, target: String? = nil, file: FileID? = nil,
    occurrence: String = "", message: String, receipt: String? = nil
  ) {
    self.event = event
    at = time
    self.inbox = inbox
    self.target = target
    self.file = file
    self.message = message.onOneLine.cutInTheMiddle(to: 2000)
    self.receipt = receipt
    var hash = KeyHash()
    for part in [inbox ?? "", target ?? "", occurrence] {
      hash.combine(part.utf8)
      hash.separate()
    }
    let number = String(hash.value, radix: 16)
    let digits = String(repeating: "0", count: 16 - number.count) + number
    id = "\(event.rawValue)-" + (file.map { "\($0)-" } ?? "") + digits
  }
}
