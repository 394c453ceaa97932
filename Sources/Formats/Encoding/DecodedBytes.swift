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

/// Makes parts of a text in an encoding with shift sequences mean the same in another file.
struct SelfContainedText: ~Copyable {
  private let decoder: CharacterDecoder
  private let encoder: TextEncoder
  /// Follows a part, to see whether it returns to the initial state. A line break ends a run of UTF-7; a letter is
  /// something else in most other states.
  private static let follower = "\nA"
  private let followerBytes: [UInt8]

  /// - Throws: `ReadError` if iconv can't start.
  init(_ encoding: TextEncoding, path: String) throws(ReadError) {
    let decoder = try CharacterDecoder(encoding, path: path)
    let encoder = try TextEncoder(encoding, path: path)
    followerBytes = encoder.encoded(Self.follower)
    self.decoder = decoder
    self.encoder = encoder
  }

  /// `original`, if alone it is `text` and leaves the initial state behind it; otherwise `text`, encoded again.
  borrowing func bytes(of text: [UInt8], from original: [UInt8]) -> [UInt8] {
    let input = original + followerBytes
    let wanted = text + Self.follower.utf8
    var alone: [UInt8] = []
    decoder.finish(into: &alone)
    alone.removeAll()
    var at = 0
    while at < input.count, alone.count <= wanted.count {
      let step = decoder.decode(input.span.extracting(at...), into: &alone, upTo: 4 << 10)
      at += step.taken
      if step.stop == .invalid || step.stop == .incomplete { break }
    }
    decoder.finish(into: &alone)
    if at == input.count, alone == wanted { return original }
    return encoder.encoded(text)
  }
}
