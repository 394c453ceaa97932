import Testing

@testable import Spool

@Suite struct FileNameTests {
  static let awkward: [[UInt8]] = [
    Array("two words.csv".utf8), Array("quote\"s 'n' `ticks`.csv".utf8), Array("line\nbreak\r\n.csv".utf8),
    Array("-rf *?[a].csv".utf8), Array("Müller 客户 🙂.csv".utf8), [0x63, 0xff, 0xfe, 0x2e, 0x63, 0x73, 0x76],
    [0xe5, 0xae, 0x2e, 0x63, 0x73, 0x76], [0x07, 0x1b, 0x7f], [UInt8](repeating: 0x61, count: 255),
    [UInt8](repeating: 0xff, count: 255),
  ]

  @Test(arguments: awkward) func `a name goes to the kernel and comes back byte for byte`(bytes: [UInt8]) async throws {
    try await withInbox { folders in
      let name = try #require(FileName(bytes: bytes))
      try folders.drop(name, "text")
      #expect(try folders.names(in: folders.inbox) == [name])
      #expect(try folders.contents(name, in: folders.inbox) == "text")
      let claimed = try folders.claim(name)
      #expect(claimed.name == name)
      #expect(try folders.workFiles().map(\.dropped) == [name])
    }
  }

  @Test func `bytes that are not UTF-8 are shown as percent signs and digits`() throws {
    func shown(_ bytes: [UInt8]) -> String? { FileName(bytes: bytes)?.display }
    #expect(shown(Array("Müller.csv".utf8)) == "Müller.csv")
    #expect(shown([0x61, 0xff, 0x62]) == "a%FFb")
    #expect(shown([0x0a, 0x80]) == "\n%80")
    // A sequence that breaks off, an overlong one, a surrogate, one beyond U+10FFFF.
    #expect(shown([0xe5, 0xae, 0x61]) == "%E5%AEa")
    #expect(shown([0xc0, 0xaf]) == "%C0%AF")
    #expect(shown([0xed, 0xa0, 0x80]) == "%ED%A0%80")
    #expect(shown([0xf4, 0x90, 0x80, 0x80]) == "%F4%90%80%80")
    // What is whole stays.
    #expect(shown([0xff] + Array("ü🙂".utf8) + [0xc3]) == "%FFü🙂%C3")
  }

  @Test func `what can't name a file in a folder is refused`() {
    for text in ["", ".", "..", "a/b", "../escape", "nul\0byte", String(repeating: "x", count: 256)] {
      #expect(FileName(text) == nil, "\(text)")
    }
    #expect(FileName(bytes: Array("...".utf8)) != nil)
  }

  @Test func `names sort by their bytes`() {
    let sorted: [FileName] = ["A", "B", "a", "a.csv", "b"]
    #expect(sorted.reversed().sorted() == sorted)
    #expect(FileName(known: [0x7f]) < FileName(known: [0x80]))
  }
}
