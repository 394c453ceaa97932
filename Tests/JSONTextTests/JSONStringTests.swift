import JSONText
import Testing
import TestKit

@Suite struct JSONStringTests {
  static let contents: [(String, String)] = [
    ("", ""), ("abc", "abc"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0041\u00e9\u00E9"#, "Aéé"),
    (#"\uD83D\uDE00"#, "😀"), (#"\uD83D"#, "\u{FFFD}"), (#"\uDE00"#, "\u{FFFD}"), (#"\uD83Dx"#, "\u{FFFD}x"),
    (#"\uD83D\uD83D\uDE00"#, "\u{FFFD}😀"), (#"\uD83D\n"#, "\u{FFFD}\n"), (#"\uD83D\u0041"#, "\u{FFFD}A"),
    ("é€😀", "é€😀"), (#"a\u0000b"#, "a\u{0}b"), (#"\\u0041"#, #"\u0041"#),
    (#"12345678\n12345678"#, "12345678\n12345678"),
  ]

  private func isEqual(_ bytes: [UInt8], _ content: Range<Int>, _ name: String, _ hasEscapes: Bool) -> Bool {
    equals(bytes.span, content, name, hasEscapes: hasEscapes)
  }

  @Test(arguments: contents)
  func `content stands for its text`(content: String, text: String) {
    let bytes = Array("\"\(content)\"".utf8)
    let range = 1..<bytes.count - 1
    #expect(Array(stringContent(bytes.span, range).unicodeScalars) == Array(text.unicodeScalars))
    #expect(utf16Length(of: bytes.span, range) == text.utf16.count)
    let hasEscapes = content.contains("\\")
    #expect(isEqual(bytes, range, text, hasEscapes))
    #expect(!isEqual(bytes, range, text + "x", hasEscapes))
    #expect(!isEqual(bytes, range, "x", hasEscapes))
  }

  @Test func `names that only look alike are not equal`() {
    let composed = Array("\u{E9}".utf8)
    #expect(!isEqual(composed, 0..<2, "e\u{301}", false))
    #expect(isEqual(composed, 0..<2, "\u{E9}", false))
  }

  @Test func `any text comes back from its quoted form`() throws {
    var random = SplitMix64(seed: 7)
    for _ in 0..<3000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...20, using: &random) {
        let limit: UInt32 = [0x20, 0x80, 0x800, 0x10000, 0x110000].randomElement(using: &random)!
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { text.append(scalar) }
      }
      var quoted: [UInt8] = []
      appendQuoted(String(text), to: &quoted)
      guard case .string(let again) = try JSONValue.parse(quoted) else {
        Issue.record("no string: \(quoted)")
        return
      }
      #expect(again.utf8.elementsEqual(String(text).utf8))
    }
  }

  @Test func `only what must be escaped is`() {
    var quoted: [UInt8] = []
    appendQuoted("a/é€😀\u{7F}\u{2028}\"\\\n\r\t\u{8}\u{C}\u{0}\u{1F}", to: &quoted)
    #expect(String(decoding: quoted, as: UTF8.self) == "\"a/é€😀\u{7F}" + #"\u2028\"\\\n\r\t\b\f\u0000\u001f""#)
  }

  @Test func `characters that are not seen but act are escaped, and their neighbours are not`() throws {
    let acting = [0x80...0x9F, 0x61C...0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069].joined()
    for value in (0x80...0x2100).map(UInt32.init) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      var quoted: [UInt8] = []
      appendQuoted(String(scalar), to: &quoted)
      #expect((quoted.count == 8 && quoted[1] == UInt8(ascii: "\\")) == acting.contains(Int(value)), "\(value)")
      #expect(try JSONValue.parse(quoted).string == String(scalar))
    }
  }

  @Test func `bytes that are not UTF-8 are quoted as the standard library mends them`() {
    for (bytes, _) in badBytes {
      var quoted: [UInt8] = []
      appendQuoted(bytes.span, to: &quoted)
      var mended: [UInt8] = []
      appendQuoted(String(decoding: bytes, as: UTF8.self), to: &mended)
      #expect(quoted == mended, "\(bytes)")
    }
  }

  @Test func `bytes are counted and found wherever they stand`() {
    var random = SplitMix64(seed: 9)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in UInt8.random(in: 8...11, using: &random) }
      let start = Int.random(in: 0...bytes.count, using: &random)
      let end = Int.random(in: start...bytes.count, using: &random)
      #expect(bytes.span.occurrences(of: 10, in: start..<end) == bytes[start..<end].filter { $0 == 10 }.count)
      #expect(bytes.span.firstIndex(of: 10, from: start) == bytes[start...].firstIndex(of: 10))
    }
  }
}
