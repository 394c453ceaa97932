import Foundation
import JSONText
import Testing
import TestKit

/// `upsertd verify`: all agree, until something is taken away, added or changed.
@Suite struct `Verifying` {
  /// Runs it; the kinds of what it found.
  private func kinds(_ world: World, _ arguments: [String] = [], location: SourceLocation = #_sourceLocation)
    async throws -> [String]
  {
    let (status, printed, log) = try await world.run(["verify", "--json"] + arguments)
    let document = try JSONValue.parse(Array(printed.utf8))
    let found = document["disagreements"]?.elements?.compactMap { $0["kind"]?.string } ?? []
    #expect(status == (found.isEmpty ? 0 : 1), "it said:\n\(log)", sourceLocation: location)
    return found
  }

  private static let damages: [(kinds: [String], act: @Sendable (World) throws -> Void)] = [
    ([], { _ in }),
    (["original-missing"], { try $0.remove("archive") }),
    (["original-bytes"], { try $0.change("archive") { $0 + [10] } }),
    (["original-sha256"], { try $0.change("archive") { [32] + $0.dropFirst() } }),
    (["rejects-missing"], { try $0.remove("outbox/rejected") }),
    (["rejects-count"], { try $0.change("outbox/rejected") { Array("[{},".utf8) + $0.dropFirst() } }),
    (["rejects-unreadable"], { try $0.change("outbox/rejected") { Array($0.dropLast(4)) } }),
    (["results-missing"], { try $0.remove("outbox/accepted") }),
    (["results-sha256"], { try $0.change("outbox/accepted") { $0 + [10] } }),
    (
      ["original-unknown", "rejects-unknown", "results-unknown", "receipt-missing"],
      { try $0.remove("outbox/receipts") }
    ),
    (["receipt-changed"], { try $0.change("outbox/receipts") { $0 + [10] } }),
    (
      ["receipt-invented", "rejects-missing", "results-missing", "original-missing"],
      { try $0.invent("01ARZ3NDEKTSV4RRFFQ69G5FAV") }
    ),
    // What is not a receipt is reported for that alone.
    (
      ["receipt-unreadable"],
      { try FileManager.default.createDirectory(atPath: $0.noReceipt, withIntermediateDirectories: false) }
    ),
    (["receipt-unreadable"], { try $0.write("{", to: $0.noReceipt) }),
    (["receipt-unreadable", "receipt-changed"], { try $0.change("outbox/receipts") { Array($0.dropLast(4)) } }),
    (
      ["receipt-counts", "receipt-changed"],
      {
        try $0.change("outbox/receipts") {
          Array(String(decoding: $0, as: UTF8.self).replacing("\"unchanged\": 0", with: "\"unchanged\": 9").utf8)
        }
      }
    ),
    (
      ["receipt-counts", "receipt-changed", "outbox-history"],
      {
        try $0.change("outbox/receipts") {
          Array(
            String(decoding: $0, as: UTF8.self).replacing(
              "\"items\": 2, \"accepted\": 1", with: "\"items\": 3, \"accepted\": 1"
            ).utf8)
        }
      }
    ),
    (
      ["work-unknown"],
      { try $0.write("[]", to: $0.path("investors", "work") + "/01ARZ3NDEKTSV4RRFFQ69G5FAV.x.json") }
    ),
    (["leftover"], { try $0.write("", to: $0.path("investors", "archive") + "/.upsertd-0-1.part") }),
  ]

  @Test(arguments: damages.indices)
  func `each disagreement is named, and nothing else`(_ index: Int) async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, inbox: ["results: all"])) { world in
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try world.drop("bad.json", in: "investors", "[")
      try await world.workOff(expecting: 1)
      try Self.damages[index].act(world)
      #expect(Set(try await kinds(world)) == Set(Self.damages[index].kinds))
      if ["original-sha256", "results-sha256"].contains(Self.damages[index].kinds.first) {
        #expect(try await kinds(world, ["--quick"]) == [])
      }
    }
    await api.stop()
  }

  @Test func `beside a daemon at work there are no false alarms`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["batch: {max_items: 2}"])) { world in
      _ = try await world.startDaemon()
      for round in 1...3 {
        for file in 1...15 {
          try world.drop("\(round)-\(file).json", in: "investors", array((1...6).map { record("\($0)") } + ["{}"]))
        }
        #expect(try await kinds(world) == [])
      }
      try await world.waitForReceipts(45, in: "investors", within: .seconds(60))
      #expect(try await kinds(world) == [])
      try world.checkResults("investors", files: 45)
    }
    await api.stop()
  }

  @Test func `the outbox's own counts are checked`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      #expect(try await world.run(["run", "--once", "--deadline", "1s"]).status == 75)
      #expect(try await kinds(world) == [])
      try await world.sql("UPDATE file SET items = items + 1")
      #expect(try await kinds(world) == ["outbox-counts"])
      try await world.sql("DELETE FROM refused")
      #expect(try await kinds(world) == ["outbox-counts", "outbox-counts"])
      try world.remove("work")
      #expect(try await kinds(world).contains("work-missing"))
    }
  }
}

extension World {
  /// The first file of one of the inbox's folders that `a.json` left there.
  private func first(_ folder: String) throws -> String {
    let name = try #require(names("investors", folder).first { !$0.hasPrefix("bad.") })
    return path("investors", folder) + "/" + name
  }

  /// The name of a receipt of a file that never was.
  fileprivate var noReceipt: String {
    path("investors", "outbox/receipts") + "/x.json.01ARZ3NDEKTSV4RRFFQ69G5FAV.receipt.json"
  }

  fileprivate func remove(_ folder: String) throws { try FileManager.default.removeItem(atPath: try first(folder)) }

  /// The first receipt once more, as that of another file.
  fileprivate func invent(_ id: String) throws {
    let path = try first("outbox/receipts")
    let known = String(path.split(separator: ".").dropLast(2).last ?? "")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try write(text.replacing(known, with: id), to: path.replacing(known, with: id))
  }

  fileprivate func change(_ folder: String, _ change: ([UInt8]) -> [UInt8]) throws {
    let path = try first(folder)
    try Data(change(Array(try Data(contentsOf: URL(filePath: path))))).write(to: URL(filePath: path))
  }
}
