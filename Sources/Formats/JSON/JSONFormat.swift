import Core

/// JSON: an array of items, one item, or an object of request ids.
struct JSONFormat: FileFormat {
  var isTable: Bool { false }
  var keepsItemText: Bool { true }

  func read(
    _ content: FileContent, _ options: FormatOptions, template: (CSVHeader) throws -> RowTemplate,
    fits: (CSVHeader) -> Bool, begin: (any ItemDecoder) throws -> Void, each: (ItemBlock) throws -> Void
  ) throws -> FileReport {
    var text = try content.bytes()
    let reader = JSONReader(limits: options.limits, objects: options.objects, key: options.key)
    try begin(reader.decoder)
    return FileReport(shape: try reader.read(&text, each: each))
  }

  func count(_ content: FileContent, _ options: FormatOptions) throws -> Int {
    var text = try content.bytes()
    var count = 0
    _ = try JSONReader(limits: options.limits, objects: options.objects).read(&text) { count += $0.items.count }
    return count
  }

  func writeRejects(from content: FileContent, _ work: RejectsWork) throws -> Int {
    var items = JSONRejects(try content.bytes(), work)
    switch work.shape {
    case .array: try items.writeArray()
    case .requestIDs: try items.writeRequests()
    case .single, .rows, .lines: try items.writeSingle()
    }
    return items.lost
  }
}

/// Makes the tags of items that the reader has checked already: where one ends is known only once it is checked.
struct JSONItemDecoder: ItemDecoder {
  let key: SourceKey?

  func decode(_ block: ItemBlock, each: (RawItem, Span<UInt8>) throws -> Void) rethrows {
    for index in block.items.indices {
      let value = block.bytes.span.extracting(block.text(of: index))
      try each(block.item(index, taggedWith: key), value)
    }
  }
}
