import Core
import Formats
import JSONText
import Testing
import TestKit

@Suite struct ReaderFuzzTests {
  private static let texts = [
    #"[{"a":1,"b":"é😀"},{"c":[true,null,-1.5e3]}]"#, "[ 1 ,\n\"x\" , {} , [] ]\n",
    #"{"r1":{"displayName":"é"},"r2":{"a":[1,2]}}"#,
    "{ \"r1\" : 1 ,\n \"r\\u00e9\" : \"2\" }\n", "[]", "{}", "12.5", "\"é\"", "\n\n[\n{\n\"a\"\n:\n1\n}\n]\n",
  ].map { Array($0.utf8) }

  private static let telling: [UInt8] =
    Array("{}[]\":,\\/ubntfalse-+.0123456789eE \n\t".utf8) + [0x00, 0x1F, 0x80, 0xBF, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]

  private func mutated(_ random: inout SplitMix64) -> [UInt8] {
    var bytes = Self.texts[Int.random(in: Self.texts.indices, using: &random)]
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let byte = Self.telling[Int.random(in: Self.telling.indices, using: &random)]
      let at = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.insert(byte, at: at)
      case 1 where at < bytes.count: bytes[at] = byte
      case 2 where at < bytes.count: bytes.remove(at: at)
      case 3: bytes.removeLast(bytes.count - at)
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  /// The fault of the whole text, scanned as one value; nil where it is one.
  private func fault(of bytes: [UInt8]) -> JSONFault? {
    var scanner = JSONScanner()
    do throws(JSONFault) {
      guard let end = try scanner.scan(bytes.span, from: 0) else {
        try scanner.finish()
        return nil
      }
      let rest = afterSpace(bytes.span, from: end)
      guard rest < bytes.count else { return nil }
      var stray = JSONFault.stray(bytes.span, at: rest, reason: "")
      stray.offset += rest
      return stray
    } catch {
      return error
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `the reader finds the same faults as a scan of the whole`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var sound = 0
    for _ in 0..<3000 {
      let bytes = mutated(&random)
      let expected = fault(of: bytes)
      let objects = ObjectShape(itemMembers: [], idsAllowed: Bool.random(using: &random))
      let chunk = Int.random(in: 1...20, using: &random)
      var source = MemoryBytes(bytes)
      do {
        _ = try JSONReader(limits: ReaderLimits(), objects: objects, chunkBytes: chunk).readItems(&source) {
          item, text in
          // Whatever is handed on is JSON, and is what is at its place.
          #expect(throws: Never.self) { try JSONScanner.check(text) }
          #expect(bytes[item.source].suffix(text.count) == ArraySlice((0..<text.count).map { text[$0] }))
        }
        sound += 1
        #expect(expected == nil, "\(bytes)")
      } catch let found as FileFault {
        guard let expected else {
          Issue.record("\(found) for \(bytes)")
          continue
        }
        if bytes.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
          #expect(found.code == .emptyFile, "\(bytes)")
          continue
        }
        #expect(found.code == (expected.kind == .encoding ? .invalidEncoding : .malformedJSON), "\(bytes)")
        let before = bytes.prefix(expected.offset).split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(found.line == before.count, "\(bytes)")
        #expect(found.column == (before.last?.count ?? 0) + 1, "\(bytes)")
      } catch {
        Issue.record(error)
      }
    }
    #expect(sound > 500)
  }

  @Test(arguments: [4, 5] as [UInt64])
  func `every line is judged as a scan of it alone`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<1000 {
      var bytes: [UInt8] = []
      for _ in 0..<4 { bytes += mutated(&random) + [0x0A] }
      let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
      let chunk = Int.random(in: 1...20, using: &random)
      var source = MemoryBytes(bytes)
      var seen = Set<Int>()
      do {
        _ = try NDJSONReader(limits: ReaderLimits(), chunkBytes: chunk).readItems(&source) { item, _ in
          seen.insert(item.line)
          let line = lines[item.line - 1]
          #expect(Array(bytes[item.source]) == line)
          switch fault(of: line)?.kind {
          case nil: #expect(item.fault == nil, "\(line)")
          case .encoding: #expect(item.fault?.code == .invalidEncoding, "\(line)")
          case .syntax: #expect(item.fault?.code == .malformedJSON, "\(line)")
          // The line break may have cut a character.
          case .end: #expect(item.fault != nil, "\(line)")
          }
        }
      } catch let fault as FileFault {
        #expect(fault.code == .emptyFile)
      }
      let blank = lines.indices.filter { lines[$0].allSatisfy { [0x20, 0x09, 0x0D].contains($0) } }
      #expect(seen.union(blank.map { $0 + 1 }).count == lines.count)
    }
  }
}

extension JSONScanner {
  fileprivate static func check(_ text: Span<UInt8>) throws(JSONFault) {
    var scanner = JSONScanner()
    if try scanner.scan(text, from: 0) == nil { try scanner.finish() }
  }
}
