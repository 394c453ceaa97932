import JSONText
import Testing
import TestKit

@Suite struct FuzzTests {
  /// Bytes that JSON and UTF-8 care about, and some that they don't.
  static let telling: [UInt8] =
    Array("{}[]\":,\\/ubntfalse-+.0123456789eE \n\t".utf8)
    + [0x00, 0x1F, 0x7F, 0x80, 0xA0, 0xBF, 0xC0, 0xC3, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF]

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `mutated texts are judged as the plain grammar judges them`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var taken = 0
    for _ in 0..<6000 {
      var bytes = Array(goodTexts.randomElement(using: &random)!.utf8)
      if Bool.random(using: &random) {
        bytes =
          Array("[".utf8) + bytes + Array(",".utf8) + Array(goodTexts.randomElement(using: &random)!.utf8)
          + Array("]".utf8)
      }
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let byte = Self.telling.randomElement(using: &random)!
        let at = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.insert(byte, at: at)
        case 1 where at < bytes.count: bytes[at] = byte
        case 2 where at < bytes.count: bytes.remove(at: at)
        default: bytes.append(byte)
        }
      }
      let cut = Int.random(in: 0...bytes.count, using: &random)
      let found = outcome(of: bytes, cuts: [cut])
      #expect(found == outcome(of: bytes), "\(bytes)")
      let illFormed = PlainParser.firstIllFormed(bytes)
      switch found {
      case .value(let end, _):
        taken += 1
        #expect(PlainParser.accepts(bytes), "\(bytes)")
        walk(bytes, end: end)
      case .fault(let kind, let offset, _):
        #expect(!PlainParser.accepts(bytes), "\(bytes)")
        if kind == .encoding { #expect(offset == illFormed, "\(bytes)") }
        if kind == .syntax, let illFormed { #expect(offset < illFormed, "\(bytes)") }
      }
    }
    #expect(taken > 1200)
  }

  /// Compact text of a value is read as the same value again, byte for byte.
  private func walk(_ bytes: [UInt8], end: Int) {
    let value = JSONValue(bytes.span, afterSpace(bytes.span, from: 0)..<end)
    var text: [UInt8] = []
    value.append(to: &text)
    guard let again = try? JSONValue.parse(text) else {
      Issue.record("\(bytes) became \(text)")
      return
    }
    var second: [UInt8] = []
    again.append(to: &second)
    #expect(text == second)
    #expect(again == value)
  }

  @Test func `walking text that was never checked stays in bounds`() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<8000 {
      let bytes = (0..<Int.random(in: 1...24, using: &random)).map { _ in Self.telling.randomElement(using: &random)! }
      var seen = 0
      forEachMember(of: bytes.span, in: 0..<bytes.count) { member in
        seen += stringContent(bytes.span, member.name).utf8.count + utf16Length(of: bytes.span, member.name)
        #expect(member.whole.upperBound <= bytes.count)
      }
      forEachElement(of: bytes.span, in: 0..<bytes.count) { element, _ in #expect(element.upperBound <= bytes.count) }
      #expect(seen >= 0)
    }
  }
}
