import Testing

@testable import Core

@Suite struct QueuedBodyTests {
  private static let file = Array(#"{"a":1}\n{"b":[2,3]}\n\n\n  {"c":"x"}"#.utf8)
  private static let texts = [#"{"a":1}"#, #"{"b":[2,3]}"#, #"{"c":"x"}"#]
  private static let key = SourceKey(Array(0..<16))

  private static func source(_ index: Int) throws -> Range<Int> {
    let bytes = Array(texts[index].utf8)
    let start = try #require(file.indices.first { file[$0...].starts(with: bytes) })
    return start..<start + bytes.count
  }

  private static func piece(_ index: Int) -> [UInt8] { Array("\"item-\(index)\":\(texts[index]) ".utf8) }

  private static func body(_ items: some Sequence<Int>) -> String {
    "{\(items.map { String(decoding: piece($0), as: UTF8.self) }.joined(separator: ","))}"
  }

  /// A file's items as bodies have them: each with something before and after what is in the file; the second one is
  /// copied.
  private func queued() throws -> QueuedBatch {
    let key = try #require(Self.key)
    var batcher = Batcher(
      limits: BatchLimits(maxItems: 10, maxBytes: 1000), brackets: (UInt8(ascii: "{"), UInt8(ascii: "}")),
      keepsKeysApart: false)
    for index in 0..<3 {
      let (source, piece) = (try Self.source(index), Self.piece(index))
      let item = BatchItem(
        number: index + 1, line: 1, source: source, pieceLength: piece.count, key: nil,
        tag: key.tag(of: Self.file[source].span))
      let copied = CopiedText(start: piece.count - source.count - 1, source: source)
      let literals = piece[..<copied.start] + [UInt8(ascii: " ")]
      #expect(
        batcher.add(item, literals: index == 1 ? piece[...] : literals, copied: index == 1 ? nil : copied).isEmpty)
    }
    return try #require(batcher.finish().first)
  }

  /// The same as an upsertd without tags queued it.
  private func untagged() throws -> QueuedBatch {
    let body = try queued().body
    var checksum: UInt64 = 0
    for run in body.runs { checksum = XXH64.hash(Self.file[run.source].span, seed: checksum) }
    let items = try queued().items.map { item in
      var item = item
      item.tag = nil
      return item
    }
    return try #require(
      QueuedBatch(
        items: items, literals: body.literals, packedRuns: body.packedRuns, tags: nil,
        storedChecksum: checksum ^ XXH64.hash(body.literals.span, seed: 1)))
  }

  private func load(_ batch: QueuedBatch, from file: [UInt8], _ key: SourceKey? = Self.key) -> LoadedBatch {
    batch.load(checkingWith: key) { range, bytes in bytes += file[range.clamped(to: file.indices)] }
  }

  @Test func `what stands in the file is looked up there, and the body is what it would have been`() throws {
    let batch = try queued()
    #expect(batch.whole == nil)
    #expect(batch.body.runs.count == 2)
    for batch in [batch, try untagged()] {
      let body = Array(Self.body(0..<3).utf8)
      #expect(batch.body.count == body.count)
      #expect(load(batch, from: Self.file) == LoadedBatch(batch: Batch(items: batch.items, body: body)))
      #expect(Batch(items: batch.items, body: body).pieces?.count == 3)
    }
  }

  @Test func `an item with any changed, missing or moved byte is left out, and the others are as they were`() throws {
    let batch = try queued()
    let left = [1, 2, 3].map { number in batch.items.filter { $0.number != number } }
    for place in Self.file.indices {
      var file = Self.file
      file[place] ^= 1
      // What was copied is not looked up.
      let hit = try [0, 2].first { try Self.source($0).contains(place) }
      let loaded = load(batch, from: file)
      #expect(loaded.changed.map(\.number) == (hit.map { [$0 + 1] } ?? []), "\(place)")
      #expect(loaded.batch.items == hit.map { left[$0] } ?? batch.items)
      #expect(loaded.batch.body == Array(Self.body((0..<3).filter { $0 != hit }).utf8))
      #expect(loaded.batch.pieces?.count == loaded.batch.items.count)
      let short = load(batch, from: Array(Self.file[..<place]))
      let isFirstThere = try place >= Self.source(0).upperBound
      #expect(short.changed.map(\.number) == (isFirstThere ? [3] : [1, 3]))
    }
    #expect(load(batch, from: Self.file, SourceKey(Array(1..<17))).changed.map(\.number) == [1, 3])
    #expect(load(batch, from: Self.file, nil).changed.map(\.number) == [1, 3], "nothing goes unchecked")
  }

  @Test func `what an older upsertd queued is checked as a whole`() throws {
    let batch = try untagged()
    for place in Self.file.indices {
      var file = Self.file
      file[place] ^= 1
      let isUsed = try [0, 2].contains { try Self.source($0).contains(place) }
      #expect(load(batch, from: file).changed.count == (isUsed ? 3 : 0), "\(place)")
      #expect(load(batch, from: Array(Self.file[..<place])).changed.count == 3)
    }
    #expect(load(batch, from: Self.file, nil).changed.isEmpty, "there is no tag to check")
  }

  /// XXH64 has no key: whoever knows a text makes another one with the same hash.
  @Test func `texts of the same XXH64 have other tags`() throws {
    let key = try #require(Self.key)
    let text = Array("The first four words of each of two stripes go through one lane.".utf8)
    try #require(text.count == 64)
    func word(_ text: [UInt8], _ place: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(text[place + $1]) << UInt64(8 * $1) }
    }
    let (prime1, prime2): (UInt64, UInt64) = (0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F)
    func lane(_ word: UInt64) -> UInt64 {
      let sum = prime1 &+ prime2 &+ word &* prime2
      return (sum << 31 | sum >> 33) &* prime1
    }
    // By Newton's method, which doubles the right bits each time.
    let inverse = (0..<6).reduce(prime2) { inverse, _ in inverse &* (2 &- prime2 &* inverse) }
    var other = text
    other[0] = UInt8(ascii: "A")
    let second = word(text, 32) &+ (lane(word(text, 0)) &- lane(word(other, 0))) &* inverse
    for index in 0..<8 { other[32 + index] = UInt8(truncatingIfNeeded: second >> UInt64(8 * index)) }
    #expect(other != text)
    #expect(XXH64.hash(other.span, seed: 0) == XXH64.hash(text.span, seed: 0))
    #expect(key.tag(of: other.span) != key.tag(of: text.span))
  }

  @Test func `what the outbox keeps of a batch comes back as it was, and damage is noticed`() throws {
    let batch = try queued()
    let (body, (stored, checksum)) = (batch.body, batch.tagsAndChecksum)
    let tags = try #require(stored)
    let items = try untagged().items
    func read(
      _ literals: [UInt8], _ runs: [UInt8], _ tags: [UInt8]?, _ checksum: UInt64?, _ items: [BatchItem] = items
    ) -> QueuedBatch? {
      QueuedBatch(items: items, literals: literals, packedRuns: runs, tags: tags, storedChecksum: checksum)
    }
    let (literals, runs) = (body.literals, body.packedRuns)
    #expect(read(literals, runs, tags, checksum) == batch)
    #expect(read(literals, runs, tags, checksum ^ 1) == nil)
    #expect(read(literals, runs, tags, nil) == nil)
    #expect(read(literals, runs, tags, checksum, items.dropLast()) == nil)
    for (index, part) in [literals, runs, tags].enumerated() {
      for place in part.indices {
        var parts = [literals, runs, tags]
        parts[index][place] ^= 1
        #expect(read(parts[0], parts[1], parts[2], checksum) == nil)
        parts[index] = Array(part[..<place])
        #expect(read(parts[0], parts[1], parts[2], checksum) == nil)
      }
    }
    let plain = QueuedBatch(items: items, body: QueuedBody(Array("[1]".utf8)))
    let (none, plainChecksum) = plain.tagsAndChecksum
    #expect(none == nil)
    #expect(read(plain.body.literals, [], nil, plainChecksum) == plain)
    #expect(read(plain.body.literals, [], nil, nil) == plain)
    #expect(read(Array("[2]".utf8), [], nil, plainChecksum) == nil)
  }

  @Test func `items that do not fit their body are not taken for it`() throws {
    let batch = try queued()
    for (index, item) in batch.items.enumerated() {
      for length in [0, item.pieceLength - 1, item.pieceLength + 1, 1000, .max] {
        var other = batch
        other.items[index].pieceLength = length
        #expect(load(other, from: Self.file).batch.items.isEmpty)
      }
      var other = batch
      other.items.remove(at: index)
      #expect(load(other, from: Self.file).batch.items.isEmpty)
    }
    var other = batch
    other.items[0].source = 3..<5
    #expect(load(other, from: Self.file).batch.items.isEmpty)
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
