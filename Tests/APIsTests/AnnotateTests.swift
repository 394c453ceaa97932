import APIs
import Core
import JSONText
import Testing

@Suite struct AnnotateTests {
  private static let lusid = LusidInvestorRecords(schema: .current, validate: true)
  private static let liquid = LiquidItems(defaults: nil, validate: true)
  private static let bare = LiquidItems(
    defaults: ItemDefaults(category: "entity", type: "Account", action: "Merge", key: ["accountId"]), validate: true)
  private static let error = #""_error":{"code":"missing-field","message":"displayName is required","item":17}"#

  @Test func `an object gets _error as its first member`() {
    #expect(Self.lusid.annotated(#"{"a":1}"#) == #"{\#(Self.error),"a":1}"#)
    #expect(Self.lusid.annotated("{}") == "{\(Self.error)}")
    #expect(Self.bare.annotated(#"{"accountId":""}"#) == #"{\#(Self.error),"accountId":""}"#)
    #expect(Self.liquid.annotated(#"{"headers":5}"#) == #"{\#(Self.error),"headers":5}"#)
  }

  @Test func `an older _error is replaced`() {
    #expect(Self.lusid.annotated(#"{"_error":{"code":"x"},"a":1}"#) == #"{\#(Self.error),"a":1}"#)
    #expect(Self.lusid.annotated(#"{"a":1,"_error":5}"#) == #"{\#(Self.error),"a":1}"#)
    #expect(Self.lusid.annotated(#"{"_error":5}"#) == "{\(Self.error)}")
  }

  @Test func `a Liquid item with headers carries the API's own receipt`() {
    #expect(
      Self.liquid.annotated(#"{"headers":{"type":"A"},"data":{}}"#, message: "No \"key\"")
        == #"{"headers":{"receiptType":"Error","receiptMessage":"No \"key\"","type":"A"},"data":{}}"#)
    #expect(
      Self.liquid.annotated(
        #"{"_error":1,"headers":{"receiptMessage":"old","type":"A","receiptType":"Warning"},"data":{}}"#, message: "new"
      )
        == #"{"headers":{"receiptType":"Error","receiptMessage":"new","type":"A"},"data":{}}"#)
    #expect(
      Self.liquid.annotated(#"{"headers":{}}"#, message: "new")
        == #"{"headers":{"receiptType":"Error","receiptMessage":"new"}}"#)
  }

  @Test func `what is no object, or no JSON, stands beside the error`() {
    for api in [Self.lusid, Self.liquid, Self.bare] as [any TargetAPI] {
      #expect(api.annotated(" [1, 2.0]\t") == #"{\#(Self.error),"_raw":[1, 2.0]}"#)
      #expect(api.annotated(#""text""#) == #"{\#(Self.error),"_raw":"text"}"#)
      #expect(
        api.annotated(Array("{\"a\" 1}\r".utf8), isJSON: false)
          == #"{"_error":{"code":"malformed-json","message":"no JSON","item":17},"_raw":"{\"a\" 1}\r"}"#)
      #expect(api.annotated([0x61, 0xFF, 0x62], isJSON: false).hasSuffix("\"_raw\":\"a\u{FFFD}b\"}"))
      #expect(api.annotated([], isJSON: false).hasSuffix(#""_raw":""}"#))
    }
  }

  @Test func `what is said to be JSON and is not does no harm`() {
    for api in [Self.lusid, Self.liquid, Self.bare] as [any TargetAPI] {
      for text in ["", "{", #"{"headers":{"#, #"{"a"}"#, "nul", #""id":{"a""#, "{}}"] {
        #expect(isJSON(api.annotated(text)) || text.hasPrefix(#""id":"#), "\(text)")
      }
    }
  }

  @Test func `in an object of request ids the id stays in front`() {
    #expect(Self.lusid.annotated(#""a\"b" : {"x":1}"#) == #""a\"b" :{\#(Self.error),"x":1}"#)
    #expect(Self.lusid.annotated(#""a":5"#) == #""a":{\#(Self.error),"_raw":5}"#)
  }

  @Test func `a message is cut at a character`() throws {
    let text = Self.lusid.annotated("{}", message: String(repeating: "e\u{301}👨‍👩‍👧", count: 2000))
    let message = try #require(JSONValue.parse(Array(text.utf8))["_error"]?["message"]?.string)
    #expect(message.count == 1000)
    #expect(message.hasSuffix("e\u{301}…") || message.hasSuffix("👨‍👩‍👧…"))
  }

  @Test(arguments: [
    Records.current(), "{ \n" + Records.current().dropFirst().dropLast() + " \t}", " " + Records.current() + "\n",
    Records.current(more: #","description":"\u00e9\/","limit":12345678901234567.10"#),
  ])
  func `a LUSID item comes back as it was`(item: String) throws {
    let first = try Self.lusid.prepare(item)
    let rejected = Self.lusid.annotated(item)
    #expect(isJSON(rejected))
    #expect(try Self.lusid.prepare(rejected) == first)
    #expect(try Self.lusid.prepare(Self.lusid.annotated(rejected, message: "again")) == first)
  }

  @Test(arguments: [
    #"{"headers":{"category":"entity","type":"Account","action":"Create"},"data":{"accountId":"A","n":1.10}}"#,
    "{ \"headers\" : { \"category\":\"entity\", \"type\":\"Account\" ,\n\"action\":\"Create\" } , \"data\":{\"accountId\":\"A\" } }",
    Examples.liquidItem,
  ])
  func `a Liquid item comes back as it was`(item: String) throws {
    for api in [Self.liquid, Self.bare] {
      let first = try api.prepare(item)
      let rejected = api.annotated(item)
      #expect(isJSON(rejected))
      #expect(rejected.contains(#""receiptType":"Error""#))
      #expect(try api.prepare(rejected) == first)
      #expect(try api.prepare(api.annotated(rejected, message: "again")) == first)
    }
  }

  @Test(arguments: [
    #"{"accountId":"A","n":1.10}"#, "{ \"accountId\" : \"A\" }", #"{"data":{"accountId":"A"}}"#,
    #"{"headers":{},"data":{"accountId":"A"}}"#, #"{"headers":{ },"data":{"accountId":"A"}}"#,
    #"{"headers":{ "action":"Delete" },"data":{"accountId":"A"}}"#,
  ])
  func `a Liquid item that takes defaults comes back as it was`(item: String) throws {
    let first = try Self.bare.prepare(item)
    let rejected = Self.bare.annotated(item)
    #expect(try Self.bare.prepare(rejected) == first)
    #expect(try Self.bare.prepare(Self.bare.annotated(rejected)) == first)
  }

  @Test func `a bad line, mended inside _raw, becomes the item`() throws {
    let line = Records.current().dropLast()
    let rejected = Self.lusid.annotated(Array(line.utf8), isJSON: false)
    #expect(Self.lusid.fault(rejected)?.code == .invalidItem)
    let mended = String(rejected.dropLast(2)) + "}\"}"
    #expect(try Self.lusid.prepare(mended) == Self.lusid.prepare(Records.current()))
  }
}
