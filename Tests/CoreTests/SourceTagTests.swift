import Testing

@testable import Core

@Suite struct SourceTagTests {
  private static let key = SourceKey(Array(0..<16))
  private static let text = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  /// Key 00 01 … 0f, text 00 01 …: what the reference implementation gives with one round a word and three at the end.
  @Test(
    arguments: [
      (0, 0xABAC_0158_050F_C4DC), (1, 0xC9F4_9BF3_7D57_CA93), (7, 0xD392_7D98_9BB1_1140), (8, 0x3690_9511_8D29_9A8E),
      (9, 0x25A4_8EB3_6C06_3DE4), (15, 0xD320_D86D_2A51_9956), (16, 0xCC4F_DD1A_7D90_8B66),
      (31, 0x2370_DD1F_8C21_D1BC), (63, 0x9D19_9062_B7BB_B3A8),
    ] as [(UInt8, UInt64)])
  func `the hash is SipHash-1-3`(_ count: UInt8, _ expected: UInt64) {
    let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
    let hash = SipHash13.hash(Array(0..<count).span, key: key)
    #expect(hash == expected)
  }

  /// Made by another program after the description of `SourceHasher`: what is queued today is checked by tomorrow's upsertd.
  @Test(
    arguments: [
      (0, 0x7929_1C7A_4C69_1902), (1, 0xD732_1430_6CE0_BC3F), (127, 0x5C43_C8A6_6EFC_F8D3),
      (128, 0x2072_C0A2_26DE_651A), (129, 0x2A2B_A570_4936_4D21), (300, 0x8201_815A_C8C9_8A2B),
      (1000, 0x725A_2011_87DA_4C87),
    ] as [(Int, UInt64)])
  func `tags stay the same from version to version`(_ count: Int, _ expected: UInt64) throws {
    let key = try #require(Self.key)
    let tag = key.tag(of: Self.text.span.extracting(first: count))
    #expect(tag.value == expected)
  }

  @Test func `bytes that come piece by piece have the same tag`() throws {
    let key = try #require(Self.key)
    for count in [0, 1, 127, 128, 129, 255, 256, 257, 1000] {
      let text = Array(Self.text[..<count])
      let whole = key.tag(of: text.span)
      for step in [1, 3, 8, 64, 100, 127, 128, 129, 300, 1000] {
        var (parts, last) = (SourceHasher(key), SourceHasher(key))
        for start in stride(from: 0, to: count, by: step) {
          let piece = text.span.extracting(start..<min(count, start + step))
          parts.update(piece)
          if start + step < count { last.update(piece) }
        }
        let end = count == 0 ? 0 : (count - 1) / step * step
        let ending = last.tag(endingIn: text.span.extracting(end..<count))
        #expect(parts.tag == whole && ending == whole, "\(count) bytes by \(step)")
      }
    }
  }

  @Test func `every bit counts, and so do order, length and key`() throws {
    let key = try #require(Self.key)
    var tags: Set<SourceTag> = [key.tag(of: Self.text.span)]
    var texts = 1
    for place in 0..<(8 * 300) {
      var text = Self.text
      text[place / 8] ^= 1 << UInt8(place % 8)
      tags.insert(key.tag(of: text.span))
      texts += 1
    }
    let (first, second, rest) = (Self.text[..<128], Self.text[128..<256], Self.text[256...])
    for text in [Array(second + first + rest), Array(first + rest), Self.text + [0], Array(Self.text.dropLast())] {
      tags.insert(key.tag(of: text.span))
      texts += 1
    }
    for half in [0, 15] {
      var bytes = Array(UInt8(0)..<16)
      bytes[half] ^= 1
      tags.insert(try #require(SourceKey(bytes)).tag(of: Self.text.span))
      texts += 1
    }
    #expect(tags.count == texts)
  }

  @Test func `a key is 16 bytes, drawn anew each time, and never shown`() throws {
    #expect(SourceKey(Array(0..<15)) == nil)
    #expect(SourceKey(Array(0..<17)) == nil)
    let drawn = SourceKey.randomBytes()
    #expect(drawn.count == 16)
    #expect(drawn != SourceKey.randomBytes())
    let key = try #require(SourceKey(drawn))
    #expect("\(key)" == "SourceKey" && String(reflecting: key) == "SourceKey")
  }
}
