import Spool
import Testing

@Suite struct ByteSearchTests {
  @Test func `a text is found where it begins`() {
    let bytes = Array("abcabcab".utf8)
    #expect(ByteSearch(Array("ab".utf8)).place(in: bytes) == 0)
    #expect(ByteSearch(Array("ab".utf8)).place(in: bytes, from: 1) == 3)
    #expect(ByteSearch(Array("abcd".utf8)).place(in: bytes) == nil)
    #expect(ByteSearch([]).place(in: bytes) == nil)
    #expect(ByteSearch(bytes).place(in: bytes, from: 9) == nil && ByteSearch(bytes).place(in: []) == nil)
  }

  @Test func `lines with a text are found whole, however they lie in the pieces that are read`() async throws {
    try await withInbox { folders in
      let filler = String(repeating: "x", count: 700)
      let lines = (1...3000).map { "\($0),\(filler),key-\($0 % 1000),\($0)" }
      try folders.write("a.csv", in: folders.archive, lines.joined(separator: "\n"))
      var found: [String] = []
      try InboxFolders.lines(of: "a.csv", in: folders.archive, with: ByteSearch(Array(",key-0,".utf8))) {
        found.append(String(decoding: $0, as: UTF8.self))
      }
      #expect(found == [999, 1999, 2999].map { lines[$0] })
      let error = #expect(throws: InboxError.self) {
        try InboxFolders.lines(of: "none", in: folders.archive, with: ByteSearch([1])) { _ in }
      }
      #expect(error?.code == .missing)
    }
  }
}
