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

@Suite struct `Taking files` {
  @Test func `small files of one look are published, with owner and both times`() async throws {
    try await withIntakeWorld { world in
      let before = Timestamp.now
      for name in ["1.json", "2.json"] { try world.drop(name, in: "a", IntakeWorld.items()) }
      try await world.run { world in
        for name in ["1.json", "2.json"] {
          try await world.wait(for: name, in: "a", toBe: .queued)
          let record = try #require(try await world.record(name, in: "a"))
          #expect(record.claimedAt == world.clock.now)
          #expect(record.receivedAt >= before && record.receivedAt <= .now)
          #expect(record.owner == UserID(geteuid()).name)
        }
      }
    }
  }

  @Test func `a file that can't be read keeps its place, and who comes later is read and waits`() async throws {
    try await withIntakeWorld { world in
      world.store.takeNothing(of: "first.json")
      try await world.run { world in
        try world.drop("first.json", in: "a", IntakeWorld.items())
        let unread = try await world.unread("first.json")
        #expect(unread.reason?.contains("disk is full") == true)
        #expect(unread.since != nil)
        try world.drop("second.json", in: "a", IntakeWorld.items())
        try world.drop("third.json", in: "b", IntakeWorld.items())
        try world.drop("aside.json", in: "c", IntakeWorld.items())
        try await world.wait(for: "aside.json", in: "c", toBe: .queued)
        try await eventually("two to wait") {
          world.running.tracker.all.first { $0.name == "first.json" }?.waitingFiles == 2
        }
        #expect(world.running.tracker.all.first { $0.name == "first.json" }?.waitingInboxes == ["a", "b"])
        for (name, inbox) in [("second.json", "a"), ("third.json", "b")] {
          #expect(try await world.record(name, in: inbox)?.state == .reading)
        }
        world.store.mend()
        world.clock.advance(by: .seconds(1))
        for (name, inbox) in [("first.json", "a"), ("second.json", "a"), ("third.json", "b")] {
          try await world.wait(for: name, in: inbox, toBe: .queued)
        }
        try await eventually("all to be told") {
          world.published.withLock { $0 } == ["other", "lusid", "lusid", "lusid"]
        }
        try await eventually("nobody to be unread") { world.running.tracker.all.isEmpty }
      }
    }
  }

  @Test func `what can't be read for an hour is rejected, and who waited goes`() async throws {
    try await withIntakeWorld { world in
      world.store.takeNothing(of: "first.json")
      try await world.run { world in
        try world.drop("first.json", in: "a", IntakeWorld.items())
        _ = try await world.unread("first.json")
        try world.drop("second.json", in: "b", IntakeWorld.items())
        try await world.wait(for: "second.json", in: "b", toBe: .reading)
        world.clock.advance(by: .seconds(3599))
        try await eventually("the last try but one") { world.store.rejects > 1 }
        #expect(try await world.record("second.json", in: "b")?.state == .reading)
        world.clock.advance(by: .seconds(2))
        try await world.wait(for: "first.json", in: "a", toBe: .finishing)
        let record = try #require(try await world.record("first.json", in: "a"))
        #expect(record.fault?.code == .unreadable)
        #expect(record.fault?.message.contains("60 minutes") == true)
        #expect(record.facts.bytes == IntakeWorld.items().utf8.count)
        try await world.wait(for: "second.json", in: "b", toBe: .queued)
      }
    }
  }

  @Test func `cancel ends a file that can't be read, and one that waits for it`() async throws {
    try await withIntakeWorld { world in
      world.store.takeNothing(of: "first.json")
      try await world.run { world in
        try world.drop("first.json", in: "a", IntakeWorld.items())
        _ = try await world.unread("first.json")
        for name in ["second.json", "third.json"] { try world.drop(name, in: "b", IntakeWorld.items()) }
        for name in ["second.json", "third.json"] { try await world.wait(for: name, in: "b", toBe: .reading) }
        try await eventually("two to wait") { world.running.tracker.all.first?.waitingFiles == 2 }
        let second = try #require(try world.claimed("second.json", in: "b"))
        #expect(try await world.intake("b").cancel(second))
        #expect(try await world.record("second.json", in: "b")?.fault?.code == .cancelled)
        #expect(try await world.record("third.json", in: "b")?.state == .reading)
        let first = try #require(try world.claimed("first.json", in: "a"))
        #expect(try await world.intake("a").cancel(first))
        #expect(try await world.record("first.json", in: "a")?.fault?.code == .cancelled)
        try await world.wait(for: "third.json", in: "b", toBe: .queued)
        let third = try #require(try world.claimed("third.json", in: "b"))
        #expect(try await !world.intake("b").cancel(third), "what is published is no longer the intake's")
      }
    }
  }

  @Test func `cancel ends a file in the middle of its reading`() async throws {
    try await withIntakeWorld { world in
      try await world.run { world in
        // Holes do not count as spaces, but a line of a gigabyte is read for a while.
        try world.drop("large.ndjson", in: "a", "", size: 4 << 30)
        try await eventually("the claim") { try world.claimed("large.ndjson", in: "a") != nil }
        let id = try #require(try world.claimed("large.ndjson", in: "a"))
        #expect(try await world.intake("a").cancel(id))
        let record = try #require(try await world.outbox.file(id))
        #expect(record.fault?.code == .cancelled)
        #expect(record.facts.sha256 == nil, "it was not read to its end")
      }
    }
  }

  @Test func `a large file that is of no use holds up nobody while its digest is computed`() async throws {
    try await withIntakeWorld { world in
      try await world.run { world in
        try world.drop("large.json", in: "a", "[}", size: 1 << 30)
        try await eventually("the claim") { try world.claimed("large.json", in: "a") != nil }
        try world.drop("small.json", in: "b", IntakeWorld.items())
        try await world.wait(for: "small.json", in: "b", toBe: .queued)
        #expect(try await world.record("large.json", in: "a")?.state == .reading)
        try await world.wait(for: "large.json", in: "a", toBe: .finishing)
        let record = try #require(try await world.record("large.json", in: "a"))
        #expect(record.fault?.code == .malformedJSON)
        #expect(record.facts.sha256?.count == 64)
      }
    }
  }

  @Test func `a file that is of no use by its name or size takes no room`() async throws {
    try await withIntakeWorld(queue: "{max_bytes: 2KiB, min_free_disk: 1KiB}", limits: "{max_file_bytes: 1MiB}") {
      world in
      try await world.run { world in
        try world.drop("huge.json", in: "a", "[", size: 1 << 43)
        try world.drop("a.xml", in: "a", "", size: 1 << 20)
        try world.drop("large.csv", in: "a", "x", size: 3 << 10)
        try world.drop("small.json", in: "b", IntakeWorld.items())
        try await world.wait(for: "small.json", in: "b", toBe: .queued)
        for (name, code) in [
          ("huge.json", RejectCode.tooLarge), ("a.xml", .unsupportedFormat), ("large.csv", .tooLarge),
        ] {
          try await world.wait(for: name, in: "a", toBe: .finishing)
          #expect(try await world.record(name, in: "a")?.fault?.code == code)
        }
        #expect(try await world.record("large.csv", in: "a")?.fault?.message.contains("queue.max_bytes") == true)
      }
    }
  }

  @Test func `a file for which there is no room now holds up the later files of its own inbox alone`() async throws {
    let one = IntakeWorld.items().utf8.count
    try await withIntakeWorld(queue: "{max_bytes: \(one * 6), min_free_disk: 1KiB}") { world in
      try await world.run { world in
        try world.drop("waits.json", in: "a", IntakeWorld.items(3))
        try await world.wait(for: "waits.json", in: "a", toBe: .queued)
        try world.drop("large.json", in: "a", IntakeWorld.items(4))
        try world.drop("later.json", in: "a", IntakeWorld.items())
        try world.drop("small.json", in: "b", IntakeWorld.items())
        try await world.wait(for: "small.json", in: "b", toBe: .queued)
        #expect(try world.claimed("large.json", in: "a") == nil)
        #expect(try world.claimed("later.json", in: "a") == nil)
      }
    }
  }

  @Test func `what an earlier run claimed keeps its times and owner, and comes before what is dropped`() async throws {
    try await withIntakeWorld { world in
      world.store.takeNothing(of: "first.json")
      try await world.run { world in
        try world.drop("first.json", in: "a", IntakeWorld.items())
        _ = try await world.unread("first.json")
      }
      let before = try #require(try await world.record("first.json", in: "a"))
      world.clock.advance(by: .seconds(7200))
      try await world.run { world in
        try world.drop("second.json", in: "b", IntakeWorld.items())
        try await world.wait(for: "second.json", in: "b", toBe: .reading)
        #expect(try await world.record("first.json", in: "a")?.state == .reading, "the hour begins anew with a run")
        world.store.mend()
        world.clock.advance(by: .seconds(1))
        try await world.wait(for: "first.json", in: "a", toBe: .queued)
        try await world.wait(for: "second.json", in: "b", toBe: .queued)
      }
      let after = try #require(try await world.record("first.json", in: "a"))
      #expect(after.claimedAt == before.claimedAt)
      #expect(after.receivedAt == before.receivedAt)
      #expect(after.owner == before.owner)
    }
  }

  @Test func `no new id sorts before a claimed file of a run whose clock was ahead`() async throws {
    try await withIntakeWorld { world in
      let ahead = FileID(at: .now + .seconds(86_400 * 365), entropy: 7)
      let path = world.folders("a").work + "/\(ahead).first.json"
      try Data(IntakeWorld.items().utf8).write(to: URL(filePath: path))
      try await world.run { world in
        try await world.wait(for: "first.json", in: "a", toBe: .queued)
        #expect(try #require(try await world.outbox.file(ahead)).receivedAt <= .now)
        try world.drop("second.json", in: "b", IntakeWorld.items())
        try await world.wait(for: "second.json", in: "b", toBe: .queued)
        #expect(try #require(try world.claimed("second.json", in: "b")) > ahead)
      }
    }
  }

  @Test func `a claimed file of which nobody knows is found and read`() async throws {
    try await withIntakeWorld { world in
      try await world.run { world in
        try world.drop("other.json", in: "a", IntakeWorld.items())
        try await world.wait(for: "other.json", in: "a", toBe: .queued)
        let stray = FileID(at: .now, entropy: 7)
        let path = world.folders("a").work + "/\(stray).stray.json"
        try Data(IntakeWorld.items().utf8).write(to: URL(filePath: path))
        try await world.wait(for: "stray.json", in: "a", toBe: .queued)
      }
    }
  }

  @Test func `a claimed file that is removed while it is read is rejected as a whole, and holds up nobody`()
    async throws
  {
    try await withIntakeWorld { world in
      try await world.run { world in
        // Its digest takes a while.
        try world.drop("first.json", in: "a", "[}", size: 1 << 30)
        try await eventually("the claim") { try world.claimed("first.json", in: "a") != nil }
        let first = try #require(try world.claimed("first.json", in: "a"))
        try await world.wait(for: "first.json", in: "a", toBe: .reading)
        try #require(unlink(world.folders("a").work + "/\(first).first.json") == 0)
        try world.drop("second.json", in: "b", IntakeWorld.items())
        try await eventually("the end of the first") { try await world.outbox.file(first)?.state == .finishing }
        let record = try #require(try await world.outbox.file(first))
        #expect(record.fault?.code == .fileChanged)
        #expect(record.fault?.message == "the file was removed from work/ while it was read; nothing of it was sent")
        #expect(record.facts.bytes == 1 << 30)
        #expect(record.facts.sha256 == nil)
        try await world.wait(for: "second.json", in: "b", toBe: .queued)
        try await eventually("nobody to be unread") { world.running.tracker.all.isEmpty }
      }
    }
  }

  @Test func `a claimed file that is removed before it can be read is rejected as a whole`() async throws {
    try await withIntakeWorld { world in
      world.store.takeNothing(of: "first.json")
      try await world.run { world in
        try world.drop("first.json", in: "a", IntakeWorld.items())
        _ = try await world.unread("first.json")
        let first = try #require(try world.claimed("first.json", in: "a"))
        try #require(unlink(world.folders("a").work + "/\(first).first.json") == 0)
        world.store.mend()
        world.clock.advance(by: .seconds(1))
        try await eventually("its end") { try await world.outbox.file(first)?.state == .finishing }
        let record = try #require(try await world.outbox.file(first))
        #expect(record.fault?.code == .fileChanged)
        #expect(record.facts.bytes == IntakeWorld.items().utf8.count)
      }
    }
  }

  @Test func `a claimed file whose folder is gone is not taken for removed`() async throws {
    try await withIntakeWorld { world in
      world.store.takeNothing(of: "first.json")
      try await world.run { world in
        try world.drop("first.json", in: "a", IntakeWorld.items())
        _ = try await world.unread("first.json")
        let first = try #require(try world.claimed("first.json", in: "a"))
        let folders = world.folders("a")
        // As if its disk had gone: without an inbox/, nobody prepares the folders again.
        try #require(rename(folders.root, folders.root + ".away") == 0)
        world.store.mend()
        world.clock.advance(by: .seconds(1))
        try await eventually("the news") {
          world.running.tracker.all.contains { $0.id == first && $0.reason?.contains("is not there") == true }
        }
        try #require(rename(folders.root + ".away", folders.root) == 0)
        world.clock.advance(by: .seconds(1))
        try await world.wait(for: "first.json", in: "a", toBe: .queued)
      }
    }
  }

  @Test func `what was read is published once the outbox takes it, in order`() async throws {
    try await withIntakeWorld { world in
      try await world.run { world in
        let first = try await world.claimSlowFile("first.ndjson", in: "a")
        try world.drop("second.json", in: "b", IntakeWorld.items())
        try await eventually("one to wait") { world.running.tracker.all.first?.waitingFiles == 1 }
        world.store.publishNothing()
        // It changes while it is read, and goes back.
        try #require(utimensat(AT_FDCWD, world.folders("a").work + "/\(first).first.ndjson", nil, 0) == 0)
        // Nothing is in its way any more but the outbox.
        try await eventually("the first to be gone") { !world.running.tracker.all.contains { $0.id == first } }
        #expect(try await world.record("second.json", in: "b")?.state == .reading)
        world.store.mend()
        try await world.wait(for: "second.json", in: "b", toBe: .queued)
      }
    }
  }
}
