import Testing

@testable import Sandbox

@Suite struct JSONScannerTests {
  @Test(arguments: [
    "0", "-0", "10", "1.0", "-1.5E+10", "true", "false", "null", #""""#, #""\"\\\/\b\f\n\r\té\u0041""#, "[]", "{}",
    " [ 1 , [ ] , { } ] ", #"{"a":{"b":[1,"2",null]},"a":1}"#, #""😀""#,
    String(repeating: "[", count: 250) + String(repeating: "]", count: 250),
  ])
  func `JSON is taken`(_ text: String) throws {
    let document = try JSONScanner.document(of: Array(text.utf8))
    #expect(Array(document.root.raw) == Array(text.trimming.utf8))
  }

  @Test(arguments: [
    "", " ", "01", "-", "+1", "1.", ".5", "1e", "1e+", "tru", "nul", "True", #"""#, #""a"#, #""\x""#, #""\u12g4""#,
    #""\u12"#,
    "\"\n\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":1,}"#, "{a:1}",
    #"{"a" 1}"#, "1 2", "[]]", "\u{FEFF}[]", "/**/1", String(repeating: "[", count: 300), "-01", "NaN",
  ])
  func `what is no JSON is refused`(_ text: String) {
    #expect(throws: JSONFault.self) { try JSONScanner.document(of: Array(text.utf8)) }
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    #expect(throws: JSONFault.self) { try JSONScanner.document(of: [0x22, 0xFF, 0x22]) }
    #expect(throws: JSONFault.self) { try JSONScanner.document(of: [0x22, 0xED, 0xA0, 0x80, 0x22]) }
  }

  @Test func `a fault has a line and a column`() throws {
    let fault = #expect(throws: JSONFault.self) { try JSONScanner.document(of: Array("{\n \"é\": x}".utf8)) }
    #expect(fault?.line == 2)
    #expect(fault?.column == 8)
  }

  @Test func `parts give names, values and texts`() throws {
    let text = #"{"n": 1.50 , "\u006e": [ {"x":"a\ud83d\ude00\n"}, 2 ], "s":"é"}"#
    let root = try JSONScanner.document(of: Array(text.utf8)).root
    #expect(root.members.map { $0.name.text } == ["n", "n", "s"])
    let last = try #require(root.member("n"))
    #expect(last.kind == .array)
    #expect(last.elements.map { String(decoding: $0.raw, as: UTF8.self) } == [#"{"x":"a\ud83d\ude00\n"}"#, "2"])
    #expect(Array(last.elements).first?.member("x")?.text == "a😀\n")
    #expect(root.member("s")?.says("é") == true)
    #expect(root.member("s")?.says("e") == false)
    #expect(root.member("t")?.text == nil)
  }

  @Test func `written texts read back the same`() throws {
    let texts = ["", "plain", "\"\\/", "\u{0}\u{1F}\n\t", "é😀\u{2028}"]
    var json = JSONOutput()
    json.array { json in texts.forEach { json.string($0) } }
    let root = try JSONScanner.document(of: json.bytes).root
    #expect(root.elements.map(\.text) == texts)
  }
}

extension String {
  fileprivate var trimming: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
