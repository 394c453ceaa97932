import Core
import Engine
import Foundation
import Outbox
import Spool
import Testing
import TestKit
@testable import Intake
@testable import Runtime
@testable import Telemetry

@Suite struct `Side files` {
  private static let text = IntakeWorld.items()
  private static let sha256 = ", checksum: sha256"

  private static func digest(_ text: String, _ kind: ChecksumKind = .sha256) -> String {
    var digest = Digest(withMD5: true)
    digest.update(Array(text.utf8).span)
    return digest.hexadecimal(kind) ?? ""
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

  @Test(arguments: ChecksumKind.allCases)
  func `a file with the right digest is published, and keeps its side file until it is put away`(
    kind: ChecksumKind
  ) async throws {
    try await withIntakeWorld(inbox: ", checksum: \(kind.rawValue)") { world in
      try await world.run { world in
        try world.drop("a.json", in: "a", Self.text)
        // Another inbox does not wait for that.
        try world.drop("b.json", in: "b", Self.text)
        try await world.wait(for: "b.json", in: "b", toBe: .queued)
        #expect(try world.claimed("a.json", in: "a") == nil)
        let digest = Self.digest(Self.text, kind)
        try world.drop("a.json.\(kind.rawValue)", in: "a", "\(digest.uppercased()) *a.json\r\n")
        try await world.wait(for: "a.json", in: "a", toBe: .queued)
        let id = try #require(try world.claimed("a.json", in: "a"))
        let facts = try #require(try await world.outbox.file(id)).facts
        #expect(facts.completeness == Completeness(checksum: Completeness.Pair(expected: digest, found: digest)))
        #expect(try names(world.folders("a").inbox) == [])
        #expect(try names(world.folders("a").work) == [".\(id).\(kind.rawValue)", "\(id).a.json"])
        try world.folders("a").archive(
          WorkFile(id: id, name: try #require(FileName("\(id).a.json")), dropped: try #require(FileName("a.json"))),
          as: try #require(FileName("a.\(id).json")))
        #expect(try names(world.folders("a").work) == [])
      }
    }
  }

  @Test func `a file with another digest is rejected whole, whatever else is wrong with it`() async throws {
    try await withIntakeWorld(inbox: Self.sha256) { world in
      try await world.run { world in
        let other = Self.digest("something else")
        for (name, text) in [("good.json", Self.text), ("cut.json", String(Self.text.dropLast(9)))] {
          try world.drop(name + ".sha256", in: "a", other)
          try world.drop(name, in: "a", text)
          try await world.wait(for: name, in: "a", toBe: .finishing)
          let record = try #require(try await world.record(name, in: "a"))
          let found = Self.digest(text)
          #expect(record.fault?.code == .checksumMismatch)
          #expect(
            record.fault?.message == "the file's SHA-256 is \(found), but its side file \(name).sha256 says \(other)")
          #expect(record.facts.completeness?.checksum == Completeness.Pair(expected: other, found: found))
          #expect(record.facts.sha256 == found)
          #expect(record.counts == FileCounts())
        }
        #expect(world.published.withLock { $0 } == [])
      }
    }
  }

  @Test func `a side file without a digest rejects its file`() async throws {
    try await withIntakeWorld(inbox: Self.sha256) { world in
      try await world.run { world in
        try world.drop("a.json.sha256", in: "a", "to follow")
        try world.drop("a.json", in: "a", Self.text)
        try await world.wait(for: "a.json", in: "a", toBe: .finishing)
        let record = try #require(try await world.record("a.json", in: "a"))
        #expect(record.fault?.code == .checksumMismatch)
        #expect(record.fault?.message.contains("what the side file a.json.sha256 holds is no SHA-256 digest") == true)
        #expect(record.fault?.message.contains("\"to follow\"") == true)
        #expect(record.facts.completeness == nil)
        #expect(record.facts.sha256 == Self.digest(Self.text))
      }
    }
  }

  @Test func `a file that was read and waits for its turn is compared again after a restart`() async throws {
    try await withIntakeWorld(inbox: Self.sha256) { world in
      world.store.takeNothing(of: "first.json")
      try await world.run { world in
        try world.drop("first.json", in: "b", Self.text)
        _ = try await world.unread("first.json")
        try world.drop("second.json.sha256", in: "a", Self.digest(Self.text))
        try world.drop("second.json", in: "a", Self.text)
        try await eventually("the second to wait") { world.running.tracker.all.first?.waitingFiles == 1 }
      }
      world.store.mend()
      try await world.run { world in
        try await world.wait(for: "second.json", in: "a", toBe: .queued)
        let id = try #require(try world.claimed("second.json", in: "a"))
        #expect(try await world.outbox.file(id)?.facts.completeness?.checksum?.expected == Self.digest(Self.text))
      }
    }
  }

  @Test func `what a crash left beside a claimed file is used, and without it the file waits for it`() async throws {
    try await withIntakeWorld(inbox: Self.sha256) { world in
      let ids = (1...3).map { FileID(at: .now, entropy: UInt128($0)) }
      let folders = world.folders("a")
      for (id, name) in zip(ids, ["beside.json", "behind.json", "without.json"]) {
        try write(Self.text, to: "\(folders.work)/\(id).\(name)")
      }
      try write(Self.digest("other"), to: "\(folders.work)/.\(ids[0]).sha256")
      // The crash came between the two renames.
      try write(Self.digest(Self.text), to: "\(folders.inbox)/behind.json.sha256")
      try await world.run { world in
        try await world.wait(for: "beside.json", in: "a", toBe: .finishing)
        #expect(try await world.outbox.file(ids[0])?.fault?.code == .checksumMismatch)
        try await world.wait(for: "behind.json", in: "a", toBe: .queued)
        try await eventually("the third to be back") { try names(folders.inbox) == ["without.json"] }
        #expect(try await world.outbox.file(ids[2]) == nil)
        try world.drop("without.json.sha256", in: "a", Self.digest(Self.text))
        try await world.wait(for: "without.json", in: "a", toBe: .queued)
        #expect(try #require(try world.claimed("without.json", in: "a")) > ids[2])
      }
    }
  }

  @Test func `a file that changes while it is read goes back with its side file`() async throws {
    try await withIntakeWorld(inbox: Self.sha256) { world in
      try await world.run { world in
        let folders = world.folders("a")
        try world.drop("large.json.sha256", in: "a", Self.digest("any"))
        try world.drop("large.json", in: "a", "[}", size: 1 << 30)
        try await eventually("the claim") { try world.claimed("large.json", in: "a") != nil }
        let id = try #require(try world.claimed("large.json", in: "a"))
        let descriptor = open("\(folders.work)/\(id).large.json", O_WRONLY | O_APPEND)
        #expect(Glibc.write(descriptor, "]", 1) == 1)
        try await eventually("both to be back") {
          try names(folders.inbox) == ["large.json", "large.json.sha256"] && names(folders.work).isEmpty
        }
        close(descriptor)
      }
    }
  }

  @Test func `a corrected rejects file needs no side file`() async throws {
    try await withIntakeWorld(inbox: Self.sha256) { world in
      try await world.run { world in
        let name = "a.\(FileID(at: .now, entropy: 7)).rejected.json"
        try world.drop(name, in: "a", Self.text)
        try await world.wait(for: name, in: "a", toBe: .queued)
        #expect(try await world.record(name, in: "a")?.facts.completeness == nil)
      }
    }
  }
}

@Suite struct `The format of a route` {
  @Test func `it wins over the extension, and lets any name through`() async throws {
    try await withIntakeWorld(inbox: ", format: ndjson") { world in
      try await world.run { world in
        for name in ["a.dat", "b", "c.csv", "d.json"] {
          try world.drop(name, in: "a", String(IntakeWorld.items().dropFirst().dropLast()))
          try await world.wait(for: name, in: "a", toBe: .queued)
          let facts = try #require(try await world.record(name, in: "a")).facts
          #expect(facts.format == "ndjson")
          #expect(facts.shape == "lines")
        }
        // Elsewhere the extension decides.
        try world.drop("a.dat", in: "b", IntakeWorld.items())
        try await world.wait(for: "a.dat", in: "b", toBe: .finishing)
        #expect(try await world.record("a.dat", in: "b")?.fault?.code == .unsupportedFormat)
      }
    }
  }
}
