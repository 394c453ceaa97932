import Core
import Engine
import Foundation
import Logging
import Outbox
import Spool
import Testing
import TestKit
@testable import Results
@testable import Runtime
@testable import Telemetry

/// Receipts and rejects, written in this process by a `ResultPublisher` on a real outbox and real folders.
@Suite struct ResultsTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// A file whose only item can't be sent.
  private static let bad = "[{\"scope\": \"T\"}]"

  private func finisher(of world: IntakeWorld) throws -> ResultPublisher {
    ResultPublisher(
      settings: world.settings, outbox: world.outbox, key: try world.outbox.sourceKey(), instruments: Instruments(),
      stopFlag: StopFlag(), logger: logger)
  }

  /// Writes the results of what is done now.
  private func finish(_ world: IntakeWorld) async throws {
    let finisher = try finisher(of: world)
    await finisher.stop()
    await finisher.run()
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  /// Drops files and waits until they are read and nothing of them is left to be sent.
  private func withFinished(_ count: Int, _ body: (IntakeWorld) async throws -> Void) async throws {
    try await withIntakeWorld { world in
      try await world.run { world in
        for number in 1...count { try world.drop("f\(number).json", in: "a", Self.bad) }
        for number in 1...count { try await world.wait(for: "f\(number).json", in: "a", toBe: .finishing) }
      }
      try await body(world)
    }
  }

  @Test func `each file gets one receipt and one rejects file, its original is archived, and the outbox forgets it`()
    async throws
  {
    try await withFinished(3) { world in
      try await finish(world)
      let folders = world.folders("a")
      #expect(try names(folders.receipts).count == 3)
      #expect(try names(folders.rejected).count == 3)
      #expect(try names(folders.archive).count == 3)
      #expect(try names(folders.work).isEmpty)
      #expect(try await world.outbox.isEmpty())
      let before = try names(folders.receipts)
      try await finish(world)
      #expect(try names(folders.receipts) == before)
    }
  }

  @Test func `accepted items are listed in the file's order, the same each time`() async throws {
    try await withIntakeWorld(inbox: ", results: all") { world in
      // Two keys that take turns, so that items of several batches lie side by side.
      let items = (0..<3000).map {
        """
        {"scope":"s","displayName":"x","identifiers":{"InvestorRecord/T/Id":{"key":"InvestorRecord/T/Id",\
        "value":{"labelValue":"=\($0 % 1200)"}}},\
        "investor":{"investorType":"Person","identifiers":{"P/T/Id":"\($0 % 1200)"}}}
        """
      }
      try await world.run { world in
        try world.drop("f.json", in: "a", "[\(items.joined(separator: ",\n"))]")
        try await world.wait(for: "f.json", in: "a", toBe: .queued)
      }
      var batches = 0
      while true {
        let page = try await world.outbox.line(for: "lusid", after: nil, limit: 1)
        guard let next = page.batches.first else { break }
        #expect(page.files.values.first?.listsAccepted == true)
        batches += 1
        guard
          case .leased(let leased) = try await world.outbox.lease(
            [(next.name, next.attempts)], dueAfterCrash: QueueTime(milliseconds: 0)), let content = leased.first
        else {
          Issue.record("it can't be leased")
          return
        }
        var settlement = Settlement(accepted: content.items.count, unchanged: 0, rejects: [])
        for item in content.items {
          settlement.acceptedItems.append(
            number: item.number, line: item.line, isUnchanged: item.number == 7, key: Array("=\(item.number)".utf8),
            record: (Array("IR\(item.number)".utf8)[...], Array("2".utf8)[...]))
        }
        let facts = RequestFacts(
          status: 201, requestID: "r \(batches), x", sentAt: Timestamp(milliseconds: Int64(batches)),
          answeredAt: Timestamp(milliseconds: Int64(1000 + batches)))
        _ = try await world.outbox.apply([(next.name, .settle(settlement))], request: facts)
      }
      #expect(batches > 5)
      let folders = world.folders("a")
      // The original can't be put away at first: everything is written again.
      try FileManager.default.removeItem(atPath: folders.archive)
      try Data().write(to: URL(filePath: folders.archive))
      var texts: [String] = []
      for isLast in [false, true] {
        if isLast {
          try FileManager.default.removeItem(atPath: folders.archive)
          try folders.prepare()
        }
        try await finish(world)
        #expect(try await world.outbox.isEmpty() == isLast)
        let names = try names(folders.accepted)
        try #require(names.count == 1)
        let list = URL(filePath: folders.accepted + "/" + names[0])
        texts.append(String(decoding: try Data(contentsOf: list), as: UTF8.self))
      }
      let lines = try #require(texts.last).split(separator: "\n").map(String.init)
      #expect(Set(texts).count == 1)
      #expect(lines.count == 3001)
      #expect(lines.dropFirst().enumerated().allSatisfy { $1.hasPrefix("\($0 + 1),\($0 + 1),\"'=\($0 + 1)\",") })
      #expect(lines[1].hasSuffix(",1,\"r 1, x\",1970-01-01T00:00:00.001Z,1970-01-01T00:00:01.001Z,accepted,IR1,2"))
      #expect(lines.filter { $0.contains(",unchanged,") }.count == 1)
      #expect(try names(folders.receipts).count == 1)
    }
  }

  @Test func `a file whose results can't be written waits, and keeps no other from its results`() async throws {
    try await withIntakeWorld { world in
      try await world.run { world in
        for inbox in ["a", "b"] { try world.drop("f.json", in: inbox, Self.bad) }
        for inbox in ["a", "b"] { try await world.wait(for: "f.json", in: inbox, toBe: .finishing) }
      }
      let (stuck, other) = (world.folders("a"), world.folders("b"))
      try FileManager.default.removeItem(atPath: stuck.rejected)
      try Data().write(to: URL(filePath: stuck.rejected))
      try await finish(world)
      #expect(try names(stuck.receipts) == [], "no receipt comes before its rejects")
      #expect(try names(stuck.work).count == 1)
      #expect(try names(other.receipts).count == 1)
      #expect(try await world.outbox.filesUnderWay().ids.count == 1)
      try FileManager.default.removeItem(atPath: stuck.rejected)
      try stuck.prepare()
      try await finish(world)
      #expect(try names(stuck.receipts).count == 1)
      #expect(try names(stuck.rejected).count == 1)
      #expect(try await world.outbox.isEmpty())
    }
  }
}
