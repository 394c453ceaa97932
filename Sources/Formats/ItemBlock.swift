package import Core

/// Items that a reader found one after the other, with their bytes: what one thread decodes at a time.
package struct ItemBlock: Sendable {
  private struct Place {
    var textEnd: Int
    var cellsEnd: Int
    /// Of a row: all its cells, even those that are not kept.
    var cellCount: Int
    var isFlagged: Bool
  }

  package private(set) var items: [RawItem] = []
  private var places: [Place] = []
  package private(set) var bytes: [UInt8] = []
  /// Of all rows; their places are those in `bytes`.
  private(set) var cells: [CSVCell] = []

  /// Large enough that handing it to another thread costs nothing by comparison.
  private static let fullBytes = 192 << 10
  private static let fullItems = 1500

  package init() {}

  package var isEmpty: Bool { items.isEmpty }
  package var isFull: Bool { bytes.count >= Self.fullBytes || items.count >= Self.fullItems }

  /// - Parameter text: what the item is made from; empty if nothing of it was kept.
  mutating func append(_ item: RawItem, _ text: Span<UInt8>, isFlagged: Bool = false) {
    if items.isEmpty { bytes.reserveCapacity(Self.fullBytes + text.count) }
    bytes.append(contentsOf: text)
    items.append(item)
    places.append(Place(textEnd: bytes.count, cellsEnd: cells.count, cellCount: 0, isFlagged: isFlagged))
  }

  /// - Parameters:
  ///   - row: the row's bytes.
  ///   - start: where the row starts in the bytes that the places of its cells refer to.
  mutating func append(
    _ item: RawItem, row: Span<UInt8>, from start: Int, cells: [CSVCell], cellCount: Int, isFlagged: Bool
  ) {
    let shift = bytes.count - start
    append(item, row, isFlagged: isFlagged)
    for var cell in cells {
      cell.start += shift
      cell.end += shift
      self.cells.append(cell)
    }
    let last = places.count - 1
    (places[last].cellsEnd, places[last].cellCount) = (self.cells.count, cellCount)
  }

  /// Item number `index` of the block, with its tag: the reader makes only those of items whose bytes are not all here.
  ///
  /// - Parameter key: nil for no tags.
  func item(_ index: Int, taggedWith key: SourceKey?) -> RawItem {
    var item = items[index]
    if item.tag == nil { item.tag = key?.tag(of: bytes.span.extracting(text(of: index))) }
    return item
  }

  /// Which of `bytes` item number `index` of the block is made from.
  package func text(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : places[index - 1].textEnd)..<places[index].textEnd
  }

  /// Which of `cells` are those of row number `index` of the block.
  func cells(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : places[index - 1].cellsEnd)..<places[index].cellsEnd
  }

  func cellCount(of index: Int) -> Int { places[index].cellCount }
  /// What only the reader knows of an item, and the format's decoder needs: see there.
  func isFlagged(_ index: Int) -> Bool { places[index].isFlagged }

  /// The block as it is, leaving it empty.
  mutating func take() -> ItemBlock {
    let block = self
    self = ItemBlock()
    return block
  }

  /// Passes on what was found before a fault of the file: it may have an earlier one.
  mutating func passOnFault<Value>(
    to each: (ItemBlock) throws -> Void, _ find: (inout ItemBlock) throws -> Value
  ) throws -> Value {
    do {
      let value = try find(&self)
      if !isEmpty { try each(take()) }
      return value
    } catch let fault as FileFault {
      if !isEmpty { try each(take()) }
      throw fault
    }
  }
}

/// Completes the items that a reader found: does all that needs nothing but the item itself.
///
/// The reader itself is left with what has an order: where the items are, their numbers, and the rules that concern the
/// file as a whole. So one thread finds items while others decode them.
package protocol ItemDecoder: Sendable {
  /// Calls `each` with every item of the block and its JSON, in order; if the item has a fault, with what is good for
  /// finding its key, or with nothing.
  ///
  /// - Throws: any error of `each`.
  func decode(_ block: ItemBlock, each: (RawItem, Span<UInt8>) throws -> Void) rethrows
}

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
