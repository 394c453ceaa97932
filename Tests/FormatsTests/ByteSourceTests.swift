import Core
import CZlib
import Formats
import Glibc
import Testing

/// `content` as one gzip member.
func gzipped(_ content: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = content
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(content.count))))
  let written = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      deflate(&stream, Z_FINISH)
      return output.count - Int(stream.avail_out)
    }
  }
  return Array(output.prefix(written))
}

/// All that `source` gives, asking for `count` bytes at a time.
func all<S: ByteSource & ~Copyable>(_ source: inout S, _ count: Int = 1000) throws -> [UInt8] {
  var bytes: [UInt8] = []
  var before = -1
  while bytes.count > before {
    before = bytes.count
    try source.read(upTo: count, into: &bytes)
    #expect(bytes.count - before <= count)
  }
  return bytes
}

@Suite struct ByteSourceTests {
  private let text = Array((0..<20_000).map { "line \($0 &* 7919 % 104_729)" }.joined(separator: "\n").utf8)

  private func unzip(_ content: [UInt8], limits: GzipLimits = GzipLimits(), pieces: [Int] = [1, 7, 100_000]) throws
    -> [UInt8]
  {
    var first: [UInt8]?
    for piece in pieces {
      for count in [1000, 100_000] {
        var gzip = try GzipBytes(MemoryBytes(content, pieceBytes: piece), limits: limits)
        let bytes = try all(&gzip, count)
        #expect(gzip.position == bytes.count)
        let source = gzip.finish()
        #expect(source.position == content.count)
        if let first { #expect(first == bytes) }
        first = bytes
      }
    }
    return first ?? []
  }

  @Test func `a file is read in order and seen by its observer, once`() throws {
    try withFile(text) { descriptor in
      // The position of the descriptor itself does not matter.
      lseek(descriptor, 17, SEEK_SET)
      var seen: [UInt8] = []
      var file = FileBytes(descriptor: descriptor, path: "a.csv") { piece in
        for i in piece.indices { seen.append(piece[i]) }
      }
      let bytes = try all(&file)
      #expect(bytes == text)
      #expect(seen == text)
      #expect(file.position == text.count)
    }
  }

  @Test func `what is left after a fault is drained for the observer`() throws {
    try withFile(text) { descriptor in
      var seen = 0
      var file = FileBytes(descriptor: descriptor, path: "a.csv") { seen += $0.count }
      var some: [UInt8] = []
      try file.read(upTo: 10, into: &some)
      try file.drain()
      #expect(seen == text.count)
      #expect(file.position == text.count)
    }
  }

  @Test func `a disk that fails is a read error, not a fault of the file`() {
    var file = FileBytes(descriptor: -1, path: "work/a.csv")
    var bytes: [UInt8] = [1]
    #expect(throws: ReadError(path: "work/a.csv", reason: "Bad file descriptor")) {
      try file.read(upTo: 10, into: &bytes)
    }
    #expect(bytes == [1])
  }

  @Test func `a gzip gives what was put in`() throws {
    #expect(try unzip(gzipped(text)) == text)
    #expect(try unzip(gzipped([])) == [])
    #expect(try unzip([]) == [])
  }

  @Test func `members follow one another, and zeros may follow the last`() throws {
    let two = gzipped(Array(text.prefix(5000))) + gzipped([]) + gzipped(Array(text.dropFirst(5000)))
    #expect(try unzip(two) == text)
    #expect(try unzip(two + [UInt8](repeating: 0, count: 10_000)) == text)
  }

  private func fault(_ content: [UInt8], limits: GzipLimits = GzipLimits(), pieces: [Int] = [1, 100_000]) -> FileFault?
  {
    do {
      _ = try unzip(content, limits: limits, pieces: pieces)
      return nil
    } catch {
      return error as? FileFault
    }
  }

  @Test func `a gzip cut anywhere is damaged`() {
    let whole = gzipped(Array(text.prefix(200)))
    for count in 1..<whole.count {
      #expect(fault(Array(whole.prefix(count)))?.code == .malformedGzip, "cut at \(count)")
    }
    let second = whole + gzipped(Array(text.prefix(20)))
    for count in whole.count + 1..<second.count {
      #expect(fault(Array(second.prefix(count)), pieces: [1000])?.code == .malformedGzip, "cut at \(count)")
    }
  }

  @Test func `a gzip with a wrong byte is damaged`() {
    let whole = gzipped(text)
    // The header's time, flags and system say nothing of the content, so they may be anything.
    for at in [0, 1, 2, 30, whole.count / 2, whole.count - 8, whole.count - 1] {
      var wrong = whole
      wrong[at] ^= 0x11
      #expect(fault(wrong, pieces: [1000])?.code == .malformedGzip, "byte \(at)")
    }
  }

  @Test func `other bytes after the end are damage`() {
    let whole = gzipped(Array(text.prefix(100)))
    for tail in [
      [1], [0, 1], [0x1F], [0x1F, 0x00], [0x1F, 0x8B, 0x08], Array("x".utf8),
      [UInt8](repeating: 0, count: 5000) + [0x1F],
    ] as [[UInt8]] {
      #expect(fault(whole + tail)?.code == .malformedGzip, "\(tail.count)")
    }
    #expect(fault(Array("{\"a\":1}".utf8))?.message == "the gzip is damaged: it does not start with a gzip header")
  }

  @Test func `a bomb is stopped by its ratio, but not before a mebibyte`() {
    let small = gzipped([UInt8](repeating: 32, count: 1 << 20))
    #expect(fault(small, pieces: [1000]) == nil)
    let bomb = gzipped([UInt8](repeating: 32, count: 5 << 20))
    #expect(fault(bomb, pieces: [1000])?.code == .tooLarge)
    #expect(fault(bomb, limits: GzipLimits(maxRatio: 1100), pieces: [1000]) == nil)
  }

  @Test func `a gzip is stopped at the largest file`() {
    #expect(fault(gzipped(text), limits: GzipLimits(maxOutputBytes: text.count), pieces: [1000]) == nil)
    let limits = GzipLimits(maxOutputBytes: text.count - 1)
    #expect(fault(gzipped(text), limits: limits, pieces: [1000])?.code == .tooLarge)
  }

  @Test func `a reader reads a gzip as it reads the file in it`() throws {
    let json = Array("[{\"a\":1},\n{\"b\":2}]".utf8)
    try withFile(gzipped(json)) { descriptor in
      var gzip = try GzipBytes(FileBytes(descriptor: descriptor, path: "a.json.gz"), limits: GzipLimits())
      var places: [Range<Int>] = []
      let shape = try JSONReader(limits: ReaderLimits(), objects: .item).readItems(&gzip) { item, _ in
        places.append(item.source)
      }
      #expect(shape == .array)
      #expect(places == [1..<8, 10..<17])
    }
  }
}
