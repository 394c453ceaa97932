/// Hands out parts of a file's content again: the refused items, to be written down as they were dropped.
///
/// Goes forward only. A file jumps over what lies between, a gzip is inflated past it.
package struct SourceRanges<Source: PositionedBytes & ~Copyable>: ~Copyable {
  private var source: Source
  private let chunkBytes: Int
  /// What was read last; it ends at the source's position.
  private var chunk: [UInt8] = []

  package init(_ source: consuming Source, chunkBytes: Int = 64 << 10) {
    self.source = source
    self.chunkBytes = chunkBytes
  }

  /// Calls `each` with the bytes of `range`, in order, in pieces of at most `chunkBytes`.
  ///
  /// No range may start before the end of the one before it; all count in bytes after decompression.
  /// - Throws: `SourceEnded` where the content ends before the range, since then the file is no longer what was read; and what the source and
  ///   `each` throw.
  package mutating func copy(_ range: Range<Int>, to each: (Span<UInt8>) throws -> Void) throws {
    var at = range.lowerBound
    while at < range.upperBound {
      if at >= source.position {
        chunk.removeAll(keepingCapacity: true)
        try source.move(to: at)
        try source.read(upTo: chunkBytes, into: &chunk)
        guard source.position > at else { throw SourceEnded() }
      }
      let chunkStart = source.position - chunk.count
      precondition(at >= chunkStart, "ranges must ascend")
      let end = min(range.upperBound, source.position)
      try each(chunk.span.extracting(at - chunkStart..<end - chunkStart))
      at = end
    }
  }
}

/// The content ends before a range of it: the file was changed.
package struct SourceEnded: Error {}
