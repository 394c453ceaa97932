import Core

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
