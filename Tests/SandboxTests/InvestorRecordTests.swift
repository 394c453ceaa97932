import APIs
import Core
import Sandbox
import Testing

@Suite struct InvestorRecordTests {
  /// As in the API's own example.
  static let seedRequest = """
    {"identifiers":{"InvestorRecord/ExternalIdentifier/ExternalIRId":{"key":"InvestorRecord/ExternalIdentifier/ExternalIRId",\
    "value":{"labelValue":"IR_12345678"}}},"properties":{"InvestorRecord/Details/Country":{"key":\
    "InvestorRecord/Details/Country","value":{"labelValue":"United Kingdom"},"effectiveFrom":"2016-01-01T00:00:00Z"}},\
    "displayName":"InvestorRecord1DisplayName","investor":{"investorType":"Person","investorIdentifiers":\
    {"Person/HrSystem1/InternalId":{"key":"Person/HrSystem1/InternalId","value":{"labelValue":"XY10001111"}}}}}
    """

  /// A request of today's schema; `more` are further members, which win over the ones here.
  static func request(_ id: String = "1", _ more: String = "") -> String {
    """
    {"scope":"acme","displayName":"N","identifiers":{"a/b/c":{"key":"a/b/c","value":{"labelValue":"\(id)"}}}\
    \(more.isEmpty ? "" : "," + more)}
    """
  }

  @Test func `both schemas are taken and echoed with a record's own members`() async throws {
    try await withSandbox { sandbox, client in
      let current = Self.request("x", #""investor":{"investorType":"Nominee","identifiers":{"d/e/f":"1"}}"#)
      let answer = try await client.upsertRecords(#"{"one":\#(Self.seedRequest),"two":\#(current)}"#)
      #expect(answer.status == 201)
      let values = try #require(answer.object["values"] as? [String: [String: Any]])
      #expect(Set(values.keys) == ["one", "two"])
      #expect((answer.object["failed"] as? [String: Any])?.isEmpty == true)
      #expect(answer.object["links"] != nil)
      #expect(values["one"]?["displayName"] as? String == "InvestorRecord1DisplayName")
      #expect(values["two"]?["scope"] as? String == "acme")
      for record in values.values {
        let version = try #require(record["version"] as? [String: Any])
        #expect(version["asAtVersionNumber"] as? Int == 1)
        #expect(version["asAtDate"] != nil)
        #expect(version["entityUniqueId"] as? String == record["lusidInvestorRecordId"] as? String)
        #expect((record["investor"] as? [String: Any])?["entityUniqueId"] != nil)
      }
      #expect(sandbox.stats.lusid.accepted == 2)
    }
  }

  @Test(arguments: [
    ("no scope", #"{"displayName":"N","identifiers":{"a/b/c":{"key":"a/b/c","value":{"labelValue":"1"}}}}"#, "scope"),
    ("a bad scope", request("1", #""scope":"a b""#), "scope"),
    ("a long scope", request("1", #""scope":"\#(String(repeating: "s", count: 65))""#), "scope"),
    ("no name", request("1", #""displayName":null"#), "displayName"),
    ("an empty name", request("1", #""displayName":"""#), "displayName"),
    ("a long name", request("1", #""displayName":"\#(String(repeating: "é", count: 513))""#), "displayName"),
    ("a long description", request("1", #""description":"\#(String(repeating: "d", count: 513))""#), "description"),
    ("no identifiers", request("1", #""identifiers":{}"#), "identifiers"),
    ("null identifiers", request("1", #""identifiers":null"#), "identifiers"),
    (
      "another key", request("1", #""properties":{"a/b/c":{"key":"a/b/d","value":{"labelValue":"1"}}}"#),
      "properties.a/b/c.key"
    ),
    ("no key", request("1", #""properties":{"a/b/c":{"value":{"labelValue":"1"}}}"#), "properties.a/b/c.key"),
    ("a short key", request("1", #""properties":{"a/b":{"key":"a/b","value":{"labelValue":"1"}}}"#), "properties.a/b"),
    (
      "a strange key", request("1", #""properties":{"a/b/c d":{"key":"a/b/c d","value":{"labelValue":"1"}}}"#),
      "properties.a/b/c d"
    ),
    ("no value", request("1", #""properties":{"a/b/c":{"key":"a/b/c"}}"#), "properties.a/b/c.value"),
    ("an empty value", request("1", #""properties":{"a/b/c":{"key":"a/b/c","value":{}}}"#), "properties.a/b/c.value"),
    (
      "two values",
      request(
        "1", #""properties":{"a/b/c":{"key":"a/b/c","value":{"labelValue":"1","labelValueSet":{"values":["1"]}}}}"#),
      "properties.a/b/c.value"
    ),
    (
      "a long label",
      request(
        "1",
        #""properties":{"a/b/c":{"key":"a/b/c","value":{"labelValue":"\#(String(repeating: "l", count: 1025))"}}}"#),
      "properties.a/b/c.value.labelValue"
    ),
    ("a strange investor", request("1", #""investor":{"investorType":"Robot"}"#), "investor.investorType"),
    ("an untyped investor", request("1", #""investor":{"identifiers":{"d/e/f":"1"}}"#), "investor.investorType"),
    (
      "too many properties",
      request(
        "1",
        #""properties":{\#((0...100).map { #""a/b/\#($0)":{"key":"a/b/\#($0)","value":{"labelValue":"1"}}"# }.joined(separator: ","))}"#
      ), "properties"
    ),
  ])
  func `one bad request fails and its neighbour does not`(_ what: String, _ bad: String, _ field: String) async throws {
    try await withSandbox { sandbox, client in
      let answer = try await client.upsertRecords(#"{"bad":\#(bad),"good":\#(Self.request("2"))}"#)
      #expect(answer.status == 201)
      #expect((answer.object["values"] as? [String: Any])?.keys.sorted() == ["good"])
      let failed = try #require((answer.object["failed"] as? [String: [String: Any]])?["bad"])
      #expect(failed["id"] as? String == "bad")
      #expect(failed["type"] as? String == "InvalidParameterValue")
      #expect((failed["detail"] as? String)?.isEmpty == false)
      let details = try #require(failed["errorDetails"] as? [[String: String]])
      #expect(details.map { $0["field"] } == [field])
      #expect(sandbox.stats.lusid.rejected == 1)
      #expect(sandbox.stats.lusid.accepted == 1)
    }
  }

  @Test(arguments: [
    request("1", #""displayName":"\#(String(repeating: "é", count: 512))""#),
    request("1", #""displayName":"\#(String(repeating: #"\u00e9"#, count: 512))""#),
    request("1", #""investor":null,"properties":null,"description":null"#),
    request("1", #""properties":{"a/b/c":{"key":"a/b/c","value":{"metricValue":{"value":-1.50e3,"unit":"GBP"}}}}"#),
    request("1", #""properties":{"a/b/c":{"key":"a/b/c","value":{"labelValueSet":{"values":["1","2"]}}}}"#),
    request("1", #""properties":{"a/b/c":{"key":"a\/b\/c","value":{"labelValue":"1","metricValue":null}}}"#),
    request("1", #""unknown":{"deep":[1,2]}"#),
  ])
  func `what the rules allow is taken`(_ good: String) async throws {
    try await withSandbox { sandbox, client in
      let answer = try await client.upsertRecords(#"{"good":\#(good)}"#)
      #expect(answer.status == 201, "\(answer.text)")
      #expect((answer.object["failed"] as? [String: Any])?.isEmpty == true)
    }
  }

  @Test(arguments: [
    "", "[]", "3", "{", #"{"a":}"#, #"{"a":{}}x"#, #"{"a":3}"#, #"{"a":null}"#,
    #"{"a":\#(request("1", #""displayName":5"#))}"#, #"{"a":\#(request("1", #""identifiers":[]"#))}"#,
    #"{"a":\#(request("1", #""investor":"me""#))}"#, #"{"a":\#(request("1")),"\u0061":\#(request("2"))}"#,
    #"{"a":\#(request("1", #""properties":{"a/b/c":{"key":"a/b/c","value":{"labelValue":1}}}"#))}"#,
    #"{"a":\#(request("1", #""properties":{"a/b/c":{"key":"a/b/c","value":{"metricValue":{"value":"1"}}}}"#))}"#,
  ])
  func `a body that cannot be read gets a 400 and stores nothing`(_ body: String) async throws {
    try await withSandbox { sandbox, client in
      let answer = try await client.upsertRecords(body)
      #expect(answer.status == 400)
      for name in ["name", "code", "type", "title", "status", "detail", "instance", "errors", "errorDetails"] {
        #expect(answer.object[name] != nil, "\(name)")
      }
      #expect(sandbox.stats.lusid.malformed == 1)
      #expect(sandbox.items(of: .lusid).isEmpty)
    }
  }

  @Test func `an atomic batch with one bad request stores nothing and names the culprit`() async throws {
    try await withSandbox { sandbox, client in
      let bad = Self.request("2", #""displayName":"","scope":"""#)
      let answer = try await client.upsertRecords(
        #"{"good":\#(Self.request("1")),"b\"d":\#(bad)}"#, mode: "Atomic")
      #expect(answer.status == 400)
      let errors = try #require(answer.object["errors"] as? [String: [String]])
      #expect(Set(errors.keys) == Set([#"[b"d].displayName"#, #"[b"d].scope"#]))
      #expect(sandbox.items(of: .lusid).values.allSatisfy { $0.accepted == 0 && $0.seen == 1 && $0.raw == nil })
      let good = try await client.upsertRecords(#"{"good":\#(Self.request("1"))}"#, mode: "Atomic")
      #expect(good.status == 201)
      #expect(sandbox.stats.lusid.accepted == 1)
    }
  }

  @Test(arguments: ["", "Sometimes"]) func `another success mode gets a 400`(_ mode: String) async throws {
    try await withSandbox { _, client in
      let answer = try await client.upsertRecords("{}", mode: mode)
      #expect(answer.status == 400)
      #expect((answer.object["errors"] as? [String: Any])?["successMode"] != nil)
    }
  }

  @Test(arguments: [
    ("application/json-patch+json", 201), ("application/json; charset=utf-8", 201), ("text/json", 201),
    ("application/vnd.x+json", 201), ("text/plain", 415), ("application/xml", 415),
  ])
  func `only JSON is taken`(_ type: String, _ status: Int) async throws {
    try await withSandbox { _, client in
      let answer = try await client.upsertRecords("{}", type: type)
      #expect(answer.status == status)
    }
  }

  @Test func `every answer carries a request id of its own`() async throws {
    try await withSandbox { sandbox, client in
      let token = try await client.token("/oauth2/token")
      var ids = Set<String>()
      for body in ["{}", "{", "{}"] {
        let answer = try await client.upsertRecords(body, token: token)
        ids.insert(try #require(answer.header("lusid-meta-requestId")))
      }
      sandbox.change { $0.outage = true }
      let answer = try await client.upsertRecords("{}", token: token)
      ids.insert(try #require(answer.header("lusid-meta-requestId")))
      #expect(ids.count == 4)
    }
  }

  @Test func `records are known by scope and sorted identifiers and kept byte for byte`() async throws {
    try await withSandbox { sandbox, client in
      let token = try await client.token("/oauth2/token")
      func identifiers(_ names: [String]) -> String {
        "{" + names.map { #""\#($0)":{"key":"\#($0)","value":{"labelValue":"v"}}"# }.joined(separator: ",") + "}"
      }
      let one = Self.request("1", #""identifiers":\#(identifiers(["a/b/c", "a/b/d"])),"x" : 12345678901234567.10"#)
      let two = Self.request("1", #""identifiers":\#(identifiers(["a/b/d", "a/b/c"])),"x":1e400,"y":"\u00e9é""#)
      for request in [one, one, two] { _ = try await client.upsertRecords(#"{"r":\#(request)}"#, token: token) }
      let items = sandbox.items(of: .lusid)
      let item = try #require(items["acme a/b/c=v a/b/d=v"])
      #expect(items.count == 1)
      #expect(item.seen == 3)
      #expect(item.accepted == 3)
      #expect(item.version == 2)
      #expect(item.raw == Array(two.utf8))
      #expect(sandbox.stats.lusid.distinct == 1)
    }
  }

  @Test func `two requests with one key in a batch are noticed`() async throws {
    try await withSandbox { sandbox, client in
      _ = try await client.upsertRecords(#"{"a":\#(Self.request("1")),"b":\#(Self.request("2"))}"#)
      #expect(sandbox.stats.lusid.sharedKeys == 0)
      _ = try await client.upsertRecords(#"{"a":\#(Self.request("1")),"b":\#(Self.request("1"))}"#)
      #expect(sandbox.stats.lusid.sharedKeys == 1)
    }
  }

  @Test func `a request may ask for its outcome`() async throws {
    try await withSandbox { sandbox, client in
      func asking(_ outcome: String) -> String { Self.request(outcome, #""description":"sandbox: \#(outcome)""#) }
      let answer = try await client.upsertRecords(
        #"{"r":\#(asking("reject")),"u":\#(asking("unchanged")),"i":\#(asking("ignore")),"o":\#(asking("other"))}"#)
      #expect(answer.status == 201)
      #expect((answer.object["values"] as? [String: Any])?.keys.sorted() == ["o"])
      let failed = try #require(answer.object["failed"] as? [String: [String: Any]])
      #expect(failed.keys.sorted() == ["r", "u"])
      #expect(failed["r"]?["type"] != nil)
      #expect(failed["u"]?["type"] == nil)
      #expect(failed["u"]?["detail"] == nil)
      let malformed = try await client.upsertRecords(#"{"m":\#(asking("malformed")),"o":\#(asking("other"))}"#)
      #expect(malformed.status == 400)
      #expect((malformed.object["errors"] as? [String: Any])?.keys.sorted() == ["[m].description"])
      let stats = sandbox.stats.lusid
      #expect([stats.accepted, stats.rejected, stats.unchanged, stats.ignored, stats.malformed] == [1, 1, 1, 1, 1])
    }
  }
}
