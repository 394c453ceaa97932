import Testing

@testable import Delivery

@Suite struct QueuedBodyTests {
  private struct Changed: Error {}

  private static let file = Array(#"{"a":1}\n{"b":[2,3]}\n\n\n  {"c":"x"}"#.utf8)

  /// A file's items as bodies have them: each with something before and behind what stands in the file.
  private func queued() throws -> (batch: QueuedBatch, body: String) {
    var batcher = Batcher(
      limits: BatchLimits(maxItems: 10, maxBytes: 1000), brackets: (UInt8(ascii: "{"), UInt8(ascii: "}")),
      keepsKeysApart: false)
    var body: [String] = []
    for (index, item) in [#"{"a":1}"#, #"{"b":[2,3]}"#, #"{"c":"x"}"#].enumerated() {
      let bytes = Array(item.utf8)
      let start = try #require(Self.file.indices.first { Self.file[$0...].starts(with: bytes) })
      let piece = Array("\"item-\(index)\":".utf8) + bytes + Array(" ".utf8)
      let source = start..<start + bytes.count
      #expect(
        batcher.add(
          BatchItem(number: index + 1, line: 1, source: source, pieceLength: piece.count, key: nil), piece: piece,
          copied: index == 1 ? nil : CopiedText(start: piece.count - bytes.count - 1, source: source)
        ).isEmpty)
      body.append(String(decoding: piece, as: UTF8.self))
    }
    return (try #require(batcher.finish().first), "{\(body.joined(separator: ","))}")
  }

  private func whole(_ body: QueuedBody, from file: [UInt8]) throws -> String {
    String(
      decoding: try body.whole(
        reading: { (range, bytes) throws(Changed) in bytes += file[range.clamped(to: file.indices)] },
        onChange: Changed()), as: UTF8.self)
  }

  @Test func `what stands in the file is looked up there, and the body is what it would have been`() throws {
    let (batch, body) = try queued()
    #expect(batch.whole == nil)
    #expect(batch.body.runs.count == 2)
    #expect(batch.body.count == body.utf8.count)
    #expect(try whole(batch.body, from: Self.file) == body)
    #expect(Batch(items: batch.items, body: Array(body.utf8)).pieces?.count == 3)
  }

  @Test func `any changed, missing or moved byte of the file is noticed`() throws {
    let body = try queued().batch.body
    let used = Set(body.runs.flatMap { Array($0.source) })
    for place in Self.file.indices {
      var file = Self.file
      file[place] ^= 1
      if used.contains(place) {
        #expect(throws: Changed.self, "\(place)") { try whole(body, from: file) }
      } else {
        #expect(throws: Never.self) { try whole(body, from: file) }
      }
      #expect(throws: Changed.self) { try whole(body, from: Array(Self.file[..<place])) }
    }
  }

  @Test func `what the outbox keeps of a body comes back as it was, and damage is noticed`() throws {
    let body = try queued().batch.body
    let packed = body.packedRuns
    let checksum = body.storedChecksum
    #expect(QueuedBody(literals: body.literals, packedRuns: packed, storedChecksum: checksum) == body)
    #expect(QueuedBody(literals: body.literals, packedRuns: packed.dropLast(), storedChecksum: checksum) == nil)
    #expect(QueuedBody(literals: [], packedRuns: packed, storedChecksum: checksum) == nil)
    let plain = QueuedBody(Array("[1]".utf8))
    #expect(QueuedBody(literals: plain.literals, packedRuns: [], storedChecksum: plain.storedChecksum) == plain)
    #expect(QueuedBody(literals: plain.literals, packedRuns: [], storedChecksum: nil) == plain)
    #expect(QueuedBody(literals: Array("[2]".utf8), packedRuns: [], storedChecksum: plain.storedChecksum) == nil)
    let other = QueuedBody(literals: body.literals, packedRuns: packed, storedChecksum: checksum ^ 1)
    #expect(throws: Changed.self) { try whole(try #require(other), from: Self.file) }
  }

  /// As `xxhsum -H1` prints them.
  @Test(
    arguments: [
      ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
      ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
    ] as [(String, UInt64)])
  func `the checksum is XXH64`(_ text: String, _ expected: UInt64) {
    let bytes = Array(text.utf8)
    let hash = XXH64.hash(bytes.span, seed: 0)
    #expect(hash == expected)
  }
}
