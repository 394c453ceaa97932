import Formats
import Testing

@Suite struct SourceRangesTests {
  private let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
  private let ranges = [
    0..<1, 1..<1, 1..<10, 10..<300, 299..<300, 1000..<1001, 20_000..<45_000, 45_000..<45_002, 49_999..<50_000,
  ]

  private func check<S: PositionedBytes & ~Copyable>(_ source: consuming S, chunkBytes: Int) throws {
    var parts = SourceRanges(source, chunkBytes: chunkBytes)
    for range in ranges where range != 299..<300 {
      var part: [UInt8] = []
      try parts.copy(range) { piece in
        #expect(piece.count <= chunkBytes)
        for i in piece.indices { part.append(piece[i]) }
      }
      #expect(part == Array(content[range]), "\(range)")
    }
  }

  @Test(arguments: [1, 7, 256, 1 << 16])
  func `parts come as they stand, from a file and from a gzip`(chunkBytes: Int) throws {
    try check(MemoryBytes(content, pieceBytes: 100), chunkBytes: chunkBytes)
    try withFile(content) { descriptor in
      try check(FileBytes(descriptor: descriptor, path: "a"), chunkBytes: chunkBytes)
    }
    try withFile(gzipped(content)) { descriptor in
      let file = FileBytes(descriptor: descriptor, path: "a.gz")
      try check(GzipBytes(file, limits: GzipLimits()), chunkBytes: chunkBytes)
    }
  }

  @Test func `a file that lost its end meanwhile is noticed`() throws {
    try withFile(content) { descriptor in
      for range in [49_990..<50_001, 60_000..<60_001] {
        var parts = SourceRanges(FileBytes(descriptor: descriptor, path: "a"))
        #expect(throws: SourceEnded.self) { try parts.copy(range) { _ in } }
      }
    }
    var parts = SourceRanges(try GzipBytes(MemoryBytes(gzipped(content)), limits: GzipLimits()))
    #expect(throws: SourceEnded.self) { try parts.copy(60_000..<60_001) { _ in } }
  }
}
