/// The content of a file in another encoding, as UTF-8.
///
/// A byte order mark stays: it becomes EF BB BF. Bytes that are not text are a `FileFault` with their offset, thrown
/// only when everything before them has been returned, so that a fault of the text before comes first. Memory holds one
/// chunk.
package struct DecodedBytes<Source: PositionedBytes & ~Copyable>: ByteSource, ~Copyable {
  private var input: DecodingInput<Source>
  /// In bytes of the decoded text.
  package private(set) var position = 0
  /// Decoded for a read of less than `smallRead` bytes, in which a character might not fit; those before `nextOfRest`
  /// have been returned.
  private var rest: [UInt8] = []
  private var nextOfRest = 0

  private static var chunkBytes: Int { 128 << 10 }
  private static var smallRead: Int { 4 << 10 }

  /// - Parameter alreadyRead: bytes at the file's start that `source` will not give again, read to find its byte order
  ///   mark.
  /// - Throws: `ReadError` if iconv can't start: out of memory, or its tables are no longer installed.
  package init(
    _ source: consuming Source, encoding: TextEncoding, alreadyRead: [UInt8] = []
  ) throws(ReadError) {
    input = try DecodingInput(
      source, encoding: encoding, alreadyRead: alreadyRead, chunkBytes: Self.chunkBytes)
  }

  package var path: String { input.source.path }

  /// As declared; once the first byte has been read, with the byte order that the file's mark declares.
  package var encoding: TextEncoding { input.encoding }

  /// Returns the source: its counts are complete once this value has reached its end.
  package consuming func finish() -> Source { input.finish() }

  package mutating func read(upTo count: Int, into buffer: inout [UInt8]) throws {
    if nextOfRest == rest.count {
      if count >= Self.smallRead {
        let before = buffer.count
        _ = try input.decode(into: &buffer, upTo: count - IconvDescriptor.characterBytes)
        position += buffer.count - before
        return
      }
      rest.removeAll(keepingCapacity: true)
      nextOfRest = 0
      _ = try input.decode(into: &rest, upTo: Self.smallRead)
    }
    let end = min(rest.count, nextOfRest + count)
    buffer += rest[nextOfRest..<end]
    position += end - nextOfRest
    nextOfRest = end
  }
}

extension DecodedBytes: PositionedBytes where Source: ~Copyable {
  package mutating func move(to position: Int) throws {
    try readForward(to: position, chunkBytes: Self.chunkBytes)
  }
}
