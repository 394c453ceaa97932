import JSONText
import Testing

@Suite struct JSONScannerTests {
  @Test(arguments: goodTexts)
  func `takes what RFC 8259 takes`(text: String) throws {
    guard case .value(let end, _) = outcome(of: Array(text.utf8)) else {
      Issue.record("refused: \(outcome(of: Array(text.utf8)))")
      return
    }
    let trimmed = text.utf8.reversed().drop { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
    // A number at the top level ends where the text does, or at the next byte.
    #expect(end == trimmed.count)
  }

  @Test(arguments: badTexts)
  func `refuses what RFC 8259 refuses, and says where`(text: String, offset: Int) {
    guard case .fault(let kind, let found, _) = outcome(of: Array(text.utf8)) else {
      Issue.record("taken: \(text)")
      return
    }
    #expect(found == offset)
    #expect(kind == (offset == text.utf8.count ? .end : .syntax))
  }

  @Test(arguments: badBytes)
  func `refuses what is not UTF-8, in strings and outside`(bytes: [UInt8], offset: Int) {
    guard case .fault(.encoding, let found, _) = outcome(of: bytes) else {
      Issue.record("\(outcome(of: bytes))")
      return
    }
    #expect(found == offset)
  }

  @Test func `a text comes to the same however it is cut`() {
    let texts = goodTexts.map { Array($0.utf8) } + badTexts.map { Array($0.0.utf8) } + badBytes.map(\.0)
    for bytes in texts {
      let whole = outcome(of: bytes)
      for first in 0...bytes.count {
        #expect(outcome(of: bytes, cuts: [first]) == whole, "\(bytes) cut at \(first)")
        for second in first...bytes.count where bytes.count < 24 {
          #expect(outcome(of: bytes, cuts: [first, second]) == whole, "\(bytes) cut at \(first), \(second)")
        }
      }
      #expect(outcome(of: bytes, cuts: Array(0..<bytes.count)) == whole)
    }
  }

  @Test func `stops just past the value and leaves the rest alone`() throws {
    let bytes = Array(#"  {"a":[1]}  ,x"#.utf8)
    var scanner = JSONScanner()
    let end = try scanner.scan(bytes.span, from: 1)
    #expect(end == 11)
    var number = JSONScanner()
    let numberEnd = try number.scan(Array("12,".utf8).span, from: 0)
    #expect(numberEnd == 2)
  }

  @Test func `a fault's offset counts from where the scan began`() throws {
    var scanner = JSONScanner()
    let piece = Array("xxx[1,".utf8)
    let end = try scanner.scan(piece.span, from: 3)
    #expect(end == nil)
    #expect(throws: JSONFault(offset: 3, reason: "expected a value, found 'x'")) {
      _ = try scanner.scan(piece.span, from: 0)
    }
  }

  @Test func `names the place where a text ends too early`() {
    let places = [
      "[": "inside an array", "{\"a\":": "inside an object", "\"a": "inside a string", "{\"a": "inside a member name",
      "[-": "inside a number", "[tr": "inside a literal", "": "before a value", "{": "inside an object",
    ]
    for (text, place) in places {
      #expect(outcome(of: Array(text.utf8)) == .fault(.end, text.utf8.count, "the text ends \(place)"))
    }
  }

  @Test func `counts the levels at the deepest place`() {
    for (text, levels) in [("1", 0), ("[]", 1), ("[[],[[{}]]]", 4), (#"{"a":{"b":[]},"c":0}"#, 3)] {
      guard case .value(_, let deepest) = outcome(of: Array(text.utf8)) else {
        Issue.record("refused: \(text)")
        continue
      }
      #expect(deepest == levels)
    }
  }

  @Test(arguments: [63, 64, 65, 127, 128, 129, 1_000_000])
  func `tells objects from arrays at any depth`(levels: Int) {
    // Objects and arrays take turns irregularly, so that no bit of the stack can be missed.
    let isObject = (0..<levels).map { $0 % 3 == 0 || $0 % 7 == 0 }
    var bytes: [UInt8] = isObject.flatMap { Array(($0 ? #"{"a":"# : "[").utf8) } + [UInt8(ascii: "1")]
    bytes += isObject.reversed().map { UInt8(ascii: $0 ? "}" : "]") }
    #expect(outcome(of: bytes) == .value(end: bytes.count, deepest: levels))
    let wrong = bytes.count - levels / 2
    bytes[wrong] = bytes[wrong] == UInt8(ascii: "}") ? UInt8(ascii: "]") : UInt8(ascii: "}")
    guard case .fault(.syntax, wrong, _) = outcome(of: bytes) else {
      Issue.record("not refused")
      return
    }
  }

  @Test func `refuses brackets without end before they eat the memory`() {
    let piece = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
    var scanner = JSONScanner()
    #expect(throws: JSONFault(offset: JSONScanner.maxDepth, reason: "more than 67108864 levels of objects and arrays"))
    {
      for _ in 0...JSONScanner.maxDepth >> 20 { _ = try scanner.scan(piece.span, from: 0) }
    }
  }
}
