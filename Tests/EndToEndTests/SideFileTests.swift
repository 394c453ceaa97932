import Core
import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// What senders do besides dropping files: side files with checksums, a last touch, names of their own.
@Suite struct `Files of careful senders` {
  /// Writes a side file as a sender does, from outside the inbox.
  private func sum(_ name: String, _ world: World, with program: String = "sha256sum") async throws {
    let side = "\(name).\(program.dropLast(3))"
    let (status, said) = try await world.tool(
      "cd '\(world.path("investors", "inbox"))' && \(program) '\(name)' > ../side && mv ../side '\(side)'")
    #expect(status == 0, "\(said)")
  }

  private func unclaimed(_ world: World) async throws -> [String: String] {
    let files = try await world.status()["inboxes"]?.elements?.first?["unclaimed"]?.elements ?? []
    return Dictionary(files.map { ($0["name"]?.string ?? "", $0["reason"]?.string ?? "") }) { a, b in "\(a), \(b)" }
  }

  @Test func `files wait for their checksums, are compared with them, and say so in their receipts`() async throws {
    let setup = { (url: String) in
      Setup.lusid(
        url,
        inbox: [
          "routes:", "  - {match: \"*.json*\", target: lusid, checksum: sha256}",
          "  - {match: \"*.ndjson\", target: lusid, checksum: md5}", "  - {target: lusid}",
        ])
    }
    try await withAcceptingWorld(setup) { world, server in
      try world.drop("good.json", in: "investors", array([record("good")]))
      // Over the bytes as they are dropped.
      try world.drop("packed.json.gz", in: "investors", gzipped(array([record("packed")]).utf8))
      try world.drop("lines.ndjson", in: "investors", record("lines") + "\n")
      try world.drop("plain.csv", in: "investors", "identifiers.InvestorRecord/Test/Id\n")
      try world.drop("waits.json", in: "investors", array([record("waits")]))
      try world.drop("early.json.sha256", in: "investors", "whatever")
      try world.drop("cut.json", in: "investors", array([record("cut"), record("whole")]))
      for name in ["good.json", "packed.json.gz", "cut.json"] { try await sum(name, world) }
      try await sum("lines.ndjson", world, with: "md5sum")
      try world.drop("cut.json", in: "investors", array([record("cut")]))
      let log = try await world.workOff(expecting: 75)
      #expect(log.contains("waits.json") && log.contains("waiting for its side file waits.json.sha256"), "\(log)")
      #expect(
        try await unclaimed(world) == [
          "waits.json": "waiting for its side file waits.json.sha256",
          "early.json.sha256": "side file without its file: early.json",
        ])
      #expect(world.names("investors", "inbox") == ["early.json.sha256", "waits.json"])
      #expect(world.names("investors", "work") == [])
      #expect(
        server.bodies.sorted()
          == ["good", "lines", "packed"].map { "{\"item-1\":\(record($0))}" }.sorted())
      for name in ["good.json", "packed.json.gz", "lines.ndjson"] {
        let receipt = try world.receipt("investors", of: name)
        let checksum = receipt["completeness"]?["checksum"]
        #expect(receipt.status == "accepted")
        #expect(checksum?["expected"]?.string == checksum?["found"]?.string)
        #expect(checksum?["found"]?.string?.utf8.count == (name == "lines.ndjson" ? 32 : 64))
        if name != "lines.ndjson" { #expect(checksum?["found"]?.string == receipt.file?["sha256"]?.string) }
      }
      #expect(try world.receipt("investors", of: "plain.csv")["completeness"] == nil)
      let cut = try world.receipt("investors", of: "cut.json")
      #expect(cut.errorCode == "checksum-mismatch")
      let found = try #require(cut["completeness"]?["checksum"]?["found"]?.string)
      let expected = try #require(cut["completeness"]?["checksum"]?["expected"]?.string)
      #expect(found == cut.file?["sha256"]?.string && found != expected)
      let message = try #require(cut.error?["message"]?.string)
      #expect(message.contains(found) && message.contains(expected))
      #expect(world.names("investors", "outbox/rejected") == ["cut.\(cut.id).json"])
      let story = try await world.run(["show", cut.id]).printed
      #expect(story.contains("checksum: \(found), expected \(expected)"), "\(story)")
      #expect(try await world.run(["verify"]).status == 0)
    }
  }

  @Test func `a daemon takes a file once its side file is there, and both are gone`() async throws {
    try await withAcceptingWorld({ .lusid($0, inbox: ["checksum: sha256", "marker: .done"]) }) { world, server in
      let daemon = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("a")]))
      try world.drop("a.json.done", in: "investors", "")
      try await eventually("the file to wait") {
        try await unclaimed(world)["a.json"] == "waiting for its side file a.json.sha256"
      }
      #expect(server.bodies == [])
      try await sum("a.json", world)
      try await world.waitForReceipts(1, in: "investors")
      #expect(server.bodies.count == 1)
      try world.checkResults("investors", files: 1)
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
  }

  @Test func `a corrected rejects file needs no side file`() async throws {
    try await withAcceptingWorld({ .lusid($0, inbox: ["checksum: sha256"]) }) { world, server in
      try world.drop("a.json", in: "investors", array([record("a"), record("b", name: "")]))
      try await sum("a.json", world)
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      let rejects = try world.rejects(of: receipt)
      try world.drop(
        try #require(receipt["rejects"]?["file"]?.string), in: "investors",
        rejects.replacing("\"displayName\":\"\"", with: "\"displayName\":\"B\""))
      try await world.workOff()
      #expect(server.requests.flatMap(\.displayNames).last == "B")
      let last = try #require(try world.receipts("investors").max { $0.id < $1.id })
      #expect(last.file?["corrects"]?.string == receipt.id)
      #expect(last["completeness"] == nil)
    }
  }

  @Test func `with min_age a file is left alone after its last change, and a run that ends does not wait for it`()
    async throws
  {
    func setup(_ age: String) -> @Sendable (String) -> Setup {
      { url in Setup.lusid(url).with { $0.watch = "{poll_interval: 50ms, settle: 100ms, min_age: \(age)}" } }
    }
    try await withAcceptingWorld(setup("1h")) { world, server in
      try world.drop("a.json", in: "investors", array([record("a")]))
      let began = ContinuousClock.now
      let log = try await world.workOff(expecting: 75)
      #expect(ContinuousClock.now - began < .seconds(20))
      #expect(log.contains("a.json") && log.contains("left alone until "), "\(log)")
      let reason = try #require(try await unclaimed(world)["a.json"])
      let form = /left alone until 2\d{3}-\d\d-\d\dT[0-9:.]+Z \(watch.min_age\)/
      #expect(reason.wholeMatch(of: form) != nil, "\(reason)")
      #expect(server.bodies == [])
      try world.configure(setup("1500ms")(server.url))
      let touched = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
      #expect(chmod(world.path("investors", "inbox") + "/a.json", 0o600) == 0)
      let daemon = try await world.startDaemon()
      try await world.waitForReceipts(1, in: "investors")
      try world.checkResults("investors", files: 1)
      let receivedAt = try #require(try world.receipt("investors").file?["receivedAt"]?.string)
      #expect(try #require(Timestamp(written: receivedAt)) >= touched + .milliseconds(1490))
      daemon.send(SIGTERM)
      #expect(try await daemon.end() == 0)
    }
  }

  @Test func `with format a file of any name is read, and its rejects are for the same route`() async throws {
    let setup = { (url: String) in
      Setup.lusid(
        url,
        inbox: [
          "routes:", "  - {match: \"*.dat*\", target: lusid, format: csv}",
          "  - {match: \"POSITIONS\", target: lusid, format: ndjson}", "  - {target: lusid}",
        ])
    }
    try await withAcceptingWorld(setup) { world, server in
      let header =
        "displayName,scope,identifiers.InvestorRecord/T/Id,investor.investorType,investor.identifiers.P/T/Id\n"
      func row(_ name: String) -> String { "\(name),T,1,Person,1\n" }
      try world.drop("a.dat", in: "investors", header + row("A") + row(""))
      try world.drop("b.dat.gz", in: "investors", gzipped((header + row("B") + row("")).utf8))
      try world.drop("POSITIONS", in: "investors", record("c", name: "C") + "\n")
      try world.drop("d.other", in: "investors", record("d", name: "D") + "\n")
      try await world.workOff(expecting: 1)
      #expect(Set(server.requests.flatMap(\.displayNames)) == ["A", "B", "C"])
      #expect(try world.receipt("investors", of: "POSITIONS").file?["format"]?.string == "ndjson")
      #expect(try world.receipt("investors", of: "d.other").errorCode == "unsupported-format")
      for name in ["a.dat", "b.dat.gz"] {
        let receipt = try world.receipt("investors", of: name)
        #expect(receipt.status == "partial")
        #expect(receipt.file?["format"]?.string == "csv")
        let file = try #require(receipt["rejects"]?["file"]?.string)
        #expect(file == "\(name.prefix(1)).\(receipt.id).rejected.dat")
        let rejects = try world.rejects(of: receipt)
        #expect(lines(rejects).count == 2)
        try world.drop(file, in: "investors", rejects.replacing(",,T,", with: ",E,T,"))
      }
      #expect(try await world.run(["verify"]).status == 0)
      try await world.workOff()
      #expect(server.requests.flatMap(\.displayNames).suffix(2) == ["E", "E"])
    }
  }
}
