import Core
import Formats
import Glibc
import Testing

/// In processes of their own, since memory is counted by process.
@Suite struct FlatMemoryTests {
  @Test func `a huge JSON item is passed over without being kept`() async {
    await #expect(processExitsWith: .success) {
      let limits = ReaderLimits(maxItemBytes: 256 << 10)
      let before = mostMemory()
      let parts = [
        ("[1,\"", "x", "\",2]"), ("[1,[0", ",0", "],2]"), ("[1,", " ", "3,2]"), ("[1,{\"a\":\"", "é", "\"},2]"),
        ("{\"a\":1,\"", "k", "\":2}"),
      ]
      for (head, repeated, tail) in parts {
        var source = EndlessBytes(head: head, repeating: repeated, count: 8 << 20, tail: tail)
        var numbers: [Int] = []
        let objects = ObjectShape(itemMembers: [], idsAllowed: true)
        _ = try JSONReader(limits: limits, objects: objects, chunkBytes: 64 << 10).readItems(&source) { item, _ in
          numbers.append(item.number)
        }
        #expect(numbers.count == (head.hasPrefix("{") ? 2 : 3))
      }
      #expect(mostMemory() - before < 4 << 20)
    }
  }

  @Test func `a huge NDJSON line is passed over without being kept`() async {
    await #expect(processExitsWith: .success) {
      let limits = ReaderLimits(maxItemBytes: 256 << 10)
      let before = mostMemory()
      for repeated in ["x", " "] {
        var source = EndlessBytes(head: "1\n", repeating: repeated, count: 8 << 20, tail: "\n2")
        var items: [RawItem] = []
        _ = try NDJSONReader(limits: limits, chunkBytes: 64 << 10).readItems(&source) { item, _ in items.append(item) }
        #expect(items.last?.line == 3)
        #expect(items.count == (repeated == "x" ? 3 : 2))
      }
      #expect(mostMemory() - before < 4 << 20)
    }
  }
}

/// The most memory that this process has had so far, in bytes.
///
/// From proc(5): `getrusage` counts that of the process before `execve` as well.
func mostMemory() -> Int {
  guard let status = fopen("/proc/self/status", "r") else { return 0 }
  defer { fclose(status) }
  var buffer = [CChar](repeating: 0, count: 200)
  while fgets(&buffer, Int32(buffer.count), status) != nil {
    let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // VmHWM:     12345 kB
    if line.hasPrefix("VmHWM:"), let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first {
      return (Int(number) ?? 0) << 10
    }
  }
  return 0
}
