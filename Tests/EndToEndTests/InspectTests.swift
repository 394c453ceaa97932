import Foundation
import JSONText
import Testing
import TestKit

/// `inspect`, from a file to a route that loads it.
@Suite struct InspectTests {
  private static let files = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../InspectionTests/Files").standardizedFileURL.path

  /// The items' data as it was sent, in the files' order.
  private static let cases: [(file: String, sent: String)] = [
    (
      "salden.csv",
      #"[{"accountId":"00017","balance":1234.56},{"accountId":"00018","balance":-17.00},{"accountId":"00019","balance":1250}]"#
    ),
    ("clients.csv", #"[{"accountId":"17","name":"José Müller"}]"#),
    ("report.csv", #"[{"accountId":"001A","name":"Acme"},{"accountId":"001B","name":"Bolt"}]"#),
    (
      "TA_HOLD.csv",
      #"[{"accountId":"17","name":"Ada","units":1000.0000},{"accountId":"18","name":"Bob","units":-5.0000}]"#
    ),
    ("list.csv", #"[{"accountId":"17","name":"Ada"},{"accountId":"18","name":"Bob"}]"#),
    ("export.csv", #"[{"accountId":"17","name":"O\"Neil"},{"accountId":"18","country":"UK"}]"#),
  ]

  @Test(arguments: cases.indices)
  func `what inspect proposes loads the file, and is then said to be well`(_ index: Int) async throws {
    let (file, sent) = Self.cases[index]
    let path = "\(Self.files)/\(file)"
    try await withAcceptingWorld({ .liquid($0) }) { world, server in
      try await configure(world, .liquid(server.url), asProposedFor: path, "liquid")
      let well = try await world.run(["inspect", path, "--inbox", "proposed"])
      #expect(well.status == 0 && well.log == "", "\(well)")
      #expect(well.printed.contains("All is well: with the route of inbox proposed"), "\(well.printed)")
      #expect(!well.printed.contains("inboxes:"))

      try world.drop(file, in: "proposed", Array(Data(contentsOf: URL(filePath: path))))
      try await world.workOff()
      let items = try server.bodies.flatMap { try JSONValue.parse(Array($0.utf8)).elements ?? [] }
      #expect(JSONValue.array(items.compactMap { $0["data"] }) == (try JSONValue.parse(Array(sent.utf8))))
    }
  }

  @Test(arguments: cases.indices)
  func `for LUSID, too, what inspect proposes loads the file but for rows without a name`(_ index: Int) async throws {
    let file = Self.cases[index].file
    let path = "\(Self.files)/\(file)"
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      try await configure(world, .lusid(server.url), asProposedFor: path, "lusid")
      let preview = try await world.run(["preview", path, "--inbox", "proposed", "--all"])
      let lacksName = file == "export.csv"
      #expect(preview.status == (lacksName ? 1 : 0), "\(preview)")
      let rejects = preview.printed.split(separator: "\n").filter { $0.hasPrefix("rejected: ") }
      #expect(rejects.count == (lacksName ? 1 : 0))
      #expect(rejects.allSatisfy { $0.contains("line 3") && $0.contains("missing-field: displayName") }, "\(rejects)")
      #expect(preview.printed.contains("InvestorRecord/SCOPE/"))
      #expect(try await world.run(["check"]).log.contains("put your own scopes in place of SCOPE"))
      #expect(server.connectionCount == 0)
    }
  }

  /// Adds an inbox `proposed` with the route and the mapping that `inspect` proposes.
  private func configure(
    _ world: World, _ setup: Setup, asProposedFor path: String, _ api: String
  ) async throws {
    let proposal = try await world.run(["inspect", path, "--api", api, "--json"])
    #expect(proposal.status == 0 && proposal.log == "")
    let document = try JSONValue.parse(Array(proposal.printed.utf8))
    let route = try #require(document["route"]?.members)
    let mapping = try #require(document["mapping"])
    // JSON is YAML.
    func text(_ value: JSONValue) -> String { String(decoding: value.bytes, as: UTF8.self) }
    let keys = route.map { "\"\($0.name)\": \(text($0.value))" }
    try world.configure(setup.with { $0.inboxes += ["- name: proposed"] + keys.map { "  \($0)" } })
    try world.write(text(mapping), to: world.folder + "/" + (try #require(document["route"]?["mapping"]?.string)))
  }

  @Test func `where a route and a file disagree is said, with what would be rejected`() async throws {
    try await withAcceptingWorld({ .liquid($0) }) { world, _ in
      let path = world.folder + "/a.csv"
      try world.write("accountId;name\n1;Ada\n2;Bob\n", to: path)
      let plain = try await world.run(["inspect", path, "--inbox", "accounts"])
      #expect(plain.status == 0)
      #expect(plain.printed.contains("- delimiter is \",\", but the file looks like \";\""), "\(plain.printed)")
      #expect(plain.printed.contains("    delimiter: \";\""))
      #expect(plain.printed.contains("rejected"))
      let json = try await world.run(["inspect", path, "--inbox", "accounts", "--json"])
      let inbox = try JSONValue.parse(Array(json.printed.utf8))["inbox"]
      #expect(inbox?["isWell"]?.bool == false)
      #expect(inbox?["differences"]?.elements?.count == 1)
    }
  }

  @Test func `the daemon's secrets need not be readable`() async throws {
    try await withAcceptingWorld({ .liquid($0) }) { world, server in
      let absent =
        "  auth: {username: svc, password_file: absent, client_id: c, client_secret_file: absent, community: x}"
      try world.configure(
        Setup.liquid(server.url).with { $0.targets = $0.targets.map { $0.hasSuffix(Setup.token) ? absent : $0 } })
      let path = world.folder + "/a.csv"
      try world.write("accountId,name\n1,Ada\n", to: path)
      let inspection = try await world.run(["inspect", path, "--inbox", "accounts"])
      #expect(inspection.status == 0 && inspection.log == "", "\(inspection)")
      #expect(inspection.printed.contains("All is well"), "\(inspection.printed)")
      #expect(try await world.run(["preview", path, "--inbox", "accounts"]).status == 2)
    }
  }

  @Test func `no configuration is needed without an inbox`() async throws {
    try await withAcceptingWorld({ .liquid($0) }) { world, server in
      try world.write("nonsense", to: world.configuration)
      let path = world.folder + "/a.json"
      try world.write("[\(record("1"))]", to: path)
      let inspection = try await world.run(["inspect", path])
      #expect(inspection.status == 0 && inspection.log == "", "\(inspection)")
      #expect(inspection.printed.contains("target: lusid"))
      #expect(server.connectionCount == 0)
      #expect(try await world.run(["inspect", path, "--inbox", "accounts"]).status == 2)
    }
  }

  @Test func `what can't be inspected is an error, and what is no data is none`() async throws {
    try await withAcceptingWorld({ .liquid($0) }) { world, _ in
      let path = world.folder + "/a.csv"
      try world.write("PK\u{3}\u{4}", to: path)
      let archive = try await world.run(["inspect", path])
      #expect(archive.status == 0)
      #expect(archive.printed.contains("upsertd can't read it: it is a ZIP archive or an Excel workbook"))
      for (arguments, word) in [
        (["inspect", path + "x"], "No such file"), (["inspect", world.folder], "not a regular file"),
        (["inspect", "/dev/zero"], "not a regular file"), (["inspect", path, "--inbox", "nobody"], "accounts"),
        (["inspect", path, "--api", "x"], "lusid or liquid"),
      ] {
        let result = try await world.run(arguments)
        #expect(result.status == 2 && result.printed == "", "\(result)")
        #expect(result.log.contains(word), "\(result.log)")
      }
    }
  }
}
