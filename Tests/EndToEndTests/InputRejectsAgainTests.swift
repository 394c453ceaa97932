import Foundation
import JSONText
import Testing
import TestKit

/// `record` with a display name that LUSID does not take.
private func nameless(_ key: String) -> String { record(key, name: "") }

private let empty = "\"displayName\":\"\""
private let name = "\"displayName\":\"N\""

@Suite struct InputRejectsAgainTests {
  @Test func `a line that was no UTF-8 is not taken with U+FFFD in its place, unless somebody says so`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      let item = Array(record("A", name: "M#ller").utf8).map { $0 == UInt8(ascii: "#") ? 0xFC : $0 }
      try world.drop("latin.ndjson", in: "investors", item + Array("\n".utf8))
      var text = ""
      func next(expecting status: Int32, _ change: (String) -> String) async throws {
        try await world.workOff(expecting: status)
        let receipt = try #require(try world.receipts("investors").max { $0.id < $1.id })
        guard status == 1 else { return }
        #expect(receipt.codes == [1: "invalid-encoding"], "\(receipt.document)")
        text = try world.rejects(of: receipt)
        #expect(text.components(separatedBy: "M\u{FFFD}ller").count == 2, "\(text)")
        try world.drop(try #require(receipt["rejects"]?["file"]?.string), in: "investors", change(text))
      }
      try await next(expecting: 1) { $0 }
      try await next(expecting: 1) { $0 }
      try await next(expecting: 1) { $0.replacing("\u{FFFD}", with: "ü") }
      try await next(expecting: 0) { $0 }
      #expect(server.bodies == ["{\"item-1\":\(record("A", name: "Müller"))}"])
      try world.drop("said.ndjson", in: "investors", "{\"_raw\":\(quoted(record("A", name: "M\u{FFFD}ller")))}")
      try await world.workOff()
      #expect(server.bodies.last == "{\"item-1\":\(record("A", name: "M\u{FFFD}ller"))}")
    }
  }

  @Test func `an item of exactly max_item_bytes can be dropped again with its reason`() async throws {
    func setup(_ url: String) -> Setup {
      (.lusid(url) + .liquid(url)).with { $0.more = ["limits: {max_item_bytes: 1000}"] }
    }
    try await withAcceptingWorld(setup) { world, server in
      /// `item` with an `x` that makes it so large.
      func sized(_ item: String, _ count: Int = 1000) -> String {
        let filled = "{\"x\":\"\","
        return "{\"x\":\"" + String(repeating: "x", count: count - item.utf8.count - filled.utf8.count + 1) + "\","
          + item.dropFirst()
      }
      let (bad, refused) = (sized(nameless("A")), sized(account("")))
      try world.drop("a.json", in: "investors", "[\(bad)]")
      try world.drop("b.ndjson", in: "investors", bad)
      try world.drop("c.json", in: "investors", "{\"k\":\(bad)}")
      try world.drop("d.json", in: "investors", bad)
      try world.drop("e.ndjson", in: "investors", "\(sized(nameless("A"), 1001))\r\n")
      try world.drop("f.json", in: "investors", sized(nameless("A"), 1001))
      try world.drop("a.json", in: "accounts", "[\(refused)]")
      try world.drop("b.jsonl", in: "accounts", "\(refused)\n")
      try await world.workOff(expecting: 1)
      let receipts = try world.receipts("investors") + world.receipts("accounts")
      for receipt in receipts {
        let isTooLarge = ["e.ndjson", "f.json"].contains(receipt.file?["name"]?.string)
        #expect((Array(receipt.codes.values) == ["too-large"]) == isTooLarge, "\(receipt.document)")
        let mended = try world.rejects(of: receipt).replacing(empty, with: name).replacing(
          "\"accountId\":\"\"", with: "\"accountId\":\"1\""
        )
        // As large as allowed.
        .replacing("xxx", with: isTooLarge ? "x" : "xx", maxReplacements: 1)
        try world.drop(
          try #require(receipt["rejects"]?["file"]?.string), in: receipt.file?["inbox"]?.string ?? "", mended)
      }
      try await world.workOff()
      #expect(server.requests.count == receipts.count)
    }
  }
}
