import Foundation
import JSONText
import Testing
import TestKit

/// Good files, to be spoiled.
private let seeds: [(inbox: String, ending: String, text: String)] = [
  ("investors", "json", array([record("1"), record("2"), record("3")])),
  ("investors", "json", "{\"a\": \(record("1")),\n \"b\\u0063\":\(record("2")), \"d\" : \(record("3"))}"),
  ("investors", "json", record("1")),
  ("investors", "ndjson", "\(record("1"))\r\n\n\(record("2", name: "é€😀"))\n\(record("3"))"),
  (
    "investors", "csv",
    "requestId,identifiers.A/b/c,scope,displayName,properties.A/b/d:number,properties.A/b/d.unit\r\na,1,s,\"x, \"\"y\"\"\r\n\",1.5,GBP\r\n,2,s,é,,\r\nb,3,s,z,-1e5,\"\"\r\n"
  ),
  (
    "investors", "tsv", "identifiers.A/b/c\tscope\tdisplayName\tproperties.A/b/l:list\n1\ts\tx\ta;b\n2\ts\t\"a\tb\"\t\n"
  ),
  (
    "accounts", "json",
    "[\(account("1")), {\"accountId\":\"2\"},{\"headers\":{\"action\":\"Delete\"},\"data\":{\"accountId\":3}}]"
  ),
  ("accounts", "jsonl", "\(account("1"))\n{\"accountId\":\"2\",\"x\":{\"y\":[1,2,{}]}}\n"),
  (
    "accounts", "csv",
    "accountId,addresses[0].city,exposure:number,x:json,headers.action\n1,\"a\nb\",1,\"{\"\"k\"\":[]}\",\n2,,2,,Update\n3,x,3,null,Delete\n"
  ),
  ("mixed", "json", array([account("1"), account("2")])), ("mixed", "ndjson", "\(record("1"))\n\(record("2"))\n"),
]

/// What breaks things.
private let snippets: [[UInt8]] =
  [
    "\"", ",", "\n", "\r\n", "{", "}", "[", "]", ":", "\\", "\"\"", " ", "\t", ";", "null", "1", "\"_error\":1,",
    "_error_code,",
    "\u{FEFF}", "é", "\\u0000", "\\ud800", "{}", ",,", "\"_raw\":", "\"headers\":{},", "\"a\":",
    "{\"_error\":0,\"_raw\":", "\0",
  ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x82]]

private func spoiled(_ text: String, _ dice: inout SplitMix64) -> [UInt8] {
  var bytes = Array(text.utf8)
  for _ in 0..<Int.random(in: 1...4, using: &dice) {
    let at = Int.random(in: 0...bytes.count, using: &dice)
    switch Int.random(in: 0..<5, using: &dice) {
    case 0: bytes.insert(contentsOf: snippets.randomElement(using: &dice) ?? [], at: at)
    case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...3, using: &dice)))
    case 2: if at < bytes.count { bytes[at] = snippets.randomElement(using: &dice)?.first ?? 0 }
    case 3: if Int.random(in: 0..<4, using: &dice) == 0 { bytes.removeSubrange(at...) }
    default:
      let end = min(bytes.count, at + Int.random(in: 1...30, using: &dice))
      bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &dice))
    }
  }
  return bytes
}

@Suite struct InputRandomTests {
  /// Seeds that once found something may be added.
  @Test(arguments: [UInt64(ProcessInfo.processInfo.environment["INPUT_SEED"] ?? "1") ?? 1])
  func `spoiled files always add up, and their rejects come back as they went`(seed: UInt64) async throws {
    let count = Int(ProcessInfo.processInfo.environment["INPUT_COUNT"] ?? "150") ?? 150
    func setup(_ url: String) -> Setup {
      (.lusid(url) + .liquid(url)).with { $0.inboxes += ["- name: mixed", "  target: auto"] }
    }
    try await withAcceptingWorld(setup) { world, server in
      var dice = SplitMix64(seed: seed)
      var dropped: [String: [UInt8]] = [:]
      var counts: [String: Int] = [:]
      for number in 0..<count {
        let (inbox, ending, text) = seeds.randomElement(using: &dice) ?? seeds[0]
        let bytes = spoiled(text, &dice)
        let isGzipped = Int.random(in: 0..<5, using: &dice) == 0
        let name = "\(number).\(ending)" + (isGzipped ? ".gz" : "")
        dropped[name] = bytes
        counts[inbox, default: 0] += 1
        try world.drop(name, in: inbox, isGzipped ? gzipped(bytes) : bytes)
      }
      _ = try await world.run(["run", "--once"], within: .seconds(120))
      for (inbox, count) in counts { try world.checkResults(inbox, files: count) }
      var first: [Receipt] = []
      for inbox in counts.keys { first += try world.receipts(inbox) }
      var accepted = first.reduce(0) { $0 + ($1.accepted ?? 0) }
      func sent() -> Int {
        server.requests.reduce(0) { $0 + ($1.path.hasPrefix("/ls/") ? $1.items.count : $1.requestIDs.count) }
      }
      #expect(sent() == accepted)
      for request in server.requests { #expect((try? JSONValue.parse(request.body)) != nil, "\(request.text)") }

      // What was rejected is rejected again for the same reason, and nothing is added to it.
      var texts: [String: String] = [:]
      for receipt in first where receipt["rejects"]?["file"]?.string != nil {
        let name = try #require(receipt["rejects"]?["file"]?.string)
        let bytes = try world.bytes(receipt.file?["inbox"]?.string ?? "", "outbox/rejected", name)
        #expect(String(validating: bytes, as: UTF8.self) != nil, "\(name)")
        texts[name] = String(decoding: bytes, as: UTF8.self)
        try world.drop(name, in: receipt.file?["inbox"]?.string ?? "", bytes)
      }
      _ = try await world.run(["run", "--once"], within: .seconds(120))
      for receipt in first {
        guard let name = receipt["rejects"]?["file"]?.string else { continue }
        let again = try world.receipt(receipt.file?["inbox"]?.string ?? "", of: name)
        let source = String(decoding: dropped[receipt.file?["name"]?.string ?? ""] ?? [], as: UTF8.self)
        let story: Comment = "seed \(seed): \(source)\nbecame\n\(texts[name] ?? "")\n\(again.document)"
        accepted += again.accepted ?? 0
        if again.errorCode == "no-route" { continue }
        #expect(again.errorCode == nil, story)
        #expect(again.items == receipt.rejected, story)
        // Text that is not JSON is a string by now.
        let codes = receipt.first.map { $0["code"]?.string == "malformed-json" ? "invalid-item" : $0["code"]?.string }
        if codes.contains("duplicate-request-id") { continue }
        #expect(again.first.map { $0["code"]?.string } == codes, story)
        let twice = try world.rejects(of: again)
        #expect(
          twice.components(separatedBy: "_error").count == texts[name]?.components(separatedBy: "_error").count, story)
      }
      #expect(sent() == accepted)
    }
  }
}
