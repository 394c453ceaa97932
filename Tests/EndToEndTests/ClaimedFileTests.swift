import Foundation
import JSONText
import Testing
import TestKit

/// What is queued is known by places in the claimed file: it must not be sent when something else is there.
@Suite struct `A claimed file that somebody touches` {
  private static let items = (1...3).map { record("\($0)") }

  /// Queues a file while the API rejects everything, changes it in `work/`, lets the API go, and fixes the file once
  /// the daemon has reported the change.
  private func check(saying words: String, _ damage: (String) throws -> Void) async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(403) }
    let setup = Setup.lusid(api.url).with { $0.retry = "{initial: 10ms, max: 50ms}" }
    try await withWorld(setup) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.ndjson", in: "investors", Self.items.joined(separator: "\n"))
      _ = try await world.waitFor(target: "lusid", toBe: "held")
      let work = try #require(world.names("investors", "work").first)
      let path = world.path("investors", "work") + "/" + work
      let original = try Data(contentsOf: URL(filePath: path))
      try damage(path)
      let seen = api.requests.count
      trouble.isOver = true
      try await daemon.waitFor(words)
      #expect(api.requests.dropFirst(seen).allSatisfy { !$0.path.contains("batchUpsert") || $0.number <= seen + 1 })
      #expect(try world.receipts("investors").isEmpty, "nothing is given up")
      #expect(try await world.status()["queue"]?["items"]?.integer == 3)
      // Whole at once: half of it would be a changed file.
      try original.write(to: URL(filePath: path), options: .atomic)
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 3)
    }
    await api.stop()
  }

  /// Puts `changed` in the place of a claimed file that waits for an API, through a hard link that its dropper kept, and lets the
  /// API go.
  private func change(
    _ name: String, _ file: [UInt8], to changed: [UInt8], setup more: [String] = [],
    _ check: (World, Receipt, LoopbackServer) async throws -> Void
  ) async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(403) }
    let setup = Setup.lusid(api.url).with {
      $0.retry = "{initial: 10ms, max: 50ms}"
      $0.more = more
    }
    try await withWorld(setup) { world in
      _ = try await world.startDaemon()
      let (link, inbox) = (world.folder + "/kept", world.path("investors", "inbox"))
      try Data(file).write(to: URL(filePath: link))
      try FileManager.default.linkItem(atPath: link, toPath: "\(inbox)/.\(name)")
      #expect(rename("\(inbox)/.\(name)", "\(inbox)/\(name)") == 0)
      _ = try await world.waitFor(target: "lusid", toBe: "held")
      func overwrite(_ bytes: [UInt8]) throws {
        let handle = try #require(FileHandle(forWritingAtPath: link))
        try handle.write(contentsOf: Data(bytes))
        try handle.truncate(atOffset: UInt64(bytes.count))
        try handle.close()
      }
      let seen = api.requests.count
      try overwrite(changed)
      // A request of what was there before may still be under way; the one after it was read from what is there now.
      try await eventually("a request of the changed file") {
        try api.requests.count >= seen + 2 || !world.receipts("investors").isEmpty
      }
      trouble.isOver = true
      try await world.waitForReceipts(1, in: "investors")
      // As if nothing had happened.
      try overwrite(file)
      try world.checkResults("investors", files: 1)
      try await check(world, try world.receipt("investors"), api)
    }
    await api.stop()
  }

  @Test(arguments: ["a.ndjson", "a.json", "ids.json"])
  func `what its dropper changes through a hard link is not sent, and its neighbours are`(name: String) async throws {
    let items = (1...5).map { record("\($0)") }
    let evil = items.map { $0 == items[2] ? record("3", name: "X") : $0 }
    func text(_ items: [String]) -> [UInt8] {
      switch name {
      case "a.ndjson": Array(items.joined(separator: "\n").utf8)
      case "a.json": Array(array(items).utf8)
      default: Array("{\(items.enumerated().map { "\"id-\($0)\": \($1)" }.joined(separator: ",\n"))}".utf8)
      }
    }
    try #require(text(items).count == text(evil).count)
    try await change(name, text(items), to: text(evil)) { world, receipt, api in
      #expect(receipt.codes == [3: "file-changed"])
      #expect(receipt.accepted == 4)
      let sent = api.requests.filter { $0.path.contains("batchUpsert") }.map(\.text)
      #expect(sent.allSatisfy { !$0.contains("\"displayName\":\"X\"") })
      #expect(sent.last?.contains(items[0]) == true && sent.last?.contains(items[4]) == true)
      #expect(receipt["counts"]?["requests"]?.integer == sent.count, "what could not be sent counts as no request")
      let rejects = try world.rejects(of: receipt)
      #expect(rejects.contains("file-changed") && !rejects.contains("displayName"))
      #expect(try await world.run(["verify"]).status == 0)
    }
  }

  private static let csvHead = "identifiers.InvestorRecord/Test/Id,scope,displayName\n"
  private static let noName = record("2").replacing(",\"displayName\":\"2\"", with: ",\"note\":\"secret\"")
  private static func ids(_ items: [String]) -> String {
    "{\(items.enumerated().map { "\"id-\($0)\": \($1)" }.joined(separator: ",\n"))}"
  }

  /// Files of three items, of which the second one is rejected here.
  private static let refused: [(name: String, file: String)] = {
    let items = [record("1"), noName, record("3")]
    return [
      ("a.ndjson", items.joined(separator: "\r\n")), ("a.json", array(items)), ("b.json", ids(items)),
      ("a.csv", csvHead + "1,s,A\n2,secret,\n3,s,C\n"), ("b.csv.gz", csvHead + "1,s,A\r\n2,secret,\r\n3,s,C"),
      ("c.ndjson.gz", items.joined(separator: "\n")),
    ]
  }()

  @Test(arguments: refused.map(\.name), ["forged", "cut", "nothing"])
  func `the rejects file holds no byte that was not checked`(name: String, damage: String) async throws {
    let text = try #require(Self.refused.first { $0.name == name }).file
    func bytes(_ text: String) -> [UInt8] { name.hasSuffix(".gz") ? gzipped(text.utf8) : Array(text.utf8) }
    let changed =
      switch damage {
      case "forged": bytes(text.replacing("secret", with: "forged"))
      case "cut": Array(bytes(text).prefix(bytes(text).count / 3))
      default: [] as [UInt8]
      }
    try await change(name, bytes(text), to: changed) { world, receipt, _ in
      #expect(receipt.codes[2] == "missing-field")
      let rejects = try world.rejects(of: receipt)
      #expect(!rejects.contains("forged") && !rejects.contains("secret"))
      #expect(rejects.contains("missing-field") && rejects.contains("was changed after it was checked"))
      // What is in the outbox, or is unchanged, is sent anyway.
      if name.contains("csv") || name.hasSuffix(".gz") || damage == "forged" { #expect(receipt.accepted == 2) }
      if damage == "nothing", !name.contains("csv"), !name.hasSuffix(".gz") { #expect(receipt.accepted == 0) }
      if name.contains("csv") {
        let head = damage == "forged" ? ",\(Self.csvHead.dropLast())" : ""
        let rows = lines(rejects.replacing("\r\n", with: "\n"))
        #expect(rows.count == 2)
        #expect(rows.first == "_error_code,_error_message,_error_line\(head)")
        #expect(rows.last?.hasSuffix(damage == "forged" ? ",3,,," : ",3") == true)
      } else {
        let document = name.contains("ndjson") ? "[\(lines(rejects).joined(separator: ","))]" : rejects
        let parsed = try JSONValue.parse(Array(document.utf8))
        let entries = parsed.elements ?? parsed.members?.map(\.value) ?? []
        #expect(entries.count == receipt.rejected)
        #expect(entries.allSatisfy { $0.members?.map(\.name) == ["_error"] })
      }
    }
  }

  @Test func `rows below a header row that was changed keep their cells, and lose its names`() async throws {
    let text = Self.csvHead + "1,s,A\n2,secret,\n3,s,C\n"
    let changed = text.replacing("displayName", with: "displayEvil")
    try await change("a.csv", Array(text.utf8), to: Array(changed.utf8)) { world, receipt, _ in
      let rows = lines(try world.rejects(of: receipt))
      #expect(rows.first == "_error_code,_error_message,_error_line")
      #expect(rows.last?.hasPrefix("missing-field,") == true && rows.last?.hasSuffix(",3,2,secret,") == true)
    }
  }

  @Test func `what an older upsertd queued and refused is sent and handed back as before`() async throws {
    let trouble = Arrivals()
    let api = try LoopbackServer { trouble.isOver ? .lusid($0) : .status(403) }
    try await withWorld(Setup.lusid(api.url).with { $0.retry = "{initial: 10ms, max: 50ms}" }) { world in
      let daemon = try await world.startDaemon()
      try world.drop("a.csv", in: "investors", Self.csvHead + "1,s,A\n2,secret,\n3,s,C\n")
      _ = try await world.waitFor(target: "lusid", toBe: "held")
      daemon.send(SIGTERM)
      _ = try await daemon.end()
      // As it left the rows.
      try await world.sql("UPDATE body SET tags = NULL, checksum = NULL")
      try await world.sql("UPDATE refused SET tag = NULL")
      try await world.sql("UPDATE file SET header_tag = NULL")
      trouble.isOver = true
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.codes == [2: "missing-field"])
      let rejects = lines(try world.rejects(of: receipt))
      #expect(rejects.first == "_error_code,_error_message,_error_line,\(Self.csvHead.dropLast())")
      #expect(rejects.last?.hasSuffix(",3,2,secret,") == true)
    }
    await api.stop()
  }

  @Test(arguments: ["a.ndjson", "a.json", "b.json", "a.csv", "b.csv.gz"])
  func `of an item larger than memory that was changed nothing is left in the rejects file`(name: String) async throws {
    let long = String(repeating: "é\\n€😀", count: 500_000)
    let items = [record("1"), record("big", name: long + "secret"), record("3")]
    let text =
      switch name {
      case "a.ndjson": items.joined(separator: "\n")
      case "a.json": array(items)
      case "b.json": Self.ids(items)
      default: Self.csvHead + "1,s,A\nbig,s,\(long)secret\n3,s,C\n"
      }
    func bytes(_ text: String) -> [UInt8] { name.hasSuffix(".gz") ? gzipped(text.utf8) : Array(text.utf8) }
    let changed = bytes(text.replacing("secret", with: "forged"))
    let small = ["limits: {max_item_bytes: 2KiB, max_gzip_ratio: 1000000}"]
    try await change(name, bytes(text), to: changed, setup: small) { world, receipt, _ in
      #expect(receipt.codes == [2: "too-large"])
      let rejects = try world.rejects(of: receipt)
      #expect(rejects.utf8.count < 1000)
      #expect(rejects.contains("too-large") && !rejects.contains("😀"))
    }
  }

  @Test func `a missing one waits, says why, and goes on once it is back`() async throws {
    try await check(saying: "is missing") { try FileManager.default.removeItem(atPath: $0) }
  }

  @Test func `what waits of a missing one can be cancelled`() async throws {
    let api = try LoopbackServer { _ in .status(403) }
    try await withWorld(.lusid(api.url)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.ndjson", in: "investors", Self.items.joined(separator: "\n"))
      _ = try await world.waitFor(target: "lusid", toBe: "held")
      let work = try #require(world.names("investors", "work").first)
      try FileManager.default.removeItem(atPath: world.path("investors", "work") + "/" + work)
      #expect(try await world.run(["cancel", String(work.prefix(26))]).status == 0)
      try await world.waitForReceipts(1, in: "investors")
      let receipt = try world.receipt("investors")
      #expect(receipt.rejected == 3)
    }
    await api.stop()
  }
}
