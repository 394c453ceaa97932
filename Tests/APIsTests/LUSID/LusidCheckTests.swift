import APIs
import Core
import Testing

@Suite struct LusidCheckTests {
  private let seed = LusidInvestorRecords(schema: .seed, validate: true)
  private let current = LusidInvestorRecords(schema: .current, validate: true)

  /// An item of the current schema, the fault's code and what its message says; no code if there is no fault.
  struct Case: CustomTestStringConvertible, Sendable {
    var item: String
    var code: RejectCode?
    var says: String
    var testDescription: String { "\(says) \(code?.rawValue ?? "good") \(item.prefix(200))" }

    init(_ item: String, _ code: RejectCode?, _ says: String = "") {
      self.item = item
      self.code = code
      self.says = says
    }
  }

  private func check(_ test: Case, with api: LusidInvestorRecords) {
    let fault = api.fault(test.item)
    #expect(fault?.code == test.code, "\(fault?.message ?? "")")
    #expect(fault == nil || fault?.message.contains(test.says) == true, "\(fault?.message ?? "")")
  }

  private static let long64 = String(repeating: "x", count: 64)

  @Test(arguments: [
    Case(Records.current(), nil),
    Case(#"{"scope":"s","displayName":"n"}"#, .missingField, "identifiers is required"),
    Case(Records.current(identifiers: "null"), .missingField, "identifiers is required"),
    Case(Records.current(identifiers: "{}"), .missingField, "identifiers needs at least one"),
    Case(Records.current(identifiers: "[]"), .invalidValue, "identifiers must be an object"),
    Case(Records.current(identifiers: #"{"A/b/c":"x"}"#), .invalidValue, "identifiers.A/b/c must be an object"),
    Case(Records.current(displayName: "null"), .missingField, "displayName is required"),
    Case(#"{"scope":"s","identifiers":{\#(Records.property())}}"#, .missingField, "displayName is required"),
    Case(Records.current(displayName: "7"), .invalidValue, "displayName must be a string of 1 to 512"),
    Case(Records.current(displayName: #""""#), .invalidValue, "displayName"),
    Case(Records.current(scope: "null"), .missingField, "scope is required"),
    Case(#"{"identifiers":{\#(Records.property())},"displayName":"n"}"#, .missingField, "scope is required"),
    Case(Records.current(scope: "5"), .invalidValue, "scope must be 1 to 64"),
    Case(Records.current(scope: #""""#), .invalidValue, "scope"),
    Case(Records.current(scope: #""a b""#), .invalidValue, "scope"),
    Case(Records.current(scope: #""é""#), .invalidValue, "scope"),
    Case(Records.current(scope: "\"\(long64)\""), nil),
    Case(Records.current(scope: "\"\(long64)x\""), .invalidValue, "scope"),
    Case(Records.current(scope: #""\u0041-_9""#), nil),
    Case(Records.current(more: #","description":null,"properties":null,"investor":null,"other":[1]"#), nil),
    Case(Records.current(more: #","description":"""#), nil),
    Case(Records.current(more: #","description":5"#), .invalidValue, "description must be a string of at most 512"),
    Case(Records.current(more: #","properties":5"#), .invalidValue, "properties must be an object"),
    Case(Records.current(more: #","properties":{}"#), nil),
  ])
  func `the top level is checked`(test: Case) { check(test, with: current) }

  @Test(arguments: [
    ("x", 512, true), ("x", 513, false), ("é", 512, true), ("é", 513, false), ("😀", 256, true),
    ("😀", 257, false), (#"\u00e9"#, 512, true), (#"\u00e9"#, 513, false), (#"\n"#, 512, true), (#"\n"#, 513, false),
  ])
  func `lengths count UTF-16 units`(character: String, count: Int, isGood: Bool) {
    let text = "\"" + String(repeating: character, count: count) + "\""
    #expect((current.fault(Records.current(displayName: text)) == nil) == isGood)
    #expect((current.fault(Records.current(more: #","description":\#(text)"#)) == nil) == isGood)
  }

  @Test(arguments: [
    ("A/b/c", true), ("Ä b/b/c", true), ("A/b-1_/C-2_", true), ("A/\(long64)/\(long64)", true), (#"A\/b\/c"#, true),
    (#"\u0041/b/c"#, true), ("A/\(long64)x/c", false), ("A/b/\(long64)x", false), ("/b/c", false), ("A//c", false),
    ("A/b/", false), ("A/b", false), ("A", false), ("", false), ("A/b/c/d", false), ("A/b/c d", false),
    ("A/b/é", false), ("A/b.c/d", false), (#"A\/b\/c\n"#, false),
  ])
  func `a property's key is Domain, scope and code`(key: String, isGood: Bool) {
    for map in ["identifiers", "properties"] {
      let item =
        map == "identifiers"
        ? Records.current(identifiers: "{\(Records.property(key))}")
        : Records.current(more: #","properties":{\#(Records.property(key))}"#)
      let fault = current.fault(item)
      #expect((fault == nil) == isGood, "\(fault?.message ?? "")")
      #expect(fault == nil || fault?.code == .invalidValue && fault?.message.hasPrefix("\(map).") == true)
    }
  }

  @Test(arguments: [
    Case(Records.withProperty(#"{"labelValue":"x"}"#), nil),
    Case(Records.withProperty(#"{"labelValue":""}"#), nil),
    Case(Records.withProperty(#"{"labelValue":"x","metricValue":null,"other":1}"#), nil),
    Case(Records.withProperty(#"{"labelValue":5}"#), .invalidValue, "properties.A/b/c.value.labelValue must be"),
    Case(Records.withProperty(#""x""#), .invalidValue, "properties.A/b/c.value must be an object"),
    Case(Records.withProperty("{}"), .invalidValue, "one of labelValue, metricValue and labelValueSet"),
    Case(Records.withProperty("null"), .missingField, "properties.A/b/c.value is required"),
    Case(Records.withProperty(#"{"labelValue":null}"#), .invalidValue, "properties.A/b/c.value must be"),
    Case(Records.withProperty(#"{"labelValue":"x","metricValue":{"value":1}}"#), .invalidValue, ".value must be"),
    Case(Records.withProperty(#"{"metricValue":{"value":12345678901234567.10}}"#), nil),
    Case(Records.withProperty(#"{"metricValue":{"value":-1,"unit":"EUR","more":{}}}"#), nil),
    Case(Records.withProperty(#"{"metricValue":{"value":1,"unit":null}}"#), nil),
    Case(Records.withProperty(#"{"metricValue":{"value":"1"}}"#), .invalidValue, "metricValue.value must be a number"),
    Case(Records.withProperty(#"{"metricValue":{"value":null}}"#), .missingField, "metricValue.value is required"),
    Case(Records.withProperty(#"{"metricValue":{"unit":"EUR"}}"#), .missingField, "metricValue.value is required"),
    Case(Records.withProperty(#"{"metricValue":{"value":1,"unit":2}}"#), .invalidValue, "metricValue.unit must be"),
    Case(Records.withProperty(#"{"metricValue":1}"#), .invalidValue, "metricValue must be an object"),
    Case(Records.withProperty(#"{"labelValueSet":{"values":[]}}"#), nil),
    Case(Records.withProperty(#"{"labelValueSet":{"values":["a", "b"],"more":[[]]}}"#), nil),
    Case(Records.withProperty(#"{"labelValueSet":{}}"#), .missingField, "labelValueSet.values is required"),
    Case(Records.withProperty(#"{"labelValueSet":{"values":"a"}}"#), .invalidValue, "labelValueSet.values must be"),
    Case(Records.withProperty(#"{"labelValueSet":{"values":["a",1]}}"#), .invalidValue, "values[1] must be"),
    Case(Records.withProperty(#"{"labelValueSet":["a"]}"#), .invalidValue, "labelValueSet must be an object"),
    Case(
      Records.withProperty(#"{"labelValue":"\#(String(repeating: "x", count: 1025))"}"#), .invalidValue,
      "at most 1024 characters"),
    Case(Records.withProperty(#"{"labelValue":"\#(String(repeating: "é", count: 1024))"}"#), nil),
    Case(
      Records.withProperty(#"{"labelValueSet":{"values":["\#(String(repeating: "x", count: 1025))"]}}"#),
      .invalidValue, "values[0]"),
    Case(Records.current(more: #","properties":{"A/b/c":{"value":{"labelValue":"x"}}}"#), .missingField, "A/b/c.key"),
    Case(
      Records.current(more: #","properties":{"A/b/c":{"key":"A/b/d","value":{"labelValue":"x"}}}"#), .invalidValue,
      "properties.A/b/c.key must be the same as"),
    Case(
      Records.current(more: #","properties":{"A\/b\/c":{"key":"A/b/\u0063","value":{"labelValue":"x"}}}"#), nil),
    Case(Records.current(more: #","properties":{"A/b/c":{"key":5,"value":{}}}"#), .invalidValue, "A/b/c.key"),
    Case(
      Records.current(more: ",\"properties\":{\(Records.property("A/b/c", more: #","effectiveFrom":"2016-01-01""#))}"),
      nil),
    Case(
      Records.current(more: ",\"properties\":{\(Records.property("A/b/c", more: #","effectiveUntil":null"#))}"), nil),
    Case(
      Records.current(more: ",\"properties\":{\(Records.property("A/b/c", more: #","effectiveFrom":2016"#))}"),
      .invalidValue, "properties.A/b/c.effectiveFrom must be a string"),
    Case(
      Records.current(more: ",\"properties\":{\(Records.property("A/b/c", more: #","effectiveUntil":{}"#))}"),
      .invalidValue, "properties.A/b/c.effectiveUntil"),
  ])
  func `properties are checked`(test: Case) { check(test, with: current) }

  @Test(arguments: [(100, true), (101, false)])
  func `a record has at most 100 properties`(count: Int, isGood: Bool) {
    let properties = (1...count).map { Records.property("A/b/c\($0)") }.joined(separator: ",")
    #expect((current.fault(Records.current(more: ",\"properties\":{\(properties)}")) == nil) == isGood)
  }

  @Test(arguments: [
    Case(Records.current(more: #","investor":{"investorType":"Person"}"#), nil),
    Case(Records.current(more: #","investor":{"investorType":"LegalEntity","identifiers":{"A/b/c":"x"}}"#), nil),
    Case(Records.current(more: #","investor":{"investorType":"Nomin\u0065e","identifiers":{"A/b/c":null}}"#), nil),
    Case(Records.current(more: #","investor":{"investorType":"person"}"#), .invalidValue, "investor.investorType"),
    Case(Records.current(more: #","investor":{"investorType":1}"#), .invalidValue, "investor.investorType"),
    Case(Records.current(more: #","investor":"Person""#), .invalidValue, "investor must be an object"),
    Case(
      Records.current(more: #","investor":{"identifiers":{"A/b/c":{"key":"A/b/c"}}}"#), .invalidValue,
      "investor.identifiers.A/b/c must be a string"),
    Case(
      Records.current(more: #","investor":{"identifiers":{"A":"x"}}"#), .invalidValue, "investor.identifiers.A must"),
    Case(Records.current(more: #","investor":{"identifiers":[]}"#), .invalidValue, "investor.identifiers must"),
    Case(
      Records.current(more: #","investor":{"investorIdentifiers":{"A/b/c":"x"}}"#), .invalidValue,
      "investor.investorIdentifiers.A/b/c must be an object"),
    Case(
      Records.current(more: #","investor":{"investorIdentifiers":{"A/b/c":{"key":"A/b/c","value":{"labelValue":5}}}}"#),
      .invalidValue, "investor.investorIdentifiers.A/b/c.value.labelValue"),
  ])
  func `the investor is checked`(test: Case) { check(test, with: current) }

  @Test func `an item is checked as what it is, and else by the target's schema`() {
    let bare = #"{"identifiers":{\#(Records.property())},"displayName":"n"\#("")"#
    let older = bare + #","investor":{"investorIdentifiers":{}}}"#
    let newer = bare + #","investor":{"identifiers":{}}}"#
    #expect(seed.fault(bare + "}") == nil)
    #expect(current.fault(bare + "}")?.message == "scope is required")
    #expect(current.fault(older) == nil)
    #expect(seed.fault(newer)?.message == "scope is required")
    #expect(seed.fault(Records.current(scope: #""a b""#))?.code == .invalidValue)
  }

  @Test(arguments: [
    Case(Records.current(more: #","scope":"s""#), .invalidItem, "scope is given twice"),
    Case(Records.current(more: #","displayNam\u0065":"s""#), .invalidItem, "displayName is given twice"),
    Case(Records.current(more: #","other":1,"oth\u0065r":2"#), .invalidItem, "other is given twice"),
    Case(
      Records.current(identifiers: "{\(Records.property()),\(Records.property())}"), .invalidItem,
      "identifiers.\(Records.key) is given twice"),
    Case(
      Records.current(identifiers: #"{"A/b/c":{"key":"A/b/c","value":{"labelValue":"x","labelValue":"y"}}}"#),
      .invalidItem, "labelValue is given twice"),
    Case(Records.current(more: #","properties":{"x":1},"properties":{}"#), .invalidValue, "properties.x"),
    Case(Records.current(more: ",\"properties\":{\(Records.property()),\(Records.property())}"), nil),
    Case(Records.current(more: #","other":{"a":1,"a":2}"#), nil),
  ])
  func `what tells the order may not stand there twice`(test: Case) { check(test, with: current) }

  @Test func `a thousand unknown members are no trouble`() {
    let members = (1...1000).map { #","member\#($0)":\#($0)"# }.joined()
    #expect(current.fault(Records.current(more: members)) == nil)
    #expect(
      current.fault(Records.current(more: members + #","member500":0"#))?.message
        == "member500 is given twice: keep one of them")
  }

  @Test func `a message names even a monstrous key in readable length`() throws {
    let fault = try #require(
      current.fault(Records.current(identifiers: #"{"\#(String(repeating: "k", count: 5000))":1}"#)))
    #expect(fault.message.count < 500)
  }
}
