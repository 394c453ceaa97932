import JSONText
import Testing

@Suite struct JSONPrefixTests {
  @Test(arguments: [
    (#"{"a": 1, "b": [2"#, #"{"a": 1, "b": []}"#, true),
    (#"{"a": 1, "b": [2, {"x": [1, 2"#, #"{"a": 1, "b": [2]}"#, true),
    (#"{"a": {"x": {"y": 1}, "z": "}],"#, #"{"a": {"x": {"y": 1}}}"#, true),
    (#"{"a": {"x": {}}, "b": "un\"ended"#, #"{"a": {"x": {}}}"#, false),
    (#"{"a": {"x": {}}, "b"#, #"{"a": {"x": {}}}"#, false),
    (#"{"a": {"x": {}}"#, #"{"a": {"x": {}}}"#, false),
    (#"{"a": {"#, #"{"a": {}}"#, true), (#"{"a": 12"#, "{}", false), (" {", " {}", false),
  ])
  func `what was read to its end is kept`(text: String, object: String, isOpen: Bool) throws {
    let prefix = try #require(JSONPrefix(Array(text.utf8), maxNesting: 8))
    #expect(String(decoding: prefix.object, as: UTF8.self) == object)
    #expect(prefix.isLastMemberOpen == isOpen)
  }

  @Test(arguments: ["", "[1", "12", "nul", #"{"a": 1}"#, #"{"a": 1} x"#, #"{"a" 1"#, #"{"a": [[[[[[[[1"#])
  func `what is not the beginning of an object has none`(text: String) {
    #expect(JSONPrefix(Array(text.utf8), maxNesting: 8) == nil)
  }

  @Test func `a prefix of any length is valid, and grows with it`() throws {
    let text =
      #"{"values": {"a": {"n": [1, {"x": "é\n"}]}, "b": {}}, "failed": {"c": {"d": null}}, "links": [[], [1.5e3]]}"#
    var last = 0
    for count in 1..<text.utf8.count {
      let prefix = try #require(JSONPrefix(Array(text.utf8.prefix(count)), maxNesting: 8))
      let value = try JSONValue.parse(prefix.object)
      #expect(try JSONValue.parse(Array(text.utf8)).contains(value) || prefix.isLastMemberOpen)
      #expect(prefix.object.count >= last - 1)
      last = prefix.object.count
    }
  }
}

@Suite struct JSONValueRoomTests {
  private func read(_ text: String, room: Int) -> (value: JSONValue, room: Int) {
    var room = room
    let bytes = Array(text.utf8)
    return (JSONValue(bytes.span, 0..<bytes.count, room: &room), room)
  }

  @Test func `what fits is read whole`() throws {
    let text = #"{"a": [1, "two", true, false, null, {}], "b": {"c": -1.5e3}, "d": []}"#
    let (value, room) = read(text, room: 1000)
    #expect(room >= 0)
    #expect(value == (try JSONValue.parse(Array(text.utf8))))
  }

  @Test func `a text that does not fit is cut, and what follows is left out`() {
    let (value, room) = read(#"{"a": "0123456789", "b": 1}"#, room: 16 + 1 + 16 + 4)
    #expect(room < 0)
    #expect(value["a"]?.string == "0123")
    #expect(value["b"] == nil)
  }

  @Test func `no cut, room or nesting brings the process down`() {
    let text = Array(#"{"a": [1, "t\u00e9\ud800o", true, {"b": [[[]]]}], "é": {"c": -1.5e3}}"#.utf8)
    for end in 1...text.count {
      for limit in 0..<160 {
        var room = limit
        let part = Array(text[..<end])
        _ = JSONValue(part.span, 0..<end, room: &room)
        #expect(room <= limit)
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func `depth does not multiply the work`() throws {
    // Read again at each level, this takes minutes.
    let depth = 480
    let text =
      String(repeating: "[", count: depth) + "\"" + String(repeating: "x", count: 30_000_000) + "\""
      + String(repeating: "]", count: depth)
    let clock = ContinuousClock.now
    let value = try JSONValue.parse(Array(text.utf8))
    #expect(value.elements?.count == 1)
    #expect(clock.duration(to: .now) < .seconds(20))
  }
}
