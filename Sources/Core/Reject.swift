/// How many items and requests a file has, by outcome.
package struct FileCounts: Sendable, Equatable {
  package var items = 0
  package var accepted = 0
  /// Part of `accepted`.
  package var unchanged = 0
  package var rejected = 0
  /// All that were sent.
  package var requests = 0

  package init() {}
}

/// An item that was rejected.
package struct Reject: Sendable, Equatable {
  package var item: Int
  package var line: Int
  /// Where it is in the dropped file, as its format counts; empty in a receipt, which does not have it.
  package var source: Range<Int>
  /// Human-readable.
  package var key: String?
  package var code: String
  package var message: String
  /// Of what is at `source`; nil if an older upsertd read the item.
  package var tag: SourceTag?

  package init(
    item: Int, line: Int, source: Range<Int> = 0..<0, key: String?, code: String, message: String, tag: SourceTag? = nil
  ) {
    self.item = item
    self.line = line
    self.source = source
    self.key = key
    self.code = code
    self.message = message
    self.tag = tag
  }

  package init(
    item: Int, line: Int, source: Range<Int>, key: String?, fault: ItemFault, tag: SourceTag? = nil
  ) {
    self.init(
      item: item, line: line, source: source, key: key, code: fault.code.rawValue, message: fault.message, tag: tag)
  }

  /// Why; of a code that this upsertd does not know, only the message.
  package var fault: ItemFault { ItemFault(RejectCode(rawValue: code) ?? .invalidItem, message) }

  /// An item that was queued.
  package init(_ item: BatchItem, key: String?, fault: ItemFault) {
    self.init(
      item: item.number, line: item.line, source: item.source, key: key, fault: fault, tag: item.tag)
  }
}
