import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// Files that take long to read, or are not read at all, and those that come after them.
@Suite struct `Files that are not read yet` {
  /// Two inboxes of one target.
  private func setup(_ url: String) -> Setup {
    var setup = Setup.lusid(url)
    setup.inboxes += ["- {name: others, target: lusid}"]
    setup.queue = "{max_bytes: 100GiB, min_free_disk: 1KiB}"
    return setup
  }

  /// A file of holes: large at once, and read for seconds.
  private func dropHoles(_ name: String, of size: Int, in inbox: String, beginning text: String, _ world: World) throws
  {
    let hidden = "\(world.path(inbox, "inbox"))/.\(name)"
    try FileManager.default.createDirectory(atPath: world.path(inbox, "inbox"), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: hidden))
    guard truncate(hidden, off_t(size)) == 0, rename(hidden, "\(world.path(inbox, "inbox"))/\(name)") == 0 else {
      throw SystemError("make \(name)")
    }
  }

  @Test func `a large malformed file holds up no other inbox while its digest is computed`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(setup(api.url)) { world in
      _ = try await world.startDaemon()
      try dropHoles("large.json", of: 1 << 30, in: "investors", beginning: "[}", world)
      try await eventually("the claim") { world.names("investors", "inbox").isEmpty }
      try world.drop("small.json", in: "others", array([record("1")]))
      try await world.waitForReceipts(1, in: "others")
      #expect(try world.receipts("investors").isEmpty)
      try await world.waitForReceipts(1, in: "investors", within: .seconds(60))
      let receipt = try world.receipt("investors")
      #expect(receipt.errorCode == "malformed-json")
      #expect(receipt["file"]?["sha256"]?.string?.count == 64)
    }
    await api.stop()
  }

  @Test func `status tells what is being read and who waits for it, and cancel ends it`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(setup(api.url)) { world in
      _ = try await world.startDaemon()
      // Lines of nothing: it may hold any key until it is read.
      try dropHoles("large.ndjson", of: 4 << 30, in: "investors", beginning: record("1") + "\n", world)
      try await eventually("the claim") { world.names("investors", "inbox").isEmpty }
      try world.drop("small.json", in: "others", array([record("1", name: "second")]))
      try await eventually("the small file to wait") {
        let unread = try await world.status()["inboxes"]?.elements?.first?["unread"]?.elements?.first
        return unread?["waitingFiles"]?.integer == 1
          && unread?["waitingInboxes"]?.elements?.first?.string == "others"
      }
      #expect(api.requests.isEmpty)
      let (_, queue, _) = try await world.run(["queue", "--inbox", "others"])
      let id = try #require(world.names("investors", "work").first).prefix(26)
      #expect(queue.contains("is waiting until file \(id) is read"))
      #expect(try await world.run(["cancel", String(id)]).status == 0)
      try await world.waitForReceipts(1, in: "others")
      try await world.waitForReceipts(1, in: "investors")
      let receipt = try world.receipt("investors")
      #expect(receipt.errorCode == "cancelled")
      #expect(receipt["orders"]?.elements?.first?["order"]?.string == "cancel")
      #expect(world.names("investors", "outbox/rejected").count == 1)
      #expect(api.requests.flatMap(\.displayNames) == ["second"])
    }
    await api.stop()
  }

  @Test func `a file that is removed while it is read gets a receipt, and everything says so`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(setup(api.url)) { world in
      let daemon = try await world.startDaemon()
      // Its digest takes a while.
      try dropHoles("large.json", of: 1 << 30, in: "investors", beginning: "[}", world)
      try await eventually("its reading") { try await world.run(["queue"]).printed.contains("reading: ") }
      let work = try #require(world.names("investors", "work").first)
      try FileManager.default.removeItem(atPath: world.path("investors", "work") + "/" + work)
      try await world.waitForReceipts(1, in: "investors", within: .seconds(60))
      let receipt = try world.receipt("investors")
      #expect(receipt.errorCode == "file-changed")
      #expect(receipt["error"]?["message"]?.string?.contains("removed from work/ while it was read") == true)
      #expect(receipt["file"]?["bytes"]?.integer == 1 << 30)
      #expect(api.requests.isEmpty)
      #expect(daemon.log.contains("claimed file is missing"))
      #expect(!daemon.log.contains("name is taken"))
      #expect(try await world.run(["show", String(work.prefix(26))]).printed.contains("file-changed"))
      #expect(try await world.run(["verify"]).status == 0)
    }
    await api.stop()
  }

  @Test func `a file that was being read when the daemon was killed keeps the time of its claim, and its place`()
    async throws
  {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(setup(api.url)) { world in
      let daemon = try await world.startDaemon()
      try dropHoles("large.ndjson", of: 4 << 30, in: "investors", beginning: record("1", name: "first") + "\n", world)
      try await eventually("its row") {
        try await world.status()["inboxes"]?.elements?.first?["unread"]?.elements?.first?["since"]?.string != nil
      }
      try world.drop("small.json", in: "others", array([record("1", name: "second")]))
      try await eventually("the claim of the small file") { world.names("others", "inbox").isEmpty }
      daemon.send(SIGKILL)
      _ = try await daemon.end()
      let claimed = try #require(try await world.sql("SELECT received_at_ms FROM file ORDER BY id").first)
      // What is left of the large file is quick to read.
      let work = try #require(world.names("investors", "work").first)
      let end = off_t(record("1", name: "first").utf8.count + 1)
      #expect(truncate(world.path("investors", "work") + "/" + work, end) == 0)
      try await world.workOff()
      let receipt = try world.receipt("investors")
      let time = try Date(
        #require(receipt["file"]?["receivedAt"]?.string),
        strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      #expect(Int((time.timeIntervalSince1970 * 1000).rounded()) == Int(claimed))
      #expect(api.requests.flatMap(\.displayNames) == ["first", "second"])
    }
    await api.stop()
  }

  @Test func `a file that is larger than the queue is rejected at once, and holds up nobody`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(setup(api.url).with { $0.queue = "{max_bytes: 2KiB, min_free_disk: 1KiB}" }) { world in
      _ = try await world.startDaemon()
      try dropHoles("large.json", of: 3 << 10, in: "investors", beginning: "[", world)
      try dropHoles("huge.json", of: 1 << 43, in: "investors", beginning: "[", world)
      try world.drop("small.json", in: "investors", array([record("1")]))
      try await world.waitForReceipts(3, in: "investors")
      #expect(try world.receipt("investors", of: "large.json").errorCode == "too-large")
      #expect(try world.receipt("investors", of: "huge.json").errorCode == "too-large")
      #expect(try world.receipt("investors", of: "small.json").accepted == 1)
    }
    await api.stop()
  }
}
