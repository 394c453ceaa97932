import APIs
import Core
import Testing

@Suite struct LiquidPrepareTests {
  private let plain = LiquidItems(defaults: nil, validate: true)
  private let unchecked = LiquidItems(defaults: nil, validate: false)
  private let accounts = LiquidItems(
    defaults: ItemDefaults(category: "entity", type: "Account", action: "Merge", key: ["accountId"]), validate: true)
  private static let headers = #""headers":{"category":"entity","type":"Account","action":"Merge"}"#

  @Test func `the documentation's item passes byte for byte`() throws {
    #expect(try plain.prepare(Examples.liquidItem).piece == Examples.liquidItem)
    #expect(try accounts.prepare(Examples.liquidItem).piece == Examples.liquidItem)
  }

  @Test func `numbers and escapes stay as they were dropped`() throws {
    let item = #"{"x":"\/\u00e9", "data" : {"limit":12345678901234567.10,"accountId":"\u0041"},\#(Self.headers)}"#
    #expect(try plain.prepare(item).piece == item)
    #expect(try accounts.prepare(item).piece == item)
  }

  @Test func `an object without headers is taken for the data where the route has defaults`() throws {
    let data = #"{ "accountId":"A","data":{"x":1}, "limit":1.10 }"#
    #expect(try accounts.prepare(data).piece == "{\(Self.headers),\"data\":\(data)}")
    let annotated = #"{"_error":{"code":"x"}, "accountId":"A","data":{"x":1}, "limit":1.10 }"#
    #expect(try accounts.prepare(annotated).piece == "{\(Self.headers),\"data\":\(data)}")
    #expect(plain.fault(data) == ItemFault(.missingField, "headers is required"))
  }

  @Test func `an object of data alone, as CSV makes it, gets its headers`() throws {
    #expect(
      try accounts.prepare(#"{"data":{"accountId":"A"}}"#).piece == #"{\#(Self.headers),"data":{"accountId":"A"}}"#)
    #expect(
      try accounts.prepare(#"{"_error":1,"data":{"accountId":"A"}}"#).piece
        == #"{\#(Self.headers),"data":{"accountId":"A"}}"#)
  }

  @Test func `missing headers are filled in after those there are, which stay as they are`() throws {
    let data = #""data":{"accountId":"A"}"#
    #expect(
      try accounts.prepare(#"{"headers":{ "x":1, "action":"Delete" },\#(data)}"#).piece
        == #"{"headers":{ "x":1, "action":"Delete","category":"entity","type":"Account" },\#(data)}"#)
    #expect(try accounts.prepare(#"{"headers":{},\#(data)}"#).piece == "{\(Self.headers),\(data)}")
    #expect(
      try accounts.prepare(#"{\#(data),"headers":{"type":"Contact"}}"#).piece
        == #"{\#(data),"headers":{"type":"Contact","category":"entity","action":"Merge"}}"#)
    #expect(
      accounts.fault(#"{"headers":{"type":null},\#(data)}"#) == ItemFault(.missingField, "headers.type is required"))
  }

  @Test func `receipts and errors of an earlier rejects file are cut out`() throws {
    let item = #"{\#(Self.headers),"data":{"accountId":"A"}}"#
    for api in [plain, accounts, unchecked] {
      #expect(
        try api.prepare(
          #"{"_error":1,"headers":{"category":"entity","receiptType":"Error","type":"Account","action":"Merge","receiptMessage":"no"},"data":{"accountId":"A"}}"#
        ).piece == item)
    }
    #expect(
      try unchecked.prepare(#"{"headers":{"receiptType":"Error"},"data":{}}"#).piece == #"{"headers":{},"data":{}}"#)
    // Only in the headers they are ours.
    let other = #"{"receiptType":1,\#(Self.headers),"data":{"receiptType":"x"}}"#
    #expect(try plain.prepare(other).piece == other)
  }

  @Test func `what a rejects file wrapped is taken for the item`() throws {
    let piece = #"{\#(Self.headers),"data":{"accountId":"A"}}"#
    #expect(try accounts.prepare(#"{"_error":{},"_raw":{"accountId":"A"}}"#).piece == piece)
    #expect(try accounts.prepare(#"{"_error":{},"_raw":"{\"accountId\":\"A\"}"}"#).piece == piece)
  }

  @Test(arguments: [
    (#"{"data":{}}"#, RejectCode.missingField, "headers is required"),
    (#"{"headers":5,"data":{}}"#, .invalidValue, "headers must be an object"),
    (#"{"headers":{"type":"A","action":"Merge"},"data":{}}"#, .missingField, "headers.category is required"),
    (#"{"headers":{"category":"entity","type":"","action":"Merge"},"data":{}}"#, .missingField, "headers.type"),
    (#"{"headers":{"category":"entity","type":"A"},"data":{}}"#, .missingField, "headers.action is required"),
    (#"{"headers":{"category":1,"type":"A","action":"Merge"},"data":{}}"#, .invalidValue, "headers.category must"),
    (#"{"headers":{"category":"e","type":"A","action":"merge"},"data":{}}"#, .invalidValue, "Create, Merge, Update"),
    (#"{"headers":{"category":"e","type":"A","action":"Upsert"},"data":{}}"#, .invalidValue, "headers.action"),
    (#"{"headers":{"category":"e","type":"A","action":"Merge"}}"#, .missingField, "data is required"),
    (#"{"headers":{"category":"e","type":"A","action":"Merge"},"data":null}"#, .missingField, "data is required"),
    (#"{"headers":{"category":"e","type":"A","action":"Merge"},"data":[]}"#, .invalidValue, "data must be an object"),
    (#"{"headers":{"category":"e","type":"A","action":"Merge","type":"B"},"data":{}}"#, .invalidItem, "headers.type"),
    (#"{"headers":{"category":"e","type":"A","action":"Merge","x":1,"x":2},"data":{}}"#, .invalidItem, "headers.x"),
    (
      #"{"headers":{"category":"e","type":"A","action":"Merge"},"data":{},"data":{}}"#, .invalidItem,
      "data is given twice"
    ),
    (
      #"{"headers":{"category":"e","type":"A","action":"Merge"},"data":{},"headers":{}}"#, .invalidItem,
      "headers is given twice"
    ),
    (
      #"{"headers":{"category":"e","type":"A","action":"Merge"},"data":{},"x":{},"x":1}"#, .invalidItem,
      "x is given twice"
    ),
    ("[]", .invalidItem, "an array"), ("7", .invalidItem, "a number"),
  ])
  func `an item is checked`(item: String, code: RejectCode, says: String) throws {
    let fault = try #require(plain.fault(item))
    #expect(fault.code == code)
    #expect(fault.message.contains(says), "\(fault.message)")
    if code != .invalidItem || item.hasPrefix("{") { #expect(try unchecked.prepare(item).piece == item) }
  }

  @Test(arguments: ["Create", "Merge", "Update", "Delete", #"D\u0065lete"#])
  func `the four actions pass`(action: String) {
    #expect(plain.fault(#"{"headers":{"category":"e","type":"A","action":"\#(action)"},"data":{}}"#) == nil)
  }

  @Test(arguments: ["", #""accountId":null"#, #""accountId":"""#, #""accountId":[]"#, #""accountId":{ }"#])
  func `a key field must be there and say something, also in a Delete`(field: String) {
    let fault = ItemFault(.missingField, "data.accountId is required")
    #expect(accounts.fault("{\(Self.headers),\"data\":{\(field)}}") == fault)
    #expect(accounts.fault(#"{"headers":{"action":"Delete"},"data":{\#(field)}}"#) == fault)
    #expect(accounts.fault("{\(field)}") == fault)
  }

  @Test(arguments: ["0", "false", #""0""#, "[1]"])
  func `a key field of any other value will do`(value: String) {
    #expect(accounts.fault(#"{"accountId":\#(value)}"#) == nil)
  }

  @Test func `key fields and the top level may not stand there twice, other data may`() {
    #expect(
      accounts.fault(#"{\#(Self.headers),"data":{"accountId":"A","x":1,"accountI\u0064":"B"}}"#)?.code == .invalidItem)
    #expect(accounts.fault(#"{\#(Self.headers),"data":{"accountId":"A","x":1,"x":2}}"#) == nil)
    #expect(accounts.fault(#"{"accountId":"A","x":1,"x":2}"#)?.message == "data.x is given twice: keep one of them")
    #expect(accounts.fault(#"{"accountId":"A","x":1,"accountId":"B"}"#)?.code == .invalidItem)
  }

  @Test func `an unknown default action is refused like any other`() {
    let api = LiquidItems(defaults: ItemDefaults(category: "e", type: "A", action: "Upsert"), validate: true)
    #expect(api.fault(#"{"x":1}"#)?.code == .invalidValue)
    let none = LiquidItems(defaults: ItemDefaults(key: ["id"]), validate: true)
    #expect(none.fault(#"{"id":1}"#) == ItemFault(.missingField, "headers.category is required"))
  }
}
