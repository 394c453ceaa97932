import Foundation
import JSONText
import Testing
import TestKit

@Suite struct InputPreviewTests {
  private func setup(_ url: String) -> Setup {
    .lusid(url, target: ["batch: {max_items: 2}"]) + .liquid(url)
  }

  @Test func `preview prints the requests that are then sent, and sends nothing`() async throws {
    let header = "identifiers.InvestorRecord/Test/Id,scope,displayName"
    let files: [(inbox: String, name: String, bytes: [UInt8])] = [
      (
        "investors", "a.json",
        Array("[\(record("1")),\n {\n\"b\" : 1}, \(record("2")),\(record("3")) , \(record("1", name: "again"))]".utf8)
      ),
      ("investors", "b.csv.gz", gzipped("\(header)\n1,s,é\n2,s\n3,s,\"a\nb\"\n4,s,c\n".utf8)),
      ("investors", "c.ndjson", Array("\(record("1"))\n\nx\n".utf8)),
      ("accounts", "a.json", Array("{\"accountId\":\"1\"}".utf8)),
      ("accounts", "b.csv", Array("accountId,n:number\n1,1.50\n2,x\n".utf8)),
    ]
    try await withAcceptingWorld(setup) { world, server in
      for file in files {
        let path = "\(world.folder)/\(file.name)"
        try Data(file.bytes).write(to: URL(filePath: path))
        let before = server.requests.count
        let preview = try await world.run(["preview", path, "--inbox", file.inbox, "--all"])
        #expect(server.requests.count == before)
        #expect(server.connectionCount == 0 || before > 0)

        try world.drop(file.name, in: file.inbox, file.bytes)
        try await world.workOff(expecting: preview.status)
        let sent = server.requests.dropFirst(before)
        #expect(!sent.isEmpty)
        var expected = ""
        for request in sent {
          for name in ["Content-Type", "Accept"] {
            #expect(preview.printed.contains("\n\(name): \(request.headers[name.lowercased()] ?? "none")\n"))
          }
          expected += "POST \(server.url)\(request.path)\n"
        }
        let urls = preview.printed.split(separator: "\n").filter { $0.hasPrefix("POST ") }
        #expect(urls.joined(separator: "\n") + "\n" == expected)
        // Requests that hold different keys go out side by side: what counts is that each is there, whole and alone on its lines.
        for request in sent { #expect(preview.printed.contains("\n\n\(request.text)\n\n"), "\(preview.printed)") }

        let receipt = try world.receipt(file.inbox, of: file.name)
        #expect(preview.status == (receipt.rejected == 0 ? 0 : 1))
        for reject in receipt.first {
          let key = reject["key"]?.string.map { " (\($0))" } ?? ""
          let line =
            "rejected: item \(reject["item"]?.integer ?? 0), line \(reject["line"]?.integer ?? 0)\(key): \(reject["code"]?.string ?? ""): \(reject["message"]?.string ?? "")"
          #expect(preview.printed.contains(line), "\(line) is not in:\n\(preview.printed)")
        }
        let requests = "\(sent.count) request\(sent.count == 1 ? "" : "s")"
        #expect(
          lines(preview.printed)[1]
            == "\(receipt.items == 1 ? "1 item" : "\(receipt.items ?? 0) items"): \(receipt.accepted ?? 0) would be sent in \(requests), \(receipt.rejected ?? 0) rejected",
          "\(preview.printed)")
        #expect(preview.log == "", "\(preview.log)")
      }
    }
  }

  @Test func `preview says in short what becomes of a file, and a program gets all of it as one document`() async throws
  {
    try await withAcceptingWorld(setup) { world, server in
      let path = "\(world.folder)/a.json"
      let items = (1...9).map { record("\($0)", name: $0 % 4 == 0 ? "" : nil) }
      try world.write("[\(items.joined(separator: ","))]", to: path)
      let short = try await world.run(["preview", path, "--inbox", "investors"])
      #expect(short.status == 1)
      let told = lines(short.printed)
      #expect(told[1] == "9 items: 7 would be sent in 4 requests, 2 rejected")
      #expect(told[2].hasPrefix("  2 invalid-value: the first is item 4, line 1"), "\(short.printed)")
      #expect(told.filter { $0.hasPrefix("item ") } == ["item 1, line 1", "item 2, line 1", "item 3, line 1"])
      #expect(told.contains("    \"item-1\": {") && told.contains("      \"displayName\": \"3\""))
      #expect(!short.printed.contains("POST "))

      let json = try await world.run(["preview", path, "--inbox", "investors", "--json"])
      let document = try JSONValue.parse(Array(json.printed.utf8))
      #expect(json.status == 1 && document["counts"]?["sent"]?.integer == 7)
      #expect(document["rejectedByCode"]?["invalid-value"]?.integer == 2)
      #expect(document["items"]?.elements?.count == 3 && document["requests"] == nil)
      let all = try await world.run(["preview", path, "--inbox", "investors", "--json", "--all"])
      let whole = try JSONValue.parse(Array(all.printed.utf8))
      #expect(whole["rejects"]?.elements?.compactMap { $0["item"]?.integer } == [4, 8])
      let requests = try #require(whole["requests"]?.elements)
      #expect(server.requests.isEmpty)
      try world.drop("a.json", in: "investors", "[\(items.joined(separator: ","))]")
      try await world.workOff(expecting: 1)
      let bodies = requests.compactMap { $0["body"] }.map { body in
        var text: [UInt8] = []
        body.append(to: &text)
        return String(decoding: text, as: UTF8.self)
      }
      #expect(bodies.sorted() == server.bodies.sorted())
    }
  }

  @Test func `preview says of a file that can't be used only that`() async throws {
    try await withAcceptingWorld(setup) { world, server in
      let path = world.folder + "/a.json"
      try Data("[\((1...10).map { record("\($0)") }.joined(separator: ",")),\nx]".utf8).write(to: URL(filePath: path))
      let preview = try await world.run(["preview", path, "--inbox", "investors"])
      #expect(preview.status == 1)
      #expect(
        preview.printed.hasPrefix("the file would be rejected as a whole: line 2, column 1: malformed-json: "),
        "\(preview.printed)")
      #expect(lines(preview.printed).count == 1)
      let json = try await world.run(["preview", path, "--inbox", "investors", "--json", "--all"])
      let document = try JSONValue.parse(Array(json.printed.utf8))
      #expect(json.status == 1 && document["error"]?["line"]?.integer == 2)
      #expect(document["requests"]?.elements?.isEmpty == true && document["items"]?.elements?.isEmpty == true)
      for (arguments, word) in [
        (["preview", path, "--inbox", "nobody"], "investors, accounts"),
        (["preview", path + "x", "--inbox", "investors"], "No such file"),
        (["preview", world.folder, "--inbox", "investors"], "not a regular file"),
      ] {
        let other = try await world.run(arguments)
        #expect(other.status == 2 && other.printed == "", "\(other)")
        #expect(other.log.contains(word), "\(other.log)")
      }
      #expect(server.connectionCount == 0)
      // Nothing was created for it.
      #expect(!FileManager.default.fileExists(atPath: world.spool))
      #expect(!FileManager.default.fileExists(atPath: world.outbox))
    }
  }

  @Test(arguments: ["upsertd.yaml", "lusid-minimal.yaml", "liquid-minimal.yaml"])
  func `the configurations that come with upsertd are good`(name: String) async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      let examples = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config")
        .standardizedFileURL
      let folder = world.folder + "/config"
      try FileManager.default.copyItem(atPath: examples.path, toPath: folder)
      for secret in ["liquid-password", "liquid-client-secret"] { try world.write("x\n", to: "\(folder)/\(secret)") }
      try world.write(
        String(decoding: Data(contentsOf: URL(filePath: folder + "/secrets.example.json")), as: UTF8.self),
        to: folder + "/secrets.json")
      let (out, err) = (world.folder + "/check.out", world.folder + "/check.err")
      let check = try Product(["check", "--config", "\(folder)/\(name)"], environment: [:], out: out, err: err)
      #expect(try await check.end() == 0, "\(check.log)")
      #expect(check.printed.contains("the configuration is valid"))
      // Another daemon of this machine may have the usual port.
      #expect(lines(check.log).allSatisfy { $0.hasPrefix("warning: the dashboard") }, "\(check.log)")
    }
  }
}
