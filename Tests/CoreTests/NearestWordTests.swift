import Core
import Testing

@Suite struct NearestWordTests {
  @Test(arguments: [
    ("max_item", "max_items"), ("maxItems", "max_items"), ("max-items", "max_items"), ("amx_items", "max_items"),
    ("tiemout", "timeout"), ("URL", "url"), ("spol", "spool"),
    ("poll_url", "url"), ("time", "timeout"),
  ])
  func `the nearest word is what was meant`(_ word: String, _ meant: String) {
    #expect(nearestWord(to: word, among: ["max_items", "max_bytes", "timeout", "url", "spool"]) == meant)
  }

  @Test func `a word near to nothing means nothing`() {
    #expect(nearestWord(to: "colour", among: ["max_items", "url"]) == nil)
    #expect(nearestWord(to: "x", among: ["a", "b"]) == nil)
    #expect(nearestWord(to: "max", among: ["max_items", "max_bytes"]) == nil)
    #expect(nearestWord(to: "", among: ["a"]) == nil)
    #expect(nearestWord(to: "a", among: []) == nil)
  }
}
