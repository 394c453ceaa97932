package import Delivery

/// One item as a reader found it, before any API's rules.
///
/// Its JSON text travels beside it; it is empty where `fault` says why there is none.
package struct RawItem: Sendable, Equatable {
  /// Counts from 1 in the file.
  package var number: Int
  /// Physical line on which the item starts, from 1.
  package var line: Int
  /// Where the item stands in the file, in bytes after decompression.
  ///
  /// JSON: the value, or in an object of request ids the whole member from the id's opening quote. NDJSON: the line without its
  /// line break. CSV: the row without its line break.
  package var source: Range<Int>
  /// Where the item's JSON text stands in the file, counted like `source`; nil where it was made from a row.
  package var textStart: Int?
  /// The request id as JSON string content (between the quotes, escapes as written); nil where the file holds none for this item.
  package var requestID: [UInt8]?
  /// What the reader itself refuses: over a limit, a bad NDJSON line, a row or cell that can't be converted.
  package var fault: ItemFault?
  /// Of the bytes at `source`; nil where the reader has no key.
  package var tag: SourceTag?

  package init(
    number: Int, line: Int, source: Range<Int>, textStart: Int? = nil, requestID: [UInt8]? = nil,
    fault: ItemFault? = nil, tag: SourceTag? = nil
  ) {
    self.number = number
    self.line = line
    self.source = source
    self.textStart = textStart
    self.requestID = requestID
    self.fault = fault
    self.tag = tag
  }
}
