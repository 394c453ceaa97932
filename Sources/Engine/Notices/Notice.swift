package import Core

/// Something that people or programs outside want to know: a file is done, one is missing, a target is on hold.
///
/// It is queued in the same commit as what it reports, once for each receiver that asked for its event, and is sent at
/// least once, always with the same id.
package struct Notice: Hashable, Sendable {
  package typealias Event = NoticeEvent

  /// The same for the same occurrence, even when it is reported again after a crash; letters, digits and `-`.
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
  ///   - occurrence: distinguishes this occurrence from others of the same event, inbox, target and file: the day of a
  ///     missing file, the time at which a hold began. It becomes part of the id.
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
