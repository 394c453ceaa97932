import Core
import Engine
import Foundation
import Spool
import Logging
import Outbox
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
