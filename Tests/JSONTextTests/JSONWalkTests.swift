import JSONText
import Testing

@Suite struct JSONWalkTests {
  private func text(_ bytes: [UInt8], _ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  @Test func `members come in order, with their places`() {
    let bytes = Array(##"xx{ "a" : 1 , "b\"c":{"d":[1,"]}"]},"e":"f\\" ,"a":null, "n":-1.5e3}yy"##.utf8)
    var found: [[String]] = []
    var kinds: [JSONKind] = []
    forEachMember(of: bytes.span, in: 2..<bytes.count - 2) { member in
      found.append([text(bytes, member.name), text(bytes, member.value), text(bytes, member.whole)])
      kinds.append(member.kind)
      #expect(member.nameHasEscapes == text(bytes, member.name).contains("\\"))
    }
    #expect(
      found == [
        ["a", "1", "\"a\" : 1"], [#"b\"c"#, #"{"d":[1,"]}"]}"#, #""b\"c":{"d":[1,"]}"]}"#],
        ["e", #""f\\""#, #""e":"f\\""#],
        ["a", "null", "\"a\":null"], ["n", "-1.5e3", "\"n\":-1.5e3"],
      ])
    #expect(kinds == [.number, .object, .string, .null, .number])
  }

  @Test func `elements come in order, with their places`() {
    let bytes = Array(#"[ true,false ,null, 12 ,"a,b",[[1],2],{"a":[]} ]"#.utf8)
    var found: [String] = []
    var kinds: [JSONKind] = []
    forEachElement(of: bytes.span, in: 0..<bytes.count) { element, kind in
      found.append(text(bytes, element))
      kinds.append(kind)
    }
    #expect(found == ["true", "false", "null", "12", #""a,b""#, "[[1],2]", #"{"a":[]}"#])
    #expect(kinds == [.true, .false, .null, .number, .string, .array, .object])
  }

  @Test func `nothing comes of what is empty`() {
    for empty in ["{}", " { } "].map({ Array($0.utf8) }) {
      forEachMember(of: empty.span, in: 0..<empty.count) { _ in Issue.record("a member") }
    }
    for empty in ["[]", " [ ] "].map({ Array($0.utf8) }) {
      forEachElement(of: empty.span, in: 0..<empty.count) { _, _ in Issue.record("an element") }
    }
  }

  @Test func `an error from the closure ends the walk`() {
    struct Enough: Error {}
    let bytes = Array(#"{"a":1,"b":2}"#.utf8)
    var seen = 0
    #expect(throws: Enough.self) {
      try forEachMember(of: bytes.span, in: 0..<bytes.count) { (_: JSONMember) throws(Enough) in
        seen += 1
        throw Enough()
      }
    }
    #expect(seen == 1)
  }

  @Test func `levels are walked without recursion`() {
    let bytes = Array(
      ("[" + String(repeating: "[", count: 500_000) + String(repeating: "]", count: 500_000) + "]").utf8)
    var found: [Range<Int>] = []
    forEachElement(of: bytes.span, in: 0..<bytes.count) { element, _ in found.append(element) }
    #expect(found == [1..<bytes.count - 1])
  }
}
