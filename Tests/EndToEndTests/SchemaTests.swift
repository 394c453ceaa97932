import Foundation
import JSONText
import Testing
import TestKit

/// The JSON Schemas in `config/schemas`, held against what upsertd writes and reads, by a validator that is not ours.
@Suite struct `Schema` {
  private static let config =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/config"

  /// Reports what a schema finds wrong in each document, a fault a line; nothing where all are in order.
  ///
  /// With Debian's python3-jsonschema and python3-yaml. Whatever is not JSON is YAML.
  private static func faults(_ world: World, _ schema: String, _ documents: [String]) async throws -> String {
    let program = """
      import json, re, sys, yaml
      from jsonschema import Draft202012Validator
      # YAML 1.2, in which `on` is a name.
      class Loader(yaml.SafeLoader): pass
      Loader.yaml_implicit_resolvers = {
        first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:bool"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
      }
      Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
      schema = json.load(open(sys.argv[1]))
      Draft202012Validator.check_schema(schema)
      for path in sys.argv[2:]:
        document = yaml.load(open(path), Loader) if path.endswith(".yaml") else json.load(open(path))
        # As JSON, in which YAML's key null is a name like any other.
        document = json.loads(json.dumps(document, default=str))
        for fault in Draft202012Validator(schema).iter_errors(document):
          print(path.rsplit("/")[-1], fault.json_path, fault.message[:200])
      """
    let number = UUID().uuidString
    let validator = try Product(
      ["-c", program, "\(config)/schemas/\(schema).schema.json"] + documents, environment: [:],
      out: "\(world.folder)/out.\(number)", err: "\(world.folder)/err.\(number)", program: "/usr/bin/python3")
    let status = try await validator.end()
    #expect(status == 0, "it said:\n\(validator.log)")
    return validator.printed
  }

  @Test func `receipts and status of a run with all kinds of endings fit their schemas`() async throws {
    let api = try LoopbackServer { $0.displayNames.contains("bad") ? .status(400) : .lusid($0) }
    let expect = "expect: [{match: \"*.json\", by: \"24:00\", min_items: 3}, {match: \"*.xml\", by: \"00:01\"}]"
    let setup = Setup.lusid(api.url, inbox: ["ignore: [\"*.skip\"]", "results: all", expect])
    try await withWorld(setup) { world in
      try world.drop("all.json", in: "investors", array([record("1"), record("2")]))
      try world.drop("some.json", in: "investors", array([record("3"), record("bad"), "{}"]))
      try world.drop("none.csv", in: "investors", "displayName\n")
      let key = "identifiers.InvestorRecord/Test/Id\n"
      try world.drop("again.csv", in: "investors", key + key)
      try world.drop("broken.json", in: "investors", "[{]")
      try world.drop("odd.xml", in: "investors", "<a/>")
      try world.drop("left.skip", in: "investors", "")
      try await world.workOff(expecting: 1)
      let folder = "\(world.spool)/investors/outbox/receipts"
      let receipts = world.names("investors", "outbox/receipts").map { "\(folder)/\($0)" }
      #expect(receipts.count == 6)
      #expect(try world.receipt("investors", of: "again.csv")["warnings"]?.elements?.count == 1)
      #expect(try await Self.faults(world, "receipt", receipts) == "")
      let status = world.folder + "/status.json"
      try world.write(try await world.run(["status", "--json"]).printed, to: status)
      #expect(try await Self.faults(world, "status", [status]) == "")
      let dropped = world.folder + "/dropped"
      try FileManager.default.createDirectory(atPath: dropped, withIntermediateDirectories: true)
      try world.write(array([record("1"), "{}"]), to: dropped + "/some.json")
      try world.write(key + key, to: dropped + "/again.csv")
      try world.write("[{]", to: dropped + "/broken.json")
      for command in [
        ["queue"], ["show", "some.json"], ["show", "broken.json"], ["receipts"], ["verify"], ["doctor"],
        ["inspect", dropped + "/some.json"], ["inspect", dropped + "/again.csv"],
        ["inspect", dropped + "/some.json", "--inbox", "investors"],
        ["preview", dropped + "/some.json", "--inbox", "investors"],
        ["preview", dropped + "/again.csv", "--inbox", "investors", "--all"],
        ["preview", dropped + "/broken.json", "--inbox", "investors"],
      ] {
        let output = world.folder + "/output.json"
        try world.write(try await world.run(command + ["--json"]).printed, to: output)
        #expect(try await Self.faults(world, command[0], [output]) == "", "\(command)")
      }
      for key in ["1", "bad", "none"] {
        let found = world.folder + "/found.json"
        try world.write(try await world.run(["find", key, "--json"]).printed, to: found)
        #expect(try await Self.faults(world, "find", [found]) == "")
      }
    }
    await api.stop()
  }

  @Test func `queue and show of files under way fit their schemas, and so does what waits for its release`()
    async throws
  {
    try await withWorld(.lusid("http://127.0.0.1:1", inbox: ["release: manual"])) { world in
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try await world.workOff(expecting: 75)
      for command in [["queue"], ["show", "a.json"], ["status"]] {
        let output = world.folder + "/output.json"
        try world.write(try await world.run(command + ["--json"]).printed, to: output)
        #expect(try await Self.faults(world, command[0], [output]) == "", "\(command)")
      }
    }
  }

  @Test func `every command that prints JSON has a schema`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:1")) { world in
      let (status, said) = try await world.tool("\(Product.path) --experimental-dump-help")
      #expect(status == 0)
      let commands = try JSONValue.parse(Array(said.utf8))["command"]?["subcommands"]?.elements ?? []
      let names = commands.filter { command in
        command["arguments"]?.elements?.contains { $0["valueName"]?.string == "json" } == true
      }.compactMap { $0["commandName"]?.string }
      #expect(names.count >= 9)
      for name in names {
        #expect(FileManager.default.fileExists(atPath: "\(Self.config)/schemas/\(name).schema.json"), "\(name)")
      }
    }
  }

  @Test func `receipts with checksums fit their schema, and so does the status of who waits for one`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let setup = Setup.lusid(api.url, inbox: ["checksum: md5"]).with {
      $0.watch = "{poll_interval: 50ms, settle: 100ms, min_age: 1h}"
    }
    try await withWorld(setup) { world in
      for (name, digest) in [("bad", String(repeating: "0", count: 32)), ("none", "")] {
        try world.drop("\(name).json.md5", in: "investors", digest)
        try world.drop("\(name).json", in: "investors", array([record("1")]))
      }
      try world.drop("alone.json.md5", in: "investors", "")
      try world.drop("waits.json", in: "investors", array([record("1")]))
      try await world.workOff(expecting: 75)
      let status = world.folder + "/status.json"
      try world.write(try await world.run(["status", "--json"]).printed, to: status)
      #expect(try await Self.faults(world, "status", [status]) == "")
      try world.configure(setup.with { $0.watch = "{poll_interval: 50ms, settle: 100ms}" })
      try await world.workOff(expecting: 75)
      let folder = "\(world.spool)/investors/outbox/receipts"
      let receipts = world.names("investors", "outbox/receipts").map { "\(folder)/\($0)" }
      #expect(receipts.count == 2)
      #expect(try await Self.faults(world, "receipt", receipts) == "")
    }
    await api.stop()
  }

  @Test func `a receipt that breaks its promises does not fit`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.workOff()
      let name = try #require(world.names("investors", "outbox/receipts").first)
      let text = try String(contentsOfFile: "\(world.spool)/investors/outbox/receipts/\(name)", encoding: .utf8)
      for (part, wrong) in [
        ("\"accepted\": 1", "\"accepted\": -1"), ("\"status\": \"accepted\"", "\"status\": \"fine\""),
        ("\"sha256\"", "\"sha\""), ("\"version\": 1", "\"version\": 2"), ("\"sequence\": 1", "\"sequence\": \"1\""),
      ] {
        #expect(text.contains(part))
        let broken = world.folder + "/broken.json"
        try world.write(text.replacingOccurrences(of: part, with: wrong), to: broken)
        #expect(try await Self.faults(world, "receipt", [broken]) != "", "\(wrong)")
      }
    }
    await api.stop()
  }

  @Test func `the example configurations fit the configuration's schema`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:1")) { world in
      let examples = [
        "upsertd", "lusid-minimal", "liquid-minimal", "csv-european", "csv-control-totals", "csv-database",
        "expected-files", "notify",
      ].map { "\(Self.config)/\($0).yaml" }
      let all = try FileManager.default.contentsOfDirectory(atPath: Self.config).filter { $0.hasSuffix(".yaml") }
      // Of the starter only its blocks are configurations.
      #expect(all.count == examples.count + 1)
      let faults = try await Self.faults(world, "configuration", examples + [world.configuration])
      #expect(faults == "")
    }
  }

  @Test(arguments: ["LUSID", "Liquid"])
  func `each block of the starter fits the configuration's schema`(_ block: String) async throws {
    try await withWorld(.lusid("http://127.0.0.1:1")) { world in
      var isInside = false
      let starter = try String(contentsOfFile: Self.config + "/starter.yaml", encoding: .utf8)
      let used = lines(starter).map { line in
        if line.hasPrefix("# ---- ") { isInside = line.hasPrefix("# ---- \(block)") }
        return isInside && line.hasPrefix("#") && !line.hasPrefix("# ----") ? String(line.dropFirst()) : line
      }
      #expect(used.contains("targets:"))
      let path = world.folder + "/starter.yaml"
      try world.write(used.joined(separator: "\n") + "\n", to: path)
      #expect(try await Self.faults(world, "configuration", [path]) == "")
    }
  }

  @Test func `the example mappings fit the schema of mapping files, and faulty ones do not`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:1")) { world in
      let folder = Self.config + "/mappings"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
      #expect(names.count >= 4)
      #expect(try await Self.faults(world, "mapping", names.map { "\(folder)/\($0)" }) == "")
      let path = world.folder + "/mapping.yaml"
      for wrong in [
        "column: {A: b}", "columns: {}", "columns: {A: []}", "columns: {A: {typ: number}}", "ignore: [A]",
        "columns: {A: {to: b, type: integer}}", "columns: {A: {to: b, timezone: UTC}}", "computed: {a: {concat: A}}",
      ] {
        try world.write(wrong + "\n", to: path)
        #expect(try await Self.faults(world, "mapping", [path]) != "", "\(wrong)")
      }
    }
  }

  /// What `check` rejects without looking beyond the file, an editor with the schema rejects as well.
  @Test(arguments: [
    ("retries: 3\n", "an unknown key"), ("watch: {settle: 2}\n", "a duration without a unit"),
    ("limits: {max_item_bytes: 1 MB}\n", "a size with a blank"), ("log: {level: loud}\n", "an unknown word"),
    ("admin: 9187\n", "a number for an address"), ("retry: [1s]\n", "a list for a mapping"),
  ])
  func `what check refuses, the schema refuses`(_ line: String, _ what: String) async throws {
    try await withWorld(.lusid("http://127.0.0.1:1")) { world in
      var lines = try String(contentsOfFile: world.configuration, encoding: .utf8).split(separator: "\n")
      let key = line.prefix { $0 != ":" }
      lines.removeAll { $0.hasPrefix(key + ":") }
      try world.write(line + lines.joined(separator: "\n") + "\n", to: world.configuration)
      #expect(try await world.run(["check"]).status == 2, "\(what)")
      #expect(try await Self.faults(world, "configuration", [world.configuration]) != "", "\(what)")
    }
  }
}
