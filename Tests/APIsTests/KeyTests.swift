import APIs
import Core
import Testing

@Suite struct KeyTests {
  private let lusid = LusidInvestorRecords(schema: .current, validate: true)
  private let unchecked = LusidInvestorRecords(schema: .current, validate: false)
  private let liquid = LiquidItems(
    defaults: ItemDefaults(category: "entity", type: "Account", action: "Merge", key: ["id", "region"]), validate: true)

  // Computed apart from this code, from what the types say of their hashes.
  @Test func `the hashes on disk never change`() throws {
    #expect(try lusid.prepare(Records.current()).hash == 0x54FF9F3AA2844FD7)
    #expect(try lusid.prepare(two(first: "A/b/c", second: "A/b/d")).hash == 0x3555DD3981615791)
    #expect(try liquid.prepare(#"{"id":"A1","region":5}"#).hash == 0xC7CBCA30E43A42DB)
  }

  private func two(first: String, second: String) -> String {
    Records.current(
      identifiers:
        #"{\#(Records.property(first, #"{"labelValue":"\#(first)"}"#)),\#(Records.property(second, #"{"labelValue":"\#(second)"}"#))}"#
    )
  }

  @Test func `a LUSID key is the identifiers in any order and the scope`() throws {
    let hash = try lusid.prepare(two(first: "A/b/c", second: "A/b/d")).hash
    #expect(try lusid.prepare(two(first: "A/b/d", second: "A/b/c")).hash == hash)
    #expect(try lusid.prepare(two(first: "A/b/d", second: "A/b/e")).hash != hash)
    let one = try lusid.prepare(Records.current()).hash
    #expect(try lusid.prepare(Records.current(displayName: #""Other""#, more: #","properties":{}"#)).hash == one)
    #expect(try lusid.prepare(Records.current(scope: #""other""#)).hash != one)
    #expect(
      try lusid.prepare(Records.current(identifiers: "{\(Records.property(Records.key, #"{"labelValue":"IR_2"}"#))}"))
        .hash != one)
    let escaped =
      #"{"\#(Records.key.replacing("/", with: #"\/"#))":{"value":{"labelValue":"\u0049R_1"},"key":"\#(Records.key)"}}"#
    #expect(try lusid.prepare(Records.current(identifiers: escaped)).hash == one)
  }

  @Test(arguments: [
    Records.current(), Records.current(more: #","investor":{"identifiers":{"A/b/c":"x"}}"#),
    Records.current(
      identifiers: "{\(Records.property(Records.key, #"{"metricValue":{"value":1.0},"labelValue":null}"#))}"),
    Records.current(
      identifiers: "{\(Records.property("A/b/c", more: #","effectiveFrom":"2016""#)),\(Records.property())}"),
  ])
  func `checks or not, the key is the same`(item: String) throws {
    #expect(try lusid.prepare(item).hash == unchecked.prepare(item).hash)
    #expect(try lusid.prepare(item).hash != nil)
  }

  @Test(arguments: [
    "{}", #"{"identifiers":{}}"#, #"{"identifiers":5}"#,
    #"{"identifiers":{"a":"1","a":"2"}}"#, #"{"identifiers":{"a":"1"},"identifiers":{"a":"2"}}"#,
  ])
  func `an unchecked item without a clear key has none`(item: String) throws {
    #expect(try unchecked.prepare(item).hash == nil)
  }

  @Test func `a Liquid key is the type and the key fields' texts`() throws {
    let hash = try liquid.prepare(#"{"id":"A1","region":5,"x":1}"#).hash
    #expect(hash != nil)
    #expect(try liquid.prepare(#"{"region":5, "id":"\u00411"}"#).hash == hash)
    #expect(try liquid.prepare(#"{"headers":{"action":"Delete"},"data":{"region":5,"id":"A1"}}"#).hash == hash)
    #expect(try liquid.prepare(#"{"headers":{"type":"Account"},"data":{"region":"5","id":"A1"}}"#).hash == hash)
    #expect(try liquid.prepare(#"{"headers":{"type":"Contact"},"data":{"region":5,"id":"A1"}}"#).hash != hash)
    #expect(try liquid.prepare(#"{"region":5,"id":"A2"}"#).hash != hash)
    #expect(try liquid.prepare(#"{"region":"15","id":"A"}"#).hash != hash)
  }

  @Test func `without configured key fields, or with one missing, a Liquid item has no key`() throws {
    let plain = LiquidItems(defaults: nil, validate: true)
    #expect(try plain.prepare(Examples.liquidItem).hash == nil)
    let unchecked = LiquidItems(defaults: ItemDefaults(key: ["id"]), validate: false)
    #expect(try unchecked.prepare(#"{"x":1}"#).hash == nil)
    #expect(try unchecked.prepare(#"{"id":1,"id":2}"#).hash == nil)
  }

  @Test func `people read a LUSID item's identifiers`() {
    #expect(lusid.describe(Records.current()) == "InvestorRecord/ExternalIdentifier/ExternalIRId=IR_1")
    #expect(
      lusid.describe(#""item-\"1" : "# + Records.current()) == "InvestorRecord/ExternalIdentifier/ExternalIRId=IR_1")
    #expect(lusid.describe(two(first: "A/b/c", second: "A/b/d")) == "A/b/c=A/b/c, A/b/d=A/b/d")
    #expect(
      lusid.describe(#"{"_error":1,"_raw":\#(Records.current())}"#)
        == "InvestorRecord/ExternalIdentifier/ExternalIRId=IR_1")
    #expect(lusid.describe(#"{"identifiers":{"A/b/c":5}}"#) == "A/b/c=5")
  }

  @Test func `people read a Liquid item's type and key`() {
    #expect(liquid.describe(#"{"id":"A1","region":5}"#) == "Account A1 5")
    #expect(liquid.describe(#"{"id":"A1"}"#) == "Account A1")
    let plain = LiquidItems(defaults: nil, validate: true)
    #expect(plain.describe(Examples.liquidItem) == "Account ABC123")
    #expect(plain.describe(#"{"headers":{"type":"Order"},"data":{}}"#) == "Order")
  }

  @Test(arguments: [
    "", " ", "{", #"{"identifiers":"#, "[]", "5", #""text""#, #""a":"#, #""a" "b""#, "{}", "nope", #"{"data":{}}"#,
  ])
  func `what has no key is described by none`(item: String) {
    #expect(lusid.describe(item) == nil)
    #expect(LiquidItems(defaults: nil, validate: true).describe(item) == nil)
  }

  /// What `appendKey` makes of the piece of an item.
  private func key(_ item: String, _ api: some TargetAPI, _ layout: inout KeyLayout) throws -> String {
    let piece = Array(try api.prepare(item).piece.utf8)
    var text = Array("before".utf8)
    api.appendKey(ofPiece: piece.span, to: &text, noting: &layout)
    #expect(text.starts(with: "before".utf8))
    return String(decoding: text.dropFirst(6), as: UTF8.self)
  }

  /// Also if the item before was written in any of these ways.
  private func expectKeysAsDescribed(_ items: [String], _ api: some TargetAPI) throws {
    for first in items {
      for item in items {
        var layout = KeyLayout()
        _ = try key(first, api, &layout)
        #expect(try key(item, api, &layout) == api.describe(api.prepare(item).piece) ?? "", "\(item) after \(first)")
      }
    }
  }

  private static let lusidItems = [
    Records.current(), Records.current(identifiers: #"{"A/b/c":"x"}"#),
    Records.current(identifiers: #"{"A/b/c":"x","A/b/d":"a b = c, d"}"#),
    Records.current(identifiers: #"{"A/b/c":"\u0041","A/b/d":"é"}"#),
    Records.current(identifiers: #"{"A\/b\/c":"x"}"#), Records.current(identifiers: #"{"A/b/c":{"value":null}}"#),
    Records.current(identifiers: #"{"A/b/c":{"value":{"metricValue":{"value":1}}}}"#),
    Records.current(identifiers: #"{"A/b/c":{"value":{"labelValue":null}}}"#),
    Records.current(identifiers: #"{"A/b/c":{"key":"A/b/c","value":{"labelValue":"x","more":1}}}"#),
    Records.current(identifiers: #"{"A/b/c":"\#(String(repeating: "x", count: 201))"}"#),
    Records.current(identifiers: "{" + (1...11).map { #""A/b/c\#($0)":"x""# }.joined(separator: ",") + "}"),
    Records.current(
      identifiers: "{"
        + (1...9).map { #""A/b/c\#($0)":"\#(String(repeating: "y", count: 60))""# }.joined(separator: ",")
        + "}"),
    Records.current(identifiers: "{}"), Records.current(identifiers: "null"), #"{"displayName":"x"}"#,
    #"{"_raw":{"identifiers":{"A/b/c":"x"}}}"#, #"{ "scope" : "s" , "identifiers" : { "A/b/c" : "x" } }"#,
    #"{"identifiers":{"A/b/c":"x"}}"#, #"{"identifiers":{"A/b/c":"long y"}}"#, #"{"identifiers":{"A/b/c":""}}"#,
    #"{"identifiers":{"A/b/c":"é"}}"#, #"{"identifiers":{"A/b/c":"\"x\""}}"#, #"{"identifiers":{"A/b/c":5}}"#,
    #"{"identifiers":{"A/b/c":"x","A/b/d":"y"}}"#, #"{"identifiers":{"A/b/c":"x","A/b/e":"y"}}"#,
  ]

  @Test func `the key of an accepted LUSID item is the text that receipts have for a rejected one`() throws {
    try expectKeysAsDescribed(Self.lusidItems, unchecked)
  }

  private static let liquidItems = [
    #"{"id":5,"region":"x"}"#, #"{"id":-1.5E+7,"region":"a b"}"#, #"{"id":5,"region":true}"#, #"{"id":true}"#,
    #"{"id":"","region":""}"#, #"{"id":"a","region":"b"}"#, #"{"region":"b","id":"a"}"#, #"{"region":"c","id":"dd"}"#,
    #"{"id":"x\"y","region":7}"#, #"{"id":"\#(String(repeating: "z", count: 199))","region":"b"}"#,
    #"{"id":"\#(String(repeating: "z", count: 201))","region":"b"}"#,
    #"{"id":"A1","region":5}"#, #"{"id":"A1"}"#, #"{"id":"A 1","region":"é"}"#, #"{"id":null,"region":true}"#,
    #"{"id":"A\u0031","region":-1.0e5}"#, #"{"id":{"x":1},"region":[1]}"#,
    #"{"headers":{"type":"B"},"data":{"id":1,"region":2}}"#,
    #"{"headers":{"type":5},"data":{"id":1,"region":2}}"#, #"{"data":{"id":1,"region":2},"headers":{"type":"B"}}"#,
    #"{"headers":{"type":"B"},"data":{"id":"\#(String(repeating: "z", count: 300))","region":2}}"#,
    #"{"headers":{"type":"B"},"data":{"id":3,"region":41}}"#, #"{"headers":{"type":"C"},"data":{"id":3,"region":41}}"#,
    #"{"headers":{"type":"B"},"data":{"id":"3","region":41}}"#,
  ]

  @Test func `so is that of a Liquid item`() throws {
    let defaults = ItemDefaults(category: "entity", type: "Account", action: "Merge", key: ["id", "region"])
    for key in [["id", "region"], ["id"], []] {
      var rules = defaults
      rules.key = key
      try expectKeysAsDescribed(Self.liquidItems, LiquidItems(defaults: rules, validate: false))
    }
  }

  @Test func `a record is meant by its whole LUSID key or by one identifier's value, and by nothing less`() {
    let key = "A/b/c=IR 1, x=y, B/d/e=2, C/f/g="
    #expect(lusid.values(ofKey: key) == ["IR 1, x=y", "2", ""])
    for text in [key, "IR 1, x=y", "2"] { #expect(lusid.isKey(key, of: text), "\(text)") }
    for text in ["IR 1", "IR", "x=y", "A/b/c=IR 1", "B/d/e", "1", "IR 1, x=y, B/d/e=2"] {
      #expect(!lusid.isKey(key, of: text))
    }
    for text in ["", "IR 1", "a=b", "/b/c=1", "A/b=1"] { #expect(lusid.values(ofKey: text).isEmpty, "\(text)") }
    let long = String(repeating: "x", count: 300)
    #expect(lusid.isKey("A/b/c=" + String(long.prefix(199)) + "…", of: long))
  }

  @Test func `a record is meant by its whole Liquid key or by the value of one field`() {
    var defaults = ItemDefaults(category: "entity", type: nil, action: "Merge", key: ["id"])
    let one = LiquidItems(defaults: defaults, validate: true)
    for text in ["Account A 1", "A 1"] { #expect(one.isKey("Account A 1", of: text)) }
    for text in ["A", "1", "Account", "Account A"] { #expect(!one.isKey("Account A 1", of: text), "\(text)") }
    defaults.key = ["id", "region"]
    let two = LiquidItems(defaults: defaults, validate: true)
    for text in ["Account A1 EU west", "A1", "EU west"] {
      #expect(two.isKey("Account A1 EU west", of: text), "\(text)")
    }
    for text in ["Account", "A", "EU we", "Account A1"] {
      #expect(!two.isKey("Account A1 EU west", of: text), "\(text)")
    }
    #expect(one.values(ofKey: "Account").isEmpty)
  }
}
