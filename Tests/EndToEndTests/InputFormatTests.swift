import Foundation
import JSONText
import Testing
import TestKit

/// A dropped file and the one body that it has to become.
struct Conversion {
  var name: String
  var bytes: [UInt8]
  var body: String

  init(_ name: String, _ text: String, becomes body: String) {
    self.init(name, Array(text.utf8), becomes: body)
  }

  init(_ name: String, _ bytes: [UInt8], becomes body: String) {
    self.name = name
    self.bytes = bytes
    self.body = body
  }

  /// The same, folded.
  var gzipped: Conversion { Conversion("\(name).gz", EndToEndTests.gzipped(bytes), becomes: body) }
}

/// Drops each file and its gzip, works them off, and compares the bodies that arrive byte for byte.
func checkConversions(
  _ setup: @escaping (String) -> Setup, inbox: String, _ conversions: [Conversion],
  location: SourceLocation = #_sourceLocation
) async throws {
  let files = conversions + conversions.map(\.gzipped)
  try await withAcceptingWorld({ setup($0).with { $0.level = "debug" } }) { world, server in
    // One at a time, in the order of their names.
    for (index, file) in files.enumerated() {
      try world.drop("\(100 + index)-\(file.name)", in: inbox, file.bytes)
    }
    try await world.workOff(location: location)
    for receipt in try world.receipts(inbox) {
      #expect(receipt.status == "accepted", "\(receipt.document)", sourceLocation: location)
    }
    let bodies = server.bodies
    for file in files {
      #expect(
        bodies.contains(file.body), "\(file.name) is not among:\n\(bodies.joined(separator: "\n"))",
        sourceLocation: location)
    }
    #expect(bodies.sorted() == files.map(\.body).sorted(), sourceLocation: location)
  }
}

@Suite struct InputFormatTests {
  // MARK: - LUSID

  private static func property(_ key: String, _ value: String, _ rest: String = "") -> String {
    "\"\(key)\":{\"key\":\"\(key)\",\"value\":{\"labelValue\":\"\(value)\"}\(rest)}"
  }

  private static let seedRecord = """
    {"identifiers":{\(property("InvestorRecord/ExternalIdentifier/ExternalIRId", "IR_12345678"))},\
    "properties":{\(property("InvestorRecord/Details/Name", "John Doe"))},"displayName":"Doe",\
    "investor":{"investorType":"Person","investorIdentifiers":{\(property("Person/HrSystem1/InternalId", "XY1"))}}}
    """

  private static let currentRecord = """
    { "scope": "s", "displayName":"Doe"\n, "identifiers":{\(property("InvestorRecord/ExternalIdentifier/ExternalIRId", "1"))},\
    "investor":{"investorType":"Nominee","identifiers":{"Person/HrSystem1/InternalId":"XY1"}}}
    """

  @Test(arguments: ["schema: current", "schema: seed"])
  func `LUSID's JSON formats reach the API as they were dropped, in either schema`(schema: String) async throws {
    let (seed, current) = (Self.seedRecord, Self.currentRecord)
    let line = current.replacing("\n", with: " ")
    try await checkConversions(
      { .lusid($0, target: [schema]) }, inbox: "investors",
      [
        Conversion("a.json", "[\(seed), \(current)\n]", becomes: "{\"item-1\":\(seed),\"item-2\":\(current)}"),
        Conversion("b.json", " \(seed)\n", becomes: "{\"item-1\":\(seed)}"),
        Conversion("c.json", current, becomes: "{\"item-1\":\(current)}"),
        Conversion(
          "d.json", "{\"first\" : \(seed) , \"se\\u0063 €\":\n\(current)}",
          becomes: "{\"first\":\(seed),\"se\\u0063 €\":\(current)}"),
        Conversion("e.ndjson", " \(seed)\n\r\n\(line) \r\n", becomes: "{\"item-1\":\(seed),\"item-2\":\(line)}"),
        Conversion("f.jsonl", "\(line)\n\(seed)", becomes: "{\"item-1\":\(line),\"item-2\":\(seed)}"),
        Conversion("g.json", [0xEF, 0xBB, 0xBF] + Array("[\(seed)]".utf8), becomes: "{\"item-1\":\(seed)}"),
      ])
  }

  /// All of section 4 in one header.
  private static let columns = [
    "requestId", "identifiers.InvestorRecord/E/Id", "scope", "displayName", "description",
    "properties.InvestorRecord/Details/Country", "properties.InvestorRecord/Details/Country.effectiveFrom",
    "properties.InvestorRecord/Details/Country.effectiveUntil", "properties.InvestorRecord/D/Balance:number",
    "properties.InvestorRecord/D/Balance.unit", "properties.InvestorRecord/D/Tags:list", "investor.investorType",
    "investor.investorIdentifiers.Person/HrSystem1/InternalId",
  ]

  private static let rows = [
    ["r-1", "1", "s", "N, O", "D", "UK", "2016-01-01T00:00:00Z", "", "-001", "GBP", "a;b;;c", "Person", "X"],
    ["", "2", "s", "\"q\"", "", "", "", "", "12345678901234567.10", "", "", "", ""],
    ["r\\3", "3", "s", "line\nbreak", "", "", "", "", "", "", "x", "LegalEntity", ""],
  ]

  private static func csv(_ columns: [String], _ rows: [[String]], _ delimiter: String, _ end: String) -> String {
    ([columns] + rows).map { row in
      row.map { cell in
        cell.contains { "\"\n,;|\t".contains($0) } ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
      }.joined(separator: delimiter)
    }.joined(separator: end) + end
  }

  private static func csvBody(_ investor: String) -> String {
    """
    {"r-1":{"identifiers":{\(property("InvestorRecord/E/Id", "1"))},"scope":"s","displayName":"N, O","description":"D",\
    "properties":{\(property("InvestorRecord/Details/Country", "UK", ",\"effectiveFrom\":\"2016-01-01T00:00:00Z\"")),\
    "InvestorRecord/D/Balance":{"key":"InvestorRecord/D/Balance","value":{"metricValue":{"value":-1,"unit":"GBP"}}},\
    "InvestorRecord/D/Tags":{"key":"InvestorRecord/D/Tags","value":{"labelValueSet":{"values":["a","b","","c"]}}}},\
    "investor":{"investorType":"Person",\(investor)}},\
    "item-2":{"identifiers":{\(property("InvestorRecord/E/Id", "2"))},"scope":"s","displayName":"\\"q\\"",\
    "properties":{"InvestorRecord/D/Balance":{"key":"InvestorRecord/D/Balance","value":{"metricValue":{"value":12345678901234567.10}}}}},\
    "r\\\\3":{"identifiers":{\(property("InvestorRecord/E/Id", "3"))},"scope":"s","displayName":"line\\nbreak",\
    "properties":{"InvestorRecord/D/Tags":{"key":"InvestorRecord/D/Tags","value":{"labelValueSet":{"values":["x"]}}}},\
    "investor":{"investorType":"LegalEntity"}}}
    """
  }

  @Test func `LUSID's CSV fills in properties, numbers, sets and ids, in either schema`() async throws {
    let rows = Self.rows.map { $0.map { $0 == "-001" ? "-1" : $0 } }
    let otherName = Self.columns.map { $0.replacing("investor.investorIdentifiers", with: "investor.identifiers") }
    for (schema, investor) in [
      ("current", "\"identifiers\":{\"Person/HrSystem1/InternalId\":\"X\"}"),
      ("seed", "\"investorIdentifiers\":{\(Self.property("Person/HrSystem1/InternalId", "X"))}"),
    ] {
      let body = Self.csvBody(investor)
      try await checkConversions(
        { .lusid($0, target: ["schema: \(schema)"], inbox: ["delimiter: auto"]) }, inbox: "investors",
        [
          Conversion("a.csv", Self.csv(Self.columns, rows, ",", "\n"), becomes: body),
          Conversion("b.csv", Self.csv(otherName, rows, ";", "\r\n"), becomes: body),
          Conversion("c.csv", Self.csv(Self.columns, rows, "|", "\n\n"), becomes: body),
          Conversion("d.csv", Self.csv(otherName, rows, "\t", "\n"), becomes: body),
          Conversion("e.tsv", Self.csv(Self.columns, rows, "\t", "\r\n"), becomes: body),
          Conversion("f.CSV", [0xEF, 0xBB, 0xBF] + Array(Self.csv(Self.columns, rows, ",", "\n").utf8), becomes: body),
        ])
    }
  }

  @Test func `a CSV cell that is no JSON number, boolean or JSON rejects its row`() async throws {
    let columns = "identifiers.A/s/c,scope,displayName,properties.A/s/n:number,properties.A/s/j:json\n"
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      let bad = ["-001", "1,5", "1.", ".5", "+1", "0x1", "1e", "NaN", " 1", "1 "]
      try world.drop("a.csv", in: "investors", columns + bad.map { "1,s,n,\"\($0)\",\n" }.joined())
      try world.drop(
        "a.csv", in: "accounts",
        "accountId,b:boolean,j:json\n1,yes,\n2,TRUE,\n3,1,\n4,,{\n5,,1 2\n6,,\"\"\"a\"\"\"\n7,true,\n8,false,[ 1 ]\n")
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("investors")
      #expect(receipt.rejected == bad.count, "\(receipt.document)")
      #expect(receipt.codes.values.allSatisfy { $0 == "invalid-value" }, "\(receipt.document)")
      let accounts = try world.receipt("accounts")
      #expect(accounts.codes.values.allSatisfy { $0 == "invalid-value" }, "\(accounts.document)")
      #expect([1, 3, 4, 5].allSatisfy { accounts.codes[$0] != nil }, "\(accounts.document)")
      #expect([6, 7, 8].allSatisfy { accounts.codes[$0] == nil }, "\(accounts.document)")
    }
  }

  // MARK: - Liquid

  private static let accountItem = "item: {category: entity, type: Account, action: Merge, key: [accountId]}"
  private static let filled = "\"headers\":{\"category\":\"entity\",\"type\":\"Account\",\"action\":\"Merge\"}"

  @Test func `Liquid's item fills in missing headers and never overrides`() async throws {
    let full =
      "{\"headers\":{\"category\":\"c\" , \"type\":\"Other\",\"action\":\"Delete\",\"more\":[1]},\"x\":1, \"data\":{\"accountId\":\"1\"}}"
    let filled = Self.filled
    try await checkConversions(
      { .liquid($0) }, inbox: "accounts",
      [
        Conversion("a.json", "[\(full)]", becomes: "[\(full)]"),
        Conversion("b.json", full, becomes: "[\(full)]"),
        // No headers: the object is the data, whatever it holds.
        Conversion(
          "c.json", "{ \"accountId\": \"2\", \"name\":\"n\" }",
          becomes: "[{\(filled),\"data\":{ \"accountId\": \"2\", \"name\":\"n\" }}]"),
        Conversion(
          "d.ndjson", "{\"accountId\":3}\n\(full)\n", becomes: "[{\(filled),\"data\":{\"accountId\":3}},\(full)]"),
        Conversion(
          "e.json", "[{\"accountId\":\"4\",\"data\":{\"accountId\":\"5\"}}]",
          becomes: "[{\(filled),\"data\":{\"accountId\":\"4\",\"data\":{\"accountId\":\"5\"}}}]"),
        // Some headers.
        Conversion(
          "f.json", "{\"headers\":{},\"data\":{\"accountId\":\"6\"}}",
          becomes: "[{\(filled),\"data\":{\"accountId\":\"6\"}}]"),
        Conversion(
          "g.json", "{\"data\":{\"accountId\":\"7\"},\"headers\":{ \"action\" : \"Update\" }}",
          becomes:
            "[{\"data\":{\"accountId\":\"7\"},\"headers\":{ \"action\" : \"Update\",\"category\":\"entity\",\"type\":\"Account\" }}]"
        ),
        // A receipt of an earlier rejection is left out.
        Conversion(
          "h.json",
          "{\"headers\":{\"receiptType\":\"Error\",\"type\":\"T\",\"receiptMessage\":\"m\"},\"data\":{\"accountId\":\"8\"}}",
          becomes:
            "[{\"headers\":{\"type\":\"T\",\"category\":\"entity\",\"action\":\"Merge\"},\"data\":{\"accountId\":\"8\"}}]"
        ),
      ])
  }

  @Test func `Liquid's CSV makes nested fields of every type`() async throws {
    let columns =
      "accountId,name,addresses[0].city,addresses[0].postalCode,addresses[1].city,exposure:number,creditBlock:boolean,deliveryDays:list,extra:json"
    let row = "1,\"A \"\"B\"\" é\",X,01234,Y,0.10,true,Mon;Thu,\"{\"\"a\"\" : [1, 2]}\""
    let data = """
      {"accountId":"1","name":"A \\"B\\" é","addresses":[{"city":"X","postalCode":"01234"},{"city":"Y"}],"exposure":0.10,\
      "creditBlock":true,"deliveryDays":["Mon","Thu"],"extra":{"a" : [1, 2]}}
      """
    let filled = Self.filled
    try await checkConversions(
      { .liquid($0) }, inbox: "accounts",
      [
        Conversion("a.csv", "\(columns)\n\(row)\n", becomes: "[{\(filled),\"data\":\(data)}]"),
        Conversion("b.csv", "\(columns)\r\n2,,,,,,,,\r\n", becomes: "[{\(filled),\"data\":{\"accountId\":\"2\"}}]"),
        Conversion(
          "c.csv", "headers.action,accountId,headers.type\nDelete,3,\n",
          becomes:
            "[{\"headers\":{\"action\":\"Delete\",\"category\":\"entity\",\"type\":\"Account\"},\"data\":{\"accountId\":\"3\"}}]"
        ),
        Conversion(
          "d.tsv", "accountId\tname\n4\t\"a\tb\"\n",
          becomes: "[{\(filled),\"data\":{\"accountId\":\"4\",\"name\":\"a\\tb\"}}]"),
        // A field of that name is inside data.
        Conversion(
          "e.csv", "accountId,headers,data.x\n5,h,y\n",
          becomes: "[{\(filled),\"data\":{\"accountId\":\"5\",\"headers\":\"h\",\"data\":{\"x\":\"y\"}}}]"),
      ])
  }

  @Test func `without item defaults a Liquid CSV names its headers itself`() async throws {
    try await checkConversions(
      { .liquid($0, inbox: []) }, inbox: "accounts",
      [
        Conversion(
          "a.csv", "headers.category,headers.type,headers.action,accountId\nentity,Account,Create,1\n",
          becomes:
            "[{\"headers\":{\"category\":\"entity\",\"type\":\"Account\",\"action\":\"Create\"},\"data\":{\"accountId\":\"1\"}}]"
        )
      ])
  }

  @Test func `an empty cell is left out, null or an empty string, as the route says`() async throws {
    let filled = Self.filled
    let text = "accountId,name,quoted,n:number,l:list,a[0].b\n1,,\"\",,,\n"
    for (empty, data) in [
      ("omit", "{\"accountId\":\"1\"}"),
      ("null", "{\"accountId\":\"1\",\"name\":null,\"quoted\":null,\"n\":null,\"l\":null,\"a\":[{\"b\":null}]}"),
      ("string", "{\"accountId\":\"1\",\"name\":\"\",\"quoted\":\"\",\"a\":[{\"b\":\"\"}]}"),
    ] {
      try await checkConversions(
        { .liquid($0, inbox: [Self.accountItem, "empty: \(empty)"]) }, inbox: "accounts",
        [Conversion("a.csv", text, becomes: "[{\(filled),\"data\":\(data)}]")])
    }
  }

  @Test(arguments: [(";", "\";\""), ("|", "\"|\""), ("\t", "tab"), (",", "\",\""), ("~", "\"~\"")])
  func `a CSV's delimiter is the route's, a TSV's is the tab`(delimiter: String, written: String) async throws {
    let filled = Self.filled
    try await checkConversions(
      { .liquid($0, inbox: [Self.accountItem, "delimiter: \(written)"]) }, inbox: "accounts",
      [
        Conversion(
          "a.csv", "accountId\(delimiter)name\n1\(delimiter)\"a\(delimiter)b\"\n",
          becomes:
            "[{\(filled),\"data\":{\"accountId\":\"1\",\"name\":\"a\(delimiter == "\t" ? "\\t" : delimiter)b\"}}]"),
        Conversion(
          "b.tsv", "accountId\tname\n2\tx\n", becomes: "[{\(filled),\"data\":{\"accountId\":\"2\",\"name\":\"x\"}}]"),
      ])
  }

  // MARK: - Mappings

  /// Section 4's own.
  private static let mapping = """
    columns:
      "Investor Ref": identifiers.InvestorRecord/ExternalIdentifier/ExternalIRId
      "Name":         [displayName, properties.InvestorRecord/Details/Name]
      "Since":        {to: properties.InvestorRecord/Details/Country.effectiveFrom, date: "dd/MM/yyyy"}
      "Type":         {to: investor.investorType, values: {P: Person, C: LegalEntity}}
      "Balance":      {to: exposure, type: number}
    constants:
      description: Loaded from the transfer agent
    ignore: [Comment]          # a column neither mapped nor ignored rejects the file: `unmapped-column`

    """

  @Test func `the contract's own mapping works`() async throws {
    // It has no country to go with the date, so the API alone may judge.
    func setup(_ url: String) -> Setup {
      .lusid(url, target: ["schema: seed"], inbox: ["mapping: investors.yaml", "validate: false"])
    }
    try await withAcceptingWorld(setup) { world, server in
      try world.write(Self.mapping, to: world.folder + "/investors.yaml")
      try world.drop(
        "a.csv", in: "investors",
        "Comment,Investor Ref,Name,Since,Type,Balance\nsecret,IR_1,Jane,31/01/2016,P,1.50\n,IR_2,Firm,,C,\n,IR_3,X,2016-01-31,P,1\n,IR_4,X,,Q,1\n,IR_5,X,30/02/2016,P,1\n"
      )
      try world.drop("b.csv", in: "investors", "Investor Ref,Name,Other\nIR_1,Jane,x\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 2)
      let receipt = try world.receipt("investors", of: "a.csv")
      #expect(receipt.codes == [3: "invalid-value", 4: "invalid-value", 5: "invalid-value"], "\(receipt.document)")
      let unmapped = try world.receipt("investors", of: "b.csv")
      #expect(unmapped.errorCode == "unmapped-column")
      #expect(unmapped.error?["message"]?.string?.contains("\"Other\"") == true)
      let id = "InvestorRecord/ExternalIdentifier/ExternalIRId"
      #expect(
        server.bodies == [
          """
          {"item-1":{"identifiers":{\(Self.property(id, "IR_1"))},"displayName":"Jane",\
          "properties":{\(Self.property("InvestorRecord/Details/Name", "Jane")),\
          "InvestorRecord/Details/Country":{"key":"InvestorRecord/Details/Country","effectiveFrom":"2016-01-31T00:00:00Z"}},\
          "investor":{"investorType":"Person"},"exposure":1.50,"description":"Loaded from the transfer agent"},\
          "item-2":{"identifiers":{\(Self.property(id, "IR_2"))},"displayName":"Firm",\
          "properties":{\(Self.property("InvestorRecord/Details/Name", "Firm"))},\
          "investor":{"investorType":"LegalEntity"},"description":"Loaded from the transfer agent"}}
          """
        ], "\(unmapped.document) \(receipt.document)")
    }
  }

  @Test func `a constant unit or date goes with a property, and makes none`() async throws {
    func setup(_ url: String) -> Setup { .lusid(url, inbox: ["mapping: investors.yaml"]) }
    try await withAcceptingWorld(setup) { world, server in
      try world.write(
        """
        columns:
          Id: identifiers.A/b/c
          Name: displayName
          Balance: {to: properties.A/b/balance, type: number}
          Country: properties.A/b/country
        constants:
          scope: s
          properties.A/b/balance.unit: GBP
          properties.A/b/country.effectiveFrom: "2020-01-01T00:00:00Z"
          properties.A/b/source: upsertd
          properties.A/b/source.effectiveFrom: "2021-01-01T00:00:00Z"

        """, to: world.folder + "/investors.yaml")
      try world.drop("a.csv", in: "investors", "Id,Name,Balance,Country\n1,n,2.50,UK\n2,n,,\n")
      try await world.workOff()
      func record(_ id: String, _ properties: String) -> String {
        "{\"identifiers\":{\(Self.property("A/b/c", id))},\"displayName\":\"n\",\"properties\":{\(properties)},\"scope\":\"s\"}"
      }
      let balance =
        "\"A/b/balance\":{\"key\":\"A/b/balance\",\"value\":{\"metricValue\":{\"value\":2.50,\"unit\":\"GBP\"}}}"
      let country = Self.property("A/b/country", "UK", ",\"effectiveFrom\":\"2020-01-01T00:00:00Z\"")
      let source = Self.property("A/b/source", "upsertd", ",\"effectiveFrom\":\"2021-01-01T00:00:00Z\"")
      #expect(
        server.bodies == [
          "{\"item-1\":\(record("1", "\(balance),\(country),\(source)")),\"item-2\":\(record("2", source))}"
        ])
    }
  }

  @Test func `a mapping's rejects keep the dropped header and can be dropped again`() async throws {
    func setup(_ url: String) -> Setup {
      .liquid(url, inbox: [Self.accountItem, "mapping: accounts.yaml", "delimiter: \";\""])
    }
    try await withAcceptingWorld(setup) { world, server in
      try world.write(
        "columns: {No: accountId, Balance: {to: exposure, type: number}}\nconstants: {currency: USD, n: 1, t: true, \"a[0].b\": x}\nignore: [Clerk]\n",
        to: world.folder + "/accounts.yaml")
      try world.drop("a.csv", in: "accounts", "Clerk;No;Balance\nx;1;1,5\ny;2;2.50\n")
      try await world.workOff(expecting: 1)
      let first = try world.receipt("accounts")
      let rejects = try world.rejects(of: first)
      #expect(rejects.hasPrefix("_error_code;_error_message;_error_line;Clerk;No;Balance\ninvalid-value;"))
      #expect(rejects.hasSuffix(";2;x;1;1,5\n"))
      try world.drop(
        try #require(first["rejects"]?["file"]?.string), in: "accounts", rejects.replacing("1,5", with: "1.5"))
      try await world.workOff()
      let data = "\"currency\":\"USD\",\"n\":1,\"t\":true,\"a\":[{\"b\":\"x\"}]}"
      #expect(
        server.bodies == [
          "[{\(Self.filled),\"data\":{\"accountId\":\"2\",\"exposure\":2.50,\(data)}]",
          "[{\(Self.filled),\"data\":{\"accountId\":\"1\",\"exposure\":1.5,\(data)}]",
        ])
    }
  }
}
