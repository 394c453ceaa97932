import APIs
import Core
import Formats
import Testing

@Suite struct PlaceTests {
  private let current = LusidInvestorRecords(schema: .current, validate: true)
  private let seed = LusidInvestorRecords(schema: .seed, validate: true)
  private let liquid = LiquidItems(defaults: nil, validate: true)
  private let key = "A/b/c"

  private func companion(_ object: PathStep...) -> [PlacedField.Companion] {
    [PlacedField.Companion(object: object, name: "key", json: #""A/b/c""#)]
  }

  @Test(arguments: ["displayName", "description", "scope"])
  func `a plain LUSID field is itself`(name: String) throws {
    #expect(try current.place(.member(name)) == PlacedField(path: [.member(name)], type: .string))
  }

  @Test func `requestId is the request's id, for LUSID alone`() throws {
    #expect(try current.place(steps: [.member("requestId")], type: .string, text: "requestId") == .requestID)
    #expect(try liquid.place(.member("requestId"))?.path == [.member("data"), .member("requestId")])
  }

  @Test(arguments: ["identifiers", "properties"])
  func `a property's key stands for its label, number or list`(map: String) throws {
    let property: [PathStep] = [.member(map), .member(key)]
    func expect(_ type: CellType, _ path: String...) throws {
      let field = try current.place(.member(map), .member(key), as: type)
      #expect(field?.path == property + path.map(PathStep.member))
      #expect(field?.type == type)
      #expect(field?.companions == companion(.member(map), .member(key)))
    }
    try expect(.string, "value", "labelValue")
    try expect(.number, "value", "metricValue", "value")
    try expect(.list, "value", "labelValueSet", "values")
    try expect(.json, "value")
    #expect(throws: FileFault.self) { try expect(.boolean) }
  }

  @Test(arguments: [
    ("unit", ["value", "metricValue", "unit"]), ("effectiveFrom", ["effectiveFrom"]),
    ("effectiveUntil", ["effectiveUntil"]),
  ])
  func `unit and times stand beside the value`(name: String, path: [String]) throws {
    let field = try current.place(.member("properties"), .member(key), .member(name))
    #expect(field?.path == [.member("properties"), .member(key)] + path.map(PathStep.member))
    #expect(field?.companions == companion(.member("properties"), .member(key)))
  }

  @Test(arguments: ["identifiers", "investorIdentifiers"])
  func `the two names of an investor's identifiers are one, as the schema has it`(name: String) throws {
    let steps: [PathStep] = [.member("investor"), .member(name), .member(key)]
    #expect(
      try current.place(steps: steps, type: .string, text: "x")
        == .field(PlacedField(path: [.member("investor"), .member("identifiers"), .member(key)], type: .string)))
    let object: [PathStep] = [.member("investor"), .member("investorIdentifiers"), .member(key)]
    #expect(
      try seed.place(steps: steps, type: .string, text: "x")
        == .field(
          PlacedField(
            path: object + [.member("value"), .member("labelValue")], type: .string,
            companions: [PlacedField.Companion(object: object, name: "key", json: #""A/b/c""#)])))
    #expect(throws: FileFault.self) {
      _ = try current.place(steps: steps + [.member("effectiveFrom")], type: .string, text: "x")
    }
    #expect(throws: FileFault.self) { _ = try current.place(steps: steps, type: .number, text: "x") }
  }

  @Test func `whole maps can come as JSON`() throws {
    #expect(try current.place(.member("identifiers"), as: .json)?.path == [.member("identifiers")])
    #expect(try current.place(.member("investor"), as: .json)?.path == [.member("investor")])
    #expect(try current.place(.member("investor"), .member("investorType"))?.type == .string)
  }

  @Test(arguments: [
    [PathStep.member("name")], [.member("identifiers")], [.member("identifiers"), .element(0)],
    [.member("displayName"), .member("x")], [.member("properties"), .member("A/b/c"), .member("key")],
    [.member("properties"), .member("A/b/c"), .element(1)], [.member("investor"), .member("type")],
    [.member("investor")], [.element(0)], [.member("requestId"), .member("x")], [],
  ])
  func `an unknown LUSID field is refused with a word on what there is`(steps: [PathStep]) throws {
    let fault = try #require(throws: FileFault.self) {
      _ = try current.place(steps: steps, type: .string, text: "Investor Ref")
    }
    #expect(fault.code == .unmappedColumn)
    #expect(fault.message.contains("\"Investor Ref\""))
    if steps == [.member("name")] {
      #expect(fault.message.contains("displayName"))
      #expect(fault.message.contains("mapping"))
    }
  }

  @Test func `a key is quoted as JSON`() throws {
    let field = try current.place(.member("properties"), .member(#"a"\b"#))
    #expect(field?.companions.first?.json == #""a\"\\b""#)
  }

  @Test func `a Liquid path is inside data unless it starts with headers`() throws {
    #expect(
      try liquid.place(.member("addresses"), .element(0), .member("city"))
        == PlacedField(path: [.member("data"), .member("addresses"), .element(0), .member("city")], type: .string))
    #expect(
      try liquid.place(.member("headers"), .member("action"))
        == PlacedField(path: [.member("headers"), .member("action")], type: .string))
    #expect(try liquid.place(.member("headers"))?.path == [.member("data"), .member("headers")])
    #expect(try liquid.place(.member("exposure"), as: .number)?.type == .number)
  }

  @Test func `auto tells the API by what an item holds`() {
    func kind(_ item: String) -> APIKind? { APIKind.classify(Array(item.utf8).span) }
    #expect(kind(Examples.liquidItem) == .liquid)
    #expect(kind(Records.current()) == .lusid)
    #expect(kind(#"{"_error":1,"_raw":\#(Records.current())}"#) == .lusid)
    #expect(kind(#"{"_error":1,"headers":{},"data":{}}"#) == .liquid)
    #expect(kind(#"{"headers":{},"data":[]}"#) == nil)
    #expect(kind(#"{"headers":{}}"#) == nil)
    #expect(kind(#"{"identifiers":[]}"#) == nil)
    #expect(kind(#"{"headers":{},"data":{},"identifiers":{}}"#) == nil)
    for item in ["{}", "[]", "5", #"{"a":{"identifiers":{}}}"#] { #expect(kind(item) == nil) }
  }

  @Test func `auto tells the API by a CSV's header`() {
    #expect(APIKind.classify(headerPaths: ["displayName", "identifiers.A/b/c"]) == .lusid)
    #expect(APIKind.classify(headerPaths: ["headers.action", "accountId"]) == .liquid)
    #expect(APIKind.classify(headerPaths: ["headers.action", "identifiers.A/b/c"]) == nil)
    #expect(APIKind.classify(headerPaths: ["accountId", "identifiers"]) == nil)
  }

  @Test func `requests go to the documented addresses with the documented headers`() {
    #expect(
      current.endpoint(base: "https://x.lusid.com/api", successMode: .atomic)
        == "https://x.lusid.com/api/api/investorrecords/$batchUpsert?successMode=Atomic")
    #expect(
      current.endpoint(base: "https://x.lusid.com/api//", successMode: .partial)
        == "https://x.lusid.com/api/api/investorrecords/$batchUpsert?successMode=Partial")
    #expect(
      liquid.endpoint(base: "https://ld.example.com/", successMode: .partial)
        == "https://ld.example.com/ls/api/items/upsert")
    #expect(current.headers.contains { $0 == ("X-LUSID-Application", "upsertd") })
    for api in [current, liquid] as [any TargetAPI] {
      #expect(api.headers.contains { $0 == ("Content-Type", "application/json") })
    }
    #expect(current.framing == BodyFraming(open: "{", separator: ",", close: "}"))
    #expect(liquid.framing == BodyFraming(open: "[", separator: ",", close: "]"))
    #expect(current.idsAllowed)
    #expect(!liquid.idsAllowed)
    #expect(current.itemMembers.contains("identifiers"))
    #expect(liquid.requestID(ofPiece: Array(Examples.liquidItem.utf8)[...]) == nil)
  }

  @Test func `validate: false lets an unknown field through, but nothing else among the known ones`() throws {
    let lenient = LusidInvestorRecords(schema: .current, validate: false)
    let exposure = PlacedField(path: [.member("exposure")], type: .number)
    #expect(try lenient.place(steps: exposure.path, type: .number, text: "exposure") == .field(exposure))
    #expect(throws: FileFault.self) { _ = try current.place(steps: exposure.path, type: .number, text: "exposure") }
    for steps: [PathStep] in [
      [.member("identifiers")], [.member("displayName"), .member("x")],
      [.member("properties"), .member(key), .member("unitt")],
    ] {
      #expect(throws: FileFault.self) { _ = try lenient.place(steps: steps, type: .string, text: "x") }
    }
  }

  @Test func `an unknown Liquid header is refused with the one that was meant, unless the API alone judges`() throws {
    let steps: [PathStep] = [.member("headers"), .member("acton")]
    let fault = try #require(throws: FileFault.self) {
      _ = try liquid.place(steps: steps, type: .string, text: "headers.acton")
    }
    #expect(fault.code == .unmappedColumn)
    #expect(
      fault.message
        == "column \"headers.acton\" is not a header of a Liquid item: did you mean \"headers.action\"?")
    #expect(throws: FileFault.self) {
      _ = try liquid.place(.member("headers"), .member("action"), .member("x"))
    }
    #expect(throws: FileFault.self) { _ = try liquid.place(.member("headers"), .element(0)) }
    for name in ["category", "type", "action", "receiptType", "receiptMessage"] {
      #expect(try liquid.place(.member("headers"), .member(name))?.path == [.member("headers"), .member(name)])
    }
    let lenient = LiquidItems(defaults: nil, validate: false)
    #expect(try lenient.place(.member("headers"), .member("acton"))?.path == steps)
  }

  private func paths(_ texts: String...) throws -> [CellPath] { try texts.map { try CellPath(parsing: $0) } }

  @Test func `a CSV without an identifier is of no use to LUSID`() throws {
    let message = try #require(current.missingColumn(in: try paths("displayName", "investor.identifiers.A/b/c")))
    #expect(message.contains("identifiers"))
    #expect(current.missingColumn(in: try paths("identifiers.A/b/c")) == nil)
    #expect(current.missingColumn(in: try paths("identifiers:json")) == nil)
    #expect(LusidInvestorRecords(schema: .current, validate: false).missingColumn(in: []) == nil)
  }

  @Test func `a CSV without a field of item.key is of no use to Liquid`() throws {
    let defaults = ItemDefaults(key: ["accountId", "region"])
    let keyed = LiquidItems(defaults: defaults, validate: true)
    #expect(
      keyed.missingColumn(in: try paths("name", "headers.region"))
        == "no column fills \"accountId\" and \"region\", fields of item.key")
    #expect(
      keyed.missingColumn(in: try paths("region", "name")) == "no column fills \"accountId\", a field of item.key")
    #expect(
      keyed.missingColumn(in: try paths("region", "ACCOUNT_ID"))
        == "no column fills \"accountId\", a field of item.key: if \"ACCOUNT_ID\" is meant, its name must be the same, capitals included"
    )
    #expect(keyed.missingColumn(in: try paths("accountId", "region.code")) == nil)
    #expect(LiquidItems(defaults: defaults, validate: false).missingColumn(in: []) == nil)
    #expect(liquid.missingColumn(in: []) == nil)
  }
}
