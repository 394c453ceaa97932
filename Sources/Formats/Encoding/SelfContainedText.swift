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
