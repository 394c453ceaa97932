package import Core

/// One item as found by a reader, before any API's rules are applied.
///
/// Its JSON text is passed separately. If there is a `fault`, that text is only good for finding the item's key: it may be
/// empty, lack fields, or not be JSON.
package struct RawItem: Sendable, Equatable {
  /// Counts from 1 in the file.
  package var number: Int
  /// Physical line on which the item starts, from 1.
  package var line: Int
  /// Where the item is in the file, as its format counts: only the format looks there again, to write rejects.
  ///
  /// CSV, JSON and NDJSON count bytes after decompression (and decoding). JSON: the value, or in an object of request ids
  /// the whole member from the id's opening quote. NDJSON: the line without its line break. CSV: the row without its
  /// line break.
  package var source: Range<Int>
  /// Where the item's JSON text starts in the file, in bytes after decompression; nil if it was made from a row.
  package var textStart: Int?
  /// The request id as JSON string content (between the quotes, escapes as written); nil if the file has none for this
  /// item.
  package var requestID: [UInt8]?
  /// Why the reader itself rejects it: over a limit, a bad NDJSON line, a row or cell that can't be converted.
  package var fault: ItemFault?
  /// The tag of what is at `source`; nil if the reader has no key.
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
