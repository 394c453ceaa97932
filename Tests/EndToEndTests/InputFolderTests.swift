import Foundation
import Glibc
import JSONText
import Testing
import TestKit

@Suite struct InputFolderTests {
  @Test func `what is no regular file stays, is told once, and is never opened`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      let inbox = world.path("investors", "inbox")
      let secret = world.folder + "/secret.json"
      try world.write(record("secret"), to: secret)
      try world.drop("ok.json", in: "investors", record("ok"))
      #expect(symlink(secret, inbox + "/link.json") == 0)
      #expect(symlink(world.folder + "/nowhere", inbox + "/dangling.json") == 0)
      #expect(mkfifo(inbox + "/fifo.json", 0o600) == 0)
      #expect(mkdir(inbox + "/a.json", 0o700) == 0)
      try Data(record("inside").utf8).write(to: URL(filePath: inbox + "/a.json/b.json"))
      let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(socket) }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let path = Array((inbox + "/s.json").utf8CString)
      try #require(path.count <= MemoryLayout.size(ofValue: address.sun_path))
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.map { UInt8(bitPattern: $0) }) }
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      #expect(bound == 0)
      let stay: Set = ["link.json", "dangling.json", "fifo.json", "a.json", "s.json"]

      let log = try await world.workOff()
      #expect(Set(world.names("investors", "inbox")) == stay)
      #expect(try world.receipts("investors").map { $0.file?["name"]?.string } == ["ok.json"])
      #expect(server.bodies == ["{\"item-1\":\(record("ok"))}"])
      for name in stay { #expect(log.components(separatedBy: name).count == 2, "\(name) in:\n\(log)") }
      let status = try await world.status()
      let unclaimed = status["inboxes"]?.elements?.first?["unclaimed"]?.elements ?? []
      #expect(Set(unclaimed.compactMap { $0["name"]?.string }) == stay)
      #expect(unclaimed.allSatisfy { $0["reason"]?.string?.hasPrefix("not a regular file") == true }, "\(status)")
      #expect(status["inboxes"]?.elements?.first?["waiting"]?.integer == 0)
    }
  }

  /// Permissions do not apply to root; setpriv makes a user to whom they do.
  @Test(.enabled(if: getuid() != 0 || access("/usr/bin/setpriv", X_OK) == 0))
  func `a file that can't be read stays, is told once, and holds nobody up`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      try world.drop("a.json", in: "investors", record("a"))
      try world.drop("closed.json", in: "investors", record("closed"))
      try world.drop("z.json", in: "investors", record("z"))
      #expect(chmod(world.path("investors", "inbox") + "/closed.json", 0) == 0)
      let nobody: UInt32 = 65534
      var arguments = ["/usr/bin/env", Product.path]
      if getuid() == 0 {
        arguments = ["/usr/bin/setpriv", "--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups", Product.path]
        for path in try FileManager.default.subpathsOfDirectory(atPath: world.folder) + [""] {
          #expect(chown("\(world.folder)/\(path)", nobody, nobody) == 0)
        }
      }
      func run(_ command: [String]) throws -> (status: Int32, printed: String, log: String) {
        let process = Process()
        process.executableURL = URL(filePath: arguments[0])
        process.arguments = arguments.dropFirst() + command + ["--config", world.configuration]
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Both fit a pipe's buffer.
        process.waitUntilExit()
        func text(_ pipe: Pipe) throws -> String {
          String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        return (process.terminationStatus, try text(out), try text(err))
      }
      let (status, _, log) = try run(["run", "--once"])
      #expect(status == 75, "\(log)")
      #expect(log.components(separatedBy: "closed.json").count == 2, "\(log)")
      #expect(world.names("investors", "inbox") == ["closed.json"])
      #expect(try world.receipts("investors").count == 2)
      #expect(server.bodies.count == 2)
      let printed = try JSONValue.parse(Array(try run(["status", "--json"]).printed.utf8))
      let unclaimed = printed["inboxes"]?.elements?.first?["unclaimed"]?.elements ?? []
      #expect(unclaimed.map { $0["name"]?.string } == ["closed.json"])
      #expect(unclaimed.first?["reason"]?.string?.contains("can't be read") == true)
    }
  }

  @Test func `files that vanish between look and claim do no harm`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      let daemon = try await world.startDaemon()
      let inbox = world.path("investors", "inbox")
      let bytes = Data(record("gone").utf8)
      for number in 0..<3000 {
        let path = "\(inbox)/\(number % 7).json"
        // Some by rename, some written in place; some are gone at once, some are there for a look.
        if number % 2 == 0 {
          try bytes.write(to: URL(filePath: "\(inbox)/.new"))
          rename("\(inbox)/.new", path)
        } else {
          try? bytes.write(to: URL(filePath: path))
        }
        if number % 5 != 0 { unlink(path) }
        if number % 50 == 0 { sched_yield() }
      }
      for number in 0..<7 { unlink("\(inbox)/\(number).json") }
      try world.drop("sentinel.json", in: "investors", record("sentinel"))
      try await eventually("the sentinel's receipt", within: .seconds(20)) {
        world.names("investors", "outbox/receipts").contains { $0.hasPrefix("sentinel") }
          && world.names("investors", "work").isEmpty
      }
      #expect(daemon.status == nil)
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
      #expect(!daemon.log.contains("error"), "\(daemon.log)")
      let receipts = try world.receipts("investors")
      try world.checkResults("investors", files: receipts.count)
      #expect(receipts.allSatisfy { $0.status == "accepted" && $0.items == 1 })
      #expect(server.bodies.filter { $0.contains("sentinel") }.count == 1)
      #expect(server.bodies.count == receipts.count)
    }
  }

  @Test func `a thousand files at once all get their receipts`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      for number in 0..<1000 { try world.drop("f\(number).json", in: "investors", record("r\(number)")) }
      try await world.workOff(within: .seconds(120))
      try world.checkResults("investors", files: 1000)
      #expect(Set(server.bodies) == Set((0..<1000).map { "{\"item-1\":\(record("r\($0)"))}" }))
    }
  }

  @Test func `a file that grows while it is read waits until it is whole, and nothing of the half is sent`()
    async throws
  {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      // Large enough to be read for longer than it takes to notice the claim; where the machine is too busy, once more.
      let count = 20_000
      let text = (0..<count).map { record("r\($0)") }.joined(separator: "\n") + "\n"
      let more = Array("\(record("more"))\n".utf8)
      let daemon = try await world.startDaemon()
      var hasGrown = false
      for attempt in 1...8 where !hasGrown {
        let before = server.requests.count
        let other = "\(world.path("investors", "other-name"))\(attempt)"
        try Data(text.utf8).write(to: URL(filePath: other))
        let name = "grows-\(attempt).ndjson"
        #expect(link(other, world.path("investors", "inbox") + "/" + name) == 0)
        try await daemon.waitFor("name=\(name)")
        let descriptor = open(other, O_WRONLY | O_APPEND)
        #expect(write(descriptor, more, more.count) == more.count)
        try await eventually("an end of the reading", within: .seconds(60)) {
          hasGrown = daemon.log.split(separator: "\n").contains {
            $0.contains("file changed while") && $0.contains(name)
          }
          return hasGrown || daemon.log.contains("file is queued") && daemon.log.contains("name=\(name) target")
        }
        if hasGrown { #expect(server.requests.count == before) }
        #expect(close(descriptor) == 0)
        try await world.waitForReceipts(attempt, in: "investors", within: .seconds(60))
        if hasGrown { #expect(try world.receipt("investors", of: name).accepted == count + 1) }
      }
      #expect(hasGrown)
      #expect(server.bodies.contains { $0.contains("\"more\"") })
    }
  }

  @Test func `a stop does not wait for the rest of a large file, even where there are no items in it`() async throws {
    let setup = { (url: String) in Setup.lusid(url).with { $0.queue = "{max_bytes: 100GiB, min_free_disk: 1KiB}" } }
    try await withAcceptingWorld(setup) { world, server in
      let daemon = try await world.startDaemon()
      // Holes: no bytes on the disk, but many seconds to read; nothing of it is JSON.
      let large = world.path("investors", "large")
      let descriptor = open(large, O_WRONLY | O_CREAT, 0o600)
      #expect(ftruncate(descriptor, 8 << 30) == 0)
      close(descriptor)
      #expect(rename(large, world.path("investors", "inbox") + "/large.json") == 0)
      try await daemon.waitFor("file is claimed")
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(5)) == 0)
      #expect(try world.receipts("investors").isEmpty)
      #expect(world.names("investors", "work").count == 1)
      #expect(server.bodies == [])
    }
  }

  @Test func `with a marker a file waits for it, and it goes when the file is claimed`() async throws {
    try await withAcceptingWorld({ .lusid($0, inbox: ["marker: .done"]) }) { world, server in
      let inbox = world.path("investors", "inbox")
      try world.drop("a.json", in: "investors", record("a"))
      try world.drop("b.json", in: "investors", record("b"))
      try world.drop("c.json.done", in: "investors", "")
      try world.drop("b.json.done", in: "investors", "")
      // It does not count, but is named: whoever runs this by hand waits for it.
      let log = try await world.workOff()
      let named = lines(log).filter { $0.contains("file stays in the inbox") }
      #expect(named.count == 1 && named[0].contains("name=a.json reason=\"waiting for a.json.done\""), "\(log)")
      #expect(world.names("investors", "inbox") == ["a.json", "c.json.done"])
      #expect(server.bodies == ["{\"item-1\":\(record("b"))}"])
      let unclaimed = try await world.status()["inboxes"]?.elements?.first?["unclaimed"]?.elements ?? []
      #expect(
        unclaimed.map { $0["reason"]?.string }.sorted { ($0 ?? "") < ($1 ?? "") }
          == ["marker without its file: c.json", "waiting for a.json.done"])
      let daemon = try await world.startDaemon()
      // The marker first, then the file: a producer that does it the other way round.
      try world.drop("c.json", in: "investors", record("c"))
      try await world.waitForReceipts(2, in: "investors")
      try world.drop("a.json.done", in: "investors", "whatever")
      try await world.waitForReceipts(3, in: "investors")
      try await eventually("the markers' end") { world.names("investors", "inbox").isEmpty }
      #expect(access(inbox + "/a.json.done", F_OK) != 0)
      try world.checkResults("investors", files: 3)
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
  }

  @Test func `files of one look are claimed by mtime, then name`() async throws {
    // One at a time, so that what arrives is in the order of the claims.
    try await withAcceptingWorld({ .lusid($0, inbox: ["ordering: file"]) }) { world, server in
      let names = ["d", "c", "b", "a", "B", "é", "a b"]
      for name in names { try world.drop("\(name).json", in: "investors", record("k", name: name)) }
      func setTime(_ name: String, _ seconds: Int, _ nanoseconds: Int) {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        #expect(utimensat(AT_FDCWD, world.path("investors", "inbox") + "/\(name).json", [time, time], 0) == 0)
      }
      for name in names { setTime(name, 1_700_000_000, 5) }
      setTime("d", 1_600_000_000, 0)
      setTime("c", 1_700_000_000, 4)
      setTime("a", 1_800_000_000, 0)
      try await world.workOff()
      let order = ["d", "c", "B", "a b", "b", "é", "a"]
      #expect(server.requests.flatMap(\.displayNames) == order)
      // Names of ids are in the order of the claims.
      let receipts = try world.receipts("investors").sorted { $0.id < $1.id }
      #expect(receipts.map { $0.file?["name"]?.string } == order.map { "\($0).json" })
    }
  }
}
