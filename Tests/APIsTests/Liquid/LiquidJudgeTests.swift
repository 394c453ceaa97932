import APIs
import Core
import Testing

@Suite struct LiquidJudgeTests {
  private let api = LiquidItems(defaults: nil, validate: true)

  private func item(_ data: String, type: String = "Account") -> String {
    #"{"headers":{"category":"entity","type":"\#(type)","action":"Merge"},"data":\#(data)}"#
  }

  private func echo(_ data: String, _ message: String? = "No primary key", type: String = "Account") -> String {
    let receipt = message.map { #","receiptType":"Error","receiptMessage":"\#($0)""# } ?? ""
    return #"{"headers":{"type":"\#(type)"\#(receipt)},"data":\#(data)}"#
  }

  private func judge(_ items: [String], _ echoes: [String], status: Int = 200) -> BatchVerdict {
    api.judge(status, #"{"count":\#(items.count),"rejectedItems":[\#(echoes.joined(separator: ","))]}"#, items)
  }

  private func refused(_ message: String = "No primary key") -> ItemVerdict { .rejected(.rejectedByAPI, message) }

  @Test(arguments: [#"{"count":2}"#, #"{"count":2.0,"rejectedItems":[]}"#, #"{"rejectedItems":null,"count":2,"x":1}"#])
  func `a batch without rejected items is accepted whole`(body: String) {
    #expect(api.judge(200, body, [Examples.liquidItem, item("{}")]) == .settled([.accepted, .accepted]))
  }

  @Test(arguments: [
    "", "{", "[]", "{}", "null", #"{"count":1}"#, #"{"count":3}"#, #"{"count":"2"}"#, #"{"count":2.5}"#,
    #"{"count":2,"rejectedItems":{}}"#, #"{"count":2,"rejectedItems":[1,2,3]}"#, #"{"count":2} x"#, "<html>",
    #"{"count":2,"rejectedItems":[{"headers":{"type":"A",},}]}"#,
  ])
  func `an answer that can't be read or contradicts the request is never success`(body: String) {
    #expect(api.judge(200, body, [item("{}"), item("{}")]).isRetry)
  }

  @Test func `an echo with fewer fields belongs to the one item that it fits`() {
    let items = [Examples.liquidItem, item(#"{"accountId":"A","n":1.50}"#), item(#"{"accountId":"B","n":1.50}"#)]
    #expect(
      judge(items, [echo(#"{"accountClass":"/Account/accountClass[invoiced]"}"#)])
        == .settled([refused(), .accepted, .accepted]))
    #expect(
      judge(items, [echo(#"{"n":15e-1,"accountId":"B"}"#, "late"), echo(#"{"accountId":"A"}"#, "early")])
        == .settled([.accepted, refused("early"), refused("late")]))
  }

  @Test func `headers tell items apart`() {
    let items = [item(#"{"id":1}"#, type: "Account"), item(#"{"id":1}"#, type: "Contact")]
    #expect(judge(items, [echo(#"{"id":1}"#, type: "Contact")]) == .settled([.accepted, refused()]))
  }

  @Test func `a single item is meant whatever its echo looks like`() {
    for echo in [echo("{}"), "5", "{}", #"{"data":{"other":1}}"#, "null"] {
      guard case .settled(let verdicts) = judge([item(#"{"id":1}"#)], [echo]), verdicts.count == 1,
        case .rejected(.rejectedByAPI, let words) = verdicts[0]
      else {
        Issue.record("\(echo)")
        continue
      }
      #expect(!words.isEmpty)
    }
  }

  @Test func `an echo's words are its message, or else its type`() {
    func words(_ headers: String) -> BatchVerdict { judge([item("{}")], [#"{"headers":{\#(headers)}}"#]) }
    #expect(words(#""receiptType":"Warning","receiptMessage":"hm""#) == .settled([refused("hm")]))
    #expect(words(#""receiptType":"Warning","receiptMessage":"""#) == .settled([refused("Warning")]))
    let long = String(repeating: "x", count: 3000)
    #expect(words(#""receiptMessage":"\#(long)""#) == .settled([refused(String(long.prefix(999)) + "…")]))
  }

  @Test func `an echo that fits several items, or none, needs a closer look`() {
    let items = [item(#"{"id":1,"x":1}"#), item(#"{"id":1,"x":2}"#), item(#"{"id":3}"#)]
    #expect(judge(items, [echo(#"{"id":1}"#)]).isSplit)
    #expect(judge(items, [echo(#"{"id":4}"#)]).isSplit)
    #expect(judge(items, ["5"]).isSplit)
    #expect(judge(items, ["{}"]).isSplit)
    #expect(judge(items, [echo(#"{"id":3}"#), echo(#"{"id":1}"#)]).isSplit)
  }

  @Test func `an item that is echoed several times is refused once, with each reason once`() {
    let items = [item(#"{"id":1,"x":1}"#), item(#"{"id":1,"x":2}"#), item(#"{"id":3}"#)]
    let twice = [echo(#"{"id":3}"#, "no owner"), echo(#"{"id":3}"#, "no chain"), echo(#"{"id":3}"#, "no owner")]
    #expect(judge(items, twice) == .settled([.accepted, .accepted, refused("no owner; no chain")]))
    #expect(
      judge(items, twice + [echo(#"{"x":2}"#, "late")])
        == .settled([.accepted, refused("late"), refused("no owner; no chain")]))
    // Alone, even with more echoes than items, and whatever they look like, as long as they are the same.
    #expect(judge([items[2]], twice) == .settled([refused("no owner; no chain")]))
    #expect(
      judge([items[2]], [echo(#"{"x":0}"#, "a"), echo(#"{"x":0}"#, "b")]) == .settled([refused("a; b")]))
  }

  @Test func `where an item is echoed twice, an echo that fits several needs a closer look`() {
    let items = [item(#"{"id":1,"x":1}"#), item(#"{"id":1,"x":2}"#)]
    #expect(judge(items, [echo(#"{"x":2}"#), echo(#"{"x":2}"#), echo(#"{"id":1}"#)]).isSplit)
    #expect(judge(items, (1...3).map { echo(#"{"id":1}"#, "\($0)") }).isSplit)
  }

  @Test func `more echoes than items that are not the same one's are no answer`() {
    let items = [item(#"{"id":1}"#), item(#"{"id":2}"#)]
    #expect(judge([items[0]], [echo(#"{"id":1}"#), echo(#"{"id":2}"#)]).isRetry)
    #expect(judge([items[0]], ["1", "2"]).isRetry)
    #expect(judge(items, (0..<33).map { echo(#"{"id":1}"#, "\($0)") }).isRetry)
  }

  @Test func `one echo's item is no longer open to another`() {
    let items = [item(#"{"id":1,"x":1}"#), item(#"{"id":1,"x":2}"#), item(#"{"id":1,"x":3}"#)]
    #expect(
      judge(items, [echo(#"{"id":1,"x":2}"#, "b"), echo(#"{"x":1}"#, "a"), echo(#"{"id":1}"#, "c")])
        == .settled([refused("a"), refused("b"), refused("c")]))
  }

  @Test func `as many echoes as the items they all fit are those items`() {
    let items = [item(#"{"id":1}"#), item(#"{"id":2}"#), item(#"{"id":1}"#)]
    #expect(
      judge(items, [echo(#"{"id":1}"#), echo(#"{"id":1}"#)]) == .settled([refused(), .accepted, refused()]))
    #expect(judge(items, [echo("{}"), echo("{}"), echo("{}")]) == .settled([refused(), refused(), refused()]))
  }

  @Test func `a large batch refused whole is judged in no time`() {
    let items = (1...500).map { item(#"{"accountId":"A\#($0)","name":"Account \#($0)","n":1.0}"#) }
    let echoes = (1...500).reversed().map { echo(#"{"accountId":"A\#($0)","n":1}"#, "no \($0)") }
    let clock = ContinuousClock()
    var verdict: BatchVerdict?
    let time = clock.measure { verdict = judge(items, echoes) }
    #expect(verdict == .settled((1...500).map { refused("no \($0)") }))
    #expect(time < .seconds(10))
  }

  @Test(arguments: [400, 422])
  func `a refused batch is halved until the culprit stands alone`(status: Int) {
    let items = [item("{}"), item("{}")]
    #expect(api.judge(status, #"{"error":"ABC123 is odd"}"#, items).isSplit)
    #expect(api.judge(status, #"{"error":"ABC123 is odd"}"#, items).reason?.contains("ABC123") == false)
    #expect(
      api.judge(status, #"{"error":"ABC123 is odd"}"#, [item("{}")])
        == .settled([.rejected(.badRequest, "ABC123 is odd")]))
  }

  @Test func `statuses mean what they mean for LUSID, without its codes`() {
    let items = [item("{}"), item("{}")]
    #expect(api.judge(401, "", items).isRenewal)
    #expect(api.judge(404, #"{"code":103}"#, items).isHold)
    #expect(api.judge(302, "", items).isHold)
    #expect(api.judge(413, "", items).isSplit)
    #expect(api.judge(503, "", items).isSlowingRetry)
    #expect(api.judge(500, "", items).isRetry)
    #expect(api.judge(409, "", items).isRetry)
  }

  // MARK: Answers that are larger than what is read

  private var items: [String] { (0..<3).map { item(#"{"id":\#($0)}"#) } }
  private static let reason = "answered 200 with a body that is longer than upsertd reads"

  @Test func `of a cut answer the echoes that can be read are refused, and nothing is accepted`() {
    let body = #"{"count":3,"rejectedItems":[\#(echo(#"{"id":1}"#)),{"headers":{"receiptMessage":"lon"#
    #expect(
      api.judge(200, body, items, isCut: true)
        == .settledInPart([.unacknowledged, refused(), .unacknowledged], Self.reason))
    #expect(api.judge(200, body, items).isRetry)
  }

  @Test func `a list of echoes that ended before the cut is whole`() {
    let body = #"{"count":3,"rejectedItems":[\#(echo(#"{"id":1}"#))],"log":["lon"#
    #expect(api.judge(200, body, items, isCut: true) == .settled([.accepted, refused(), .accepted]))
  }

  @Test(arguments: ["", #"{"count":3"#, #"{"count":3,"log":"lon"#, #"{"rejectedItems":["#, "x"])
  func `a batch of which a cut answer says nothing is halved`(body: String) {
    switch api.judge(200, body, items, isCut: true) {
    case .split(Self.reason): break
    case .settledInPart(let verdicts, Self.reason): #expect(verdicts.allSatisfy { $0 == .unacknowledged })
    case let verdict: Issue.record("\(verdict)")
    }
    #expect(api.judge(200, body, [item("{}")], isCut: true) == .settled([.unacknowledged]) || body.contains("3"))
  }

  @Test func `a cut answer with another count is no answer`() {
    #expect(api.judge(200, #"{"count":4,"rejectedItems":[{"#, items, isCut: true).isRetry)
  }

  @Test(.timeLimit(.minutes(1))) func `an answer of millions of values is read only as far as there is room`() {
    let clock = ContinuousClock.now
    let many = String(repeating: "[],", count: 3_000_000) + "1"
    let body = #"{"count":3,"rejectedItems":[\#(echo(#"{"id":1}"#)),{"headers":{},"data":[\#(many)]}]}"#
    #expect(
      api.judge(200, body, items) == .settledInPart([.unacknowledged, refused(), .unacknowledged], Self.reason))
    #expect(clock.duration(to: .now) < .seconds(20))
  }
}
