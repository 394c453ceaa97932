import Core
import JSONText

/// NDJSON: one item per line.
struct NDJSONFormat: FileFormat {
  var isTable: Bool { false }
  var keepsItemText: Bool { true }

  func read(
    _ content: FileContent, _ options: FormatOptions, template: (CSVHeader) throws -> RowTemplate,
    fits: (CSVHeader) -> Bool, begin: (any ItemDecoder) throws -> Void, each: (ItemBlock) throws -> Void
  ) throws -> FileReport {
    var text = try content.bytes()
    let reader = NDJSONReader(limits: options.limits, key: options.key)
    try begin(reader.decoder)
    return FileReport(shape: try reader.read(&text, each: each))
  }

  func count(_ content: FileContent, _ options: FormatOptions) throws -> Int {
    var text = try content.bytes()
    var count = 0
    _ = try NDJSONReader(limits: options.limits).read(&text) { count += $0.items.count }
    return count
  }

  func writeRejects(from content: FileContent, _ work: RejectsWork) throws -> Int {
    var items = JSONRejects(try content.bytes(), work)
    try items.writeLines()
    return items.lost
  }
}

/// Checks lines: each must be one JSON value. A line without a line break is flagged.
struct NDJSONDecoder: ItemDecoder {
  let limits: ReaderLimits
  let key: SourceKey?

  func decode(_ block: ItemBlock, each: (RawItem, Span<UInt8>) throws -> Void) rethrows {
    for index in block.items.indices {
      var item = block.item(index, taggedWith: key)
      let line = block.bytes.span.extracting(block.text(of: index))
      if item.fault != nil {
        try each(item, line)
        continue
      }
      var value = 0..<0
      do throws(ItemFault) {
        value = try Self.value(
          in: line, lead: item.line == 1 ? item.source.lowerBound : 0, isLast: block.isFlagged(index), limits)
      } catch {
        item.fault = error
      }
      item.textStart = item.source.lowerBound + value.lowerBound
      try each(item, item.fault == nil ? line.extracting(value) : line)
    }
  }

  /// The range of the single value that makes up `line`.
  ///
  /// - Parameters:
  ///   - lead: the bytes before the line that count as its own in messages: a byte order mark.
  ///   - isLast: whether no line break follows.
  private static func value(
    in line: Span<UInt8>, lead: Int, isLast: Bool, _ limits: ReaderLimits
  ) throws(ItemFault) -> Range<Int> {
    let start = afterSpace(line, from: 0)
    var scanner = JSONScanner()
    let end: Int
    do throws(JSONFault) {
      end = try scanner.scan(line, from: start) ?? line.count
      if end == line.count { try scanner.finish() }
    } catch {
      throw itemFault(error, from: start, lead, line.count, isLast ? 0 : scanner.unfinishedCharacterBytes)
    }
    let rest = afterSpace(line, from: end)
    guard rest == line.count else {
      let stray = JSONFault.stray(line, at: rest, reason: "more text follows the JSON value")
      throw itemFault(stray, from: rest, lead, line.count, isLast ? 0 : line.count - rest)
    }
    guard scanner.deepest <= limits.maxNesting else { throw .tooDeep(scanner.deepest, limits) }
    return start..<end
  }

  /// The item fault for a fault in text that starts at `start` of a line.
  ///
  /// - Parameters:
  ///   - count: bytes of the line.
  ///   - unfinished: bytes of a character that the line break cut off. These are not UTF-8, whereas at the file's end
  ///     bytes are missing.
  private static func itemFault(
    _ fault: JSONFault, from start: Int, _ lead: Int, _ count: Int, _ unfinished: Int
  ) -> ItemFault {
    if fault.kind == .encoding || fault.kind == .end && unfinished > 0 {
      let offset = lead + (fault.kind == .end ? count - unfinished : start + fault.offset)
      return ItemFault(.invalidEncoding, "the line is not UTF-8 at offset \(offset): save the file as UTF-8")
    }
    let column = lead + start + fault.offset + 1
    return ItemFault(.malformedJSON, "the line is not valid JSON at column \(column): \(fault.reason)")
  }
}
