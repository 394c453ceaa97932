import Core
import Foundation
import JSONText
import Sandbox
import Testing
import TestKit

/// `kill -9` at any moment: whatever was claimed ends as accepted or rejected, in exactly one receipt.
@Suite struct `Kill` {
  private static let environment = ProcessInfo.processInfo.environment
  private static let kills = environment["UPSERTD_KILLS"].flatMap { Int($0) } ?? 12
  private static let seed = environment["UPSERTD_KILL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)

  @Test func `killed again and again, it loses nothing and reports nothing twice`() async throws {
    let began = ContinuousClock.now
    let sandbox = Sandbox(
      SandboxOptions(latency: .milliseconds(40), failRate: 0.1, tokenLifetime: .seconds(5), seed: Self.seed))
    _ = try await sandbox.start()
    let addresses = try #require(await sandbox.addresses)
    var random = SplitMix64(seed: Self.seed)
    try await withWorld(Self.setup(addresses)) { world in
      var files: [PlannedFile] = []
      func drop() throws {
        let file = PlannedFile(number: files.count + 1, items: .random(in: 1...160, using: &random), &random)
        files.append(file)
        try world.drop(file.name, in: file.inbox, file.text)
      }
      for _ in 0..<4 { try drop() }
      var killed = 0
      for _ in 0..<Self.kills {
        let daemon = try world.start(["run"])
        // Most of its life is the start; the moments after it are what matters.
        let isAwaited = Int.random(in: 0..<5, using: &random) > 0
        if isAwaited { try await daemon.waitFor("is ready") }
        let moments = Int.random(in: 1...3, using: &random)
        for _ in 0..<moments {
          try await Task.sleep(for: .milliseconds(Int.random(in: 0..<250, using: &random)))
          if files.count < Self.kills { try drop() }
          if isAwaited, Int.random(in: 0..<4, using: &random) == 0 { daemon.send(SIGHUP) }
        }
        #expect(daemon.status == nil, "it ended by itself:\n\(daemon.log)")
        // Now and then it may end as it wants.
        if isAwaited, Int.random(in: 0..<6, using: &random) == 0 {
          daemon.send(SIGTERM)
          let status = try await daemon.end(within: .seconds(10))
          #expect(status == 0)
        }
        daemon.kill()
        killed += 1
      }
      let (ended, _, log) = try await world.run(["run", "--once"], within: .seconds(120))
      #expect(ended == 0 || ended == 1, "it said:\n\(log)")
      try Self.check(files, world, sandbox)
      let status = try await world.status()
      #expect(status["queue"]?["files"]?.integer == 0)
      #expect(status["queue"]?["batches"]?.integer == 0)
      print(
        "kill test: seed \(Self.seed), \(killed) kills, \(files.count) files, "
          + "\(files.reduce(0) { $0 + $1.items }) items, \(sandbox.stats.lusid.requests + sandbox.stats.liquid.requests) requests, "
          + "\(ContinuousClock.now - began)")
    }
    await sandbox.stop()
  }

  private static func setup(_ addresses: SandboxAddresses) -> Setup {
    let small = ["batch: {max_items: 7}", "concurrency: 3"]
    var setup = Setup.lusid(addresses.lusid, tokensFrom: addresses.lusidToken, target: small)
    setup.targets += [
      "liquid:", "  api: liquid", "  url: \(addresses.liquid)",
      "  auth: {username: svc, password: p, client_id: i, client_secret: s, community: c}",
    ]
    setup.targets += small.map { "  " + $0 }
    setup.inboxes += [
      "- {name: more, target: lusid}", "- {name: accounts, target: liquid, \(Setup.accountKey)}",
      "- {name: mixed, target: auto}",
    ]
    return setup
  }

  /// Compares what was dropped with receipts and with what reached the API.
  private static func check(_ files: [PlannedFile], _ world: World, _ sandbox: Sandbox) throws {
    let note: Comment = "UPSERTD_KILL_SEED=\(seed) UPSERTD_KILLS=\(kills)"
    for inbox in PlannedFile.inboxes { try world.checkResults(inbox, files: files.count { $0.inbox == inbox }) }
    let stored = Set(
      (Array(sandbox.items(of: "lusid").values) + Array(sandbox.items(of: "liquid").values)).compactMap {
        item -> String? in
        guard let raw = item.raw, let value = try? JSONValue.parse(raw) else { return nil }
        return value["displayName"]?.string ?? value["data"]?["accountId"]?.string
      })
    var sent = 0
    for file in files {
      let receipt = try world.receipt(file.inbox, of: file.name)
      #expect(receipt.items == file.items, note)
      #expect(receipt.codes == file.refused, note)
      #expect(receipt.accepted == file.items - file.refused.count, note)
      for item in 1...file.items {
        #expect(stored.contains(file.key(item)) == (file.refused[item] == nil), "\(file.key(item)), \(seed)")
      }
      sent += receipt.requests ?? 0
    }
    // An attempt is written down before it is made.
    let arrived = sandbox.stats.lusid.requests + sandbox.stats.liquid.requests
    #expect(arrived <= sent, note)
    #expect(sandbox.stats.lusid.sharedKeys == 0, note)
  }
}

/// A file of the kill test, and what must become of its items.
private struct PlannedFile {
  static let inboxes = ["investors", "more", "accounts", "mixed"]

  let number: Int
  let items: Int
  let inbox: String
  let name: String
  let text: String
  /// The code of each item that is to be rejected.
  private(set) var refused: [Int: String] = [:]

  init(number: Int, items: Int, _ random: inout SplitMix64) {
    self.number = number
    self.items = items
    inbox = Self.inboxes[Int.random(in: 0..<4, using: &random)]
    let isLiquid = inbox == "accounts" || inbox == "mixed" && Bool.random(using: &random)
    let form = ["csv", "json", "ndjson", "ids.json"][Int.random(in: 0..<(isLiquid ? 3 : 4), using: &random)]
    name = "file-\(number).\(form)"
    var lines: [String] = []
    for item in 1...items {
      let fate = Int.random(in: 0..<40, using: &random)
      let key = "f\(number)-\(item)"
      var description = "plain"
      var shown = key
      switch fate {
      case 0:
        description = "sandbox: reject"
        refused[item] = "rejected-by-api"
      case 1:
        description = "sandbox: malformed"
        refused[item] = "bad-request"
      case 2 where !isLiquid:
        description = "sandbox: ignore"
        refused[item] = "unacknowledged"
      case 3:
        // Rejected here, except for Liquid items of an inbox without a configured key.
        shown = ""
        refused[item] = isLiquid && inbox == "mixed" ? "rejected-by-api" : "missing-field"
      default: break
      }
      lines.append(Self.line(form, isLiquid: isLiquid, key: key, shown: shown, description: description))
    }
    switch form {
    case "csv":
      text =
        (isLiquid
          ? "headers.category,headers.type,headers.action,accountId,description"
          : "scope,identifiers.InvestorRecord/Test/Id,displayName,description") + "\n"
        + lines.joined(separator: "\n") + "\n"
    case "json": text = array(lines)
    case "ndjson": text = lines.joined(separator: "\n") + "\n"
    default: text = "{" + lines.joined(separator: ",\n") + "}"
    }
  }

  func key(_ item: Int) -> String { "f\(number)-\(item)" }

  private static func line(
    _ form: String, isLiquid: Bool, key: String, shown: String, description: String
  ) -> String {
    if form == "csv" {
      return isLiquid ? "entity,Account,Merge,\(shown),\(description)" : "s,\(key),\(shown),\(description)"
    }
    if isLiquid {
      return """
        {"headers":{"category":"entity","type":"Account","action":"Merge"},\
        "data":{"accountId":"\(shown)","description":"\(description)"}}
        """
    }
    let name = shown.isEmpty ? "" : "\"displayName\":\"\(shown)\","
    let record = """
      {"scope":"s",\(name)"identifiers":{"InvestorRecord/Test/Id":\
      {"key":"InvestorRecord/Test/Id","value":{"labelValue":"\(key)"}}},"description":"\(description)"}
      """
    return form == "ids.json" ? "\"\(key)\": \(record)" : record
  }
}
