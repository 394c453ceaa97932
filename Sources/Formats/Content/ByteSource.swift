/// The bytes of a dropped file, in order: the file itself, or its unpacked gzip content.
package protocol ByteSource: ~Copyable {
  /// Appends up to `count` bytes to `buffer`; appends nothing at the end.
  ///
  /// - Throws: `ReadError` if the disk fails, `FileFault` if the content can't be used (a damaged gzip, a gzip bomb).
  mutating func read(upTo count: Int, into buffer: inout [UInt8]) throws
}

/// The disk failed while a claimed file was being read; it may recover.
package struct ReadError: Error, Equatable, CustomStringConvertible {
  package var path: String
  package var reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  package var description: String { "read \"\(path)\": \(reason)" }
}

/// A source that can skip ahead without returning the bytes in between.
package protocol PositionedBytes: ByteSource, ~Copyable {
  /// For messages.
  var path: String { get }
  /// The number of content bytes before the next one.
  var position: Int { get }
  /// Moves to `position`, which must not be before the current one.
  ///
  /// May stop at the content's end.
  mutating func move(to position: Int) throws
}

extension PositionedBytes where Self: ~Copyable {
  /// Moves by reading what is in between, for a source that can't jump.
  mutating func readForward(to position: Int, chunkBytes: Int) throws {
    var passed: [UInt8] = []
    while self.position < position {
      passed.removeAll(keepingCapacity: true)
      let before = self.position
      try read(upTo: min(chunkBytes, position - before), into: &passed)
      if self.position == before { return }
    }
  }
}

/// Bytes that are in memory already: a row, or the beginning of a file.
package struct HeldBytes: PositionedBytes {
  package let content: [UInt8]
  package private(set) var position = 0
  package var path: String { "bytes in memory" }

  package init(_ content: [UInt8]) { self.content = content }

  package mutating func read(upTo count: Int, into buffer: inout [UInt8]) {
    let end = min(content.count, position + count)
    buffer += content[position..<end]
    position = end
  }

  package mutating func move(to position: Int) { self.position = min(position, content.count) }
}

/// Returns parts of a file's content again: the rejected items, to be written as they were dropped.
///
/// Moves forward only. In a file, it jumps over the bytes in between; a gzip has to be inflated past them.
package struct SourceRanges<Source: PositionedBytes & ~Copyable>: ~Copyable {
  private var source: Source
  private let chunkBytes: Int
  /// The last chunk read; it ends at the source's position.
  private var chunk: [UInt8] = []

  package init(_ source: consuming Source, chunkBytes: Int = 64 << 10) {
    self.source = source
    self.chunkBytes = chunkBytes
  }

  /// Calls `each` with the bytes of `range`, in order, in pieces of at most `chunkBytes`.
  ///
  /// No range may start before the previous one ends; all are in bytes after decompression.
  /// - Throws: `SourceEnded` if the content ends before the range does, which means that the file has changed since it
  ///   was read; and any error of the source and `each`.
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

/// The content ends before the range does: the file was changed.
package struct SourceEnded: Error {}
