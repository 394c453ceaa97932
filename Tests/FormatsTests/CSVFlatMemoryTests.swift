import Core
import Formats
import Testing

/// In processes of their own, since memory is counted by process.
@Suite struct CSVFlatMemoryTests {
  @Test func `a huge row is passed over without being kept`() async {
    await #expect(processExitsWith: .success) {
      let before = mostMemory()
      let parts = [
        ("a,b\n1,", "x", "\n2,3\n"), ("a,b\n1,\"", "x\n", "\"\n2,3\n"), ("a,b\n1", ",", "\n2,3\n"),
        ("a,b\n1,\"", "\"\"", "\"\n2,3\n"), ("a,b\n1,", "é", "\n2,3\n"), ("a,b\n1,", "\r", "\n2,3"),
      ]
      for (head, repeated, tail) in parts {
        var source = EndlessBytes(head: head, repeating: repeated, count: 12 << 20, tail: tail)
        var codes: [RejectCode?] = []
        _ = try read(&source) { item, _ in codes.append(item.fault?.code) }
        #expect(codes == [.tooLarge, nil])
      }
      // Up to the limit, 1 MiB, a row is kept, in an array that doubles; kept whole it would take 12 MiB and more.
      #expect(mostMemory() - before < 8 << 20)
    }
  }

  @Test func `a file of many rows is read in as little memory as one of few`() async {
    await #expect(processExitsWith: .success) {
      let before = mostMemory()
      // Pieces of a length that divides a chunk's, so that each chunk begins with a whole one.
      for (repeated, rows) in [("1,\"234\"\n", 3 << 19), ("\n", 0), ("\r\n", 0)] {
        var source = EndlessBytes(head: "a,b\n", repeating: repeated, count: 12 << 20, tail: "3,4")
        var items = 0
        _ = try read(&source) { _, _ in items += 1 }
        #expect(items == rows + 1)
      }
      #expect(mostMemory() - before < 8 << 20)
    }
  }

  @Test func `a header row without an end is given up`() async {
    await #expect(processExitsWith: .success) {
      let before = mostMemory()
      for delimiter in [Delimiter.auto, .character(",")] {
        var source = EndlessBytes(head: "a,", repeating: "b,", count: 4 << 20, tail: "\n1,2\n")
        #expect(throws: FileFault.self) { try read(&source, delimiter) { _, _ in } }
      }
      // Kept whole, its two million cells alone would be 64 MiB.
      #expect(mostMemory() - before < 8 << 20)
    }
  }
}

private func read(
  _ source: inout EndlessBytes, _ delimiter: Delimiter = .character(","),
  each: (RawItem, Span<UInt8>) throws -> Void
) throws -> CSVDialect {
  var options = CSVOptions()
  options.delimiter = delimiter
  let limits = ReaderLimits(maxItemBytes: 16 << 10)
  return try CSVReader(options, limits: limits, chunkBytes: 64 << 10).readItems(&source) { header in
    try RowPlan(header, mapping: nil).template(empty: .omit, limits: limits) { path throws(FileFault) in
      .field(PlacedField(path: path.steps, type: path.type))
    }
  } each: { item, json in
    try each(item, json)
  }.layout.dialect
}
