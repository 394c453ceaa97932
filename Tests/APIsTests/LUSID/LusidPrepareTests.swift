import APIs
import Core
import JSONText
import Testing

@Suite struct LusidPrepareTests {
  private let seed = LusidInvestorRecords(schema: .seed, validate: true)
  private let current = LusidInvestorRecords(schema: .current, validate: true)
  private let unchecked = LusidInvestorRecords(schema: .current, validate: false)

  @Test(arguments: [
    (#""item-1":{}"#, #""item-1.2":{}"#), (#" "a\"b" : {"x":"y"}"#, #" "a\"b.2" : {"x":"y"}"#),
    (#""\u0061":{}"#, #""\u0061.2":{}"#),
  ])
  func `a request id is made longer, and nothing else is changed`(piece: String, longer: String) {
    let api = LusidInvestorRecords(schema: .current, validate: true)
    let renamed = api.piece(Array(piece.utf8)[...], addingToRequestID: ".2")
    #expect(String(decoding: renamed, as: UTF8.self) == longer)
    let id = api.requestID(ofPiece: Array(piece.utf8)[...]) ?? ""
    #expect(api.requestID(ofPiece: renamed[...]) == id + ".2")
  }

  @Test(arguments: [LusidSchema.seed, .current])
  func `the documentation's requests pass byte for byte`(schema: LusidSchema) throws {
    let api = LusidInvestorRecords(schema: schema, validate: true)
    var pieces: [String] = []
    let body = Array(Examples.lusidBody.utf8)
    try forEachMember(of: body.span, in: 0..<body.count) { member in
      let id = String(decoding: body[member.name], as: UTF8.self)
      pieces.append(try api.prepare(String(decoding: body[member.value], as: UTF8.self), id: id).piece)
    }
    #expect("{" + pieces.joined(separator: ",") + "}" == Examples.lusidBody)
    #expect(pieces.count == 2)
  }

  @Test func `an item without a request id is called by its number`() throws {
    let piece = try current.prepare(Records.current(), number: 23).piece
    #expect(piece == #""item-23":"# + Records.current())
  }

  @Test func `a request id stays as it is written, and may not be empty`() throws {
    let piece = try current.prepare(Records.current(), id: #"a\"\u0041"#).piece
    #expect(piece == #""a\"\u0041":"# + Records.current())
    #expect(current.requestID(ofPiece: Array(piece.utf8)[...]) == #"a"A"#)
    #expect(current.fault(Records.current(), id: "")?.code == .invalidValue)
  }

  @Test func `numbers, escapes, white space, member order and unknown members stay as they were dropped`() throws {
    let item = #"""
      { "zeta" : 12345678901234567.10,
        "displayName":"\u004a\/\ud83d\ude00\n", "properties":{"A\/b\/c":{"value":{"metricValue":{"unit":"EUR",
        "value":-0.10E+05}}, "key":"A/b/c","x":[1e400]}}, "identifiers":{\#(Records.property())},
        "scope":"s", "description":null}
      """#
    #expect(try current.prepare(item).piece == #""item-1":"# + item)
  }

  @Test func `an earlier _error is cut out, wherever it stands`() throws {
    let item = Records.current()
    let rest = item.dropFirst()
    #expect(try current.prepare(#"{"_error":{"code":"x","item":3},\#(rest)"#).piece == #""item-1":"# + item)
    #expect(try current.prepare(#"\#(item.dropLast()),"_error":[1,"}"]}"#).piece == #""item-1":"# + item)
    #expect(try current.prepare(#"{"_error":1,\#(rest.dropLast()),"\u005ferror":2}"#).piece == #""item-1":"# + item)
    #expect(try unchecked.prepare(#"{"_error":1,"a":1}"#).piece == #""item-1":{"a":1}"#)
  }

  @Test func `what a rejects file wrapped is taken for the item`() throws {
    let item = Records.current()
    var quoted: [UInt8] = []
    appendQuoted(item, to: &quoted)
    let text = String(decoding: quoted, as: UTF8.self)
    let piece = #""item-1":"# + item
    #expect(try current.prepare(#"{"_error":{"code":"x"},"_raw":\#(item)}"#).piece == piece)
    #expect(try current.prepare(#"{"_raw" : \#(item) }"#).piece == piece)
    #expect(try current.prepare(#"{"_error":{"code":"x"},"_raw":\#(text)}"#).piece == piece)
    #expect(try current.prepare(#"{"_error":1,"_raw":{"_error":2,"_raw":\#(text)}}"#).piece == piece)
    // With another member beside it `_raw` is not ours.
    #expect(try unchecked.prepare(#"{"_raw":{},"a":1}"#).piece == #""item-1":{"_raw":{},"a":1}"#)
  }

  @Test func `a wrapped text that is still no JSON says what is wrong with it`() {
    let fault = current.fault(#"{"_error":1,"_raw":"{\"a\" 1}"}"#)
    #expect(fault?.code == .invalidItem)
    #expect(fault?.message.contains("':'") == true)
    #expect(fault?.message.contains("byte 6") == true)
  }

  @Test func `a wrapped text that nests too deep is refused as such`() {
    let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    #expect(current.fault(#"{"_raw":"\#(deep)"}"#)?.code == .tooDeep)
  }

  @Test func `wrappers within wrappers end somewhere`() {
    let levels = 20_000
    let item = String(repeating: #"{"_raw":"#, count: levels) + "1" + String(repeating: "}", count: levels)
    #expect(current.describe(item) == nil)
    #expect(current.fault(item) != nil)
  }

  @Test(arguments: ["[]", "1", "null", "true", #""text""#, " [1] ", #"{"_raw":3}"#])
  func `an item that is no object is refused, checks or not`(item: String) {
    #expect(current.fault(item)?.code == .invalidItem)
    #expect(unchecked.fault(item)?.code == .invalidItem)
  }

  @Test(arguments: [
    "{}", #"{"identifiers":[]}"#, #"{"scope":5,"displayName":false}"#, #"{"a":1,"a":2}"#,
    #"{"identifiers":{"x":{"key":"y"},"z":7}}"#,
  ])
  func `without checks any object goes to the API`(item: String) throws {
    #expect(try unchecked.prepare(item).piece == #""item-1":"# + item)
  }
}
