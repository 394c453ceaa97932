import APIs
import Core
import Testing

@Suite struct LusidJudgeTests {
  private let api = LusidInvestorRecords(schema: .current, validate: true)
  private let three = [#""a":{}"#, #""item-1":{}"#, #""item-10":{}"#]
  private let one = [#""a":{}"#]

  // MARK: 2xx

  @Test(arguments: [200, 201, 202])
  func `values are accepted, failed are rejected in the API's words`(status: Int) {
    let body = #"""
      {"values":{"item-1":{"displayName":"x"},"item-10":{}},
       "failed":{"a":{"id":"a","type":"https://docs/221","detail":"No such \"key\"","errorDetails":[{"property":"A/b/c"}]}},
       "links":[]}
      """#
    #expect(
      api.judge(status, body, three)
        == .settled([.rejected(.rejectedByAPI, #"No such "key"; property: A/b/c"#), .accepted, .accepted]))
  }

  @Test func `what LUSID calls an accepted record is its id and the number of its version`() {
    let body = #"""
      {"values":{
        "item-10":{"lusidInvestorRecordId":"IR10","identifiers":{"version":1},"version":{"asAtDate":"2026-01-01","asAtVersionNumber":7}},
        "a":{"version":{"effectiveFrom":"0001","asAtDate":"2026-01-02T00:00:00Z"},"href":"x","lusidInvestorRecordId":"I\u0052\n1"}},
       "failed":{"item-1":{}}}
      """#
    var names = RecordNames(count: 3)
    let verdict = api.judge(
      status: 201, body: Array(body.utf8), isCut: false, pieces: three.map { Array($0.utf8)[...] },
      successMode: .partial, noting: &names)
    #expect(verdict == .settled([.accepted, .unchanged, .accepted]))
    let texts = (0..<3).map { [names[$0].id, names[$0].version].map { String(decoding: $0, as: UTF8.self) } }
    #expect(texts == [[#"IR\n1"#, "2026-01-02T00:00:00Z"], ["", ""], ["IR10", "7"]])
  }

  @Test(arguments: [
    "{}", "1", #"{"lusidInvestorRecordId":5,"version":"x"}"#, #"{"version":{}}"#,
    #"{"lusidInvestorRecordId":null,"version":[]}"#,
  ])
  func `a record that is not named is accepted all the same`(record: String) {
    var names = RecordNames(count: 1)
    let verdict = api.judge(
      status: 201, body: Array(#"{"values":{"a":\#(record)}}"#.utf8), isCut: false,
      pieces: one.map { Array($0.utf8)[...] }, successMode: .partial, noting: &names)
    #expect(verdict == .settled([.accepted]))
    #expect(names[0].id.isEmpty && names[0].version.isEmpty)
  }

  @Test func `failed with neither type nor detail is unchanged`() {
    let body =
      #"{"values":null,"failed":{"a":{},"item-1":{"id":"item-1","type":null,"detail":""},"item-10":{"type":"T","errorDetails":[]}}}"#
    #expect(api.judge(201, body, three) == .settled([.unchanged, .unchanged, .rejected(.rejectedByAPI, "T")]))
  }

  @Test func `an id in neither map is unacknowledged`() {
    #expect(
      api.judge(201, #"{"values":{"item-1":{}}}"#, three)
        == .settled([.unacknowledged, .accepted, .unacknowledged]))
    #expect(api.judge(201, #"{"failed":{}}"#, one) == .settled([.unacknowledged]))
  }

  @Test(arguments: [
    "", "{", "null", "[]", "{}", #"{"values":[]}"#, #"{"values":{"a":{}}"#, #"{"values":{"a":{}}} x"#,
    #"{"values":{"b":{}}}"#, #"{"values":{"a":{}},"failed":{"a":{}}}"#, #"{"values":{"a":{},"a":{}}}"#,
    #"{"values":{"a":{}},"values":{}}"#, #"{"failed":{"a":null}}"#, #"{"links":[]}"#, "<html>", "\u{0}",
    #"{"values":{"a":{}},"failed":{"c":{"detail":"x"}}}"#, #"{"values":{"a":{"x":01}}}"#,
  ])
  func `an answer that can't be read or contradicts the request is never success`(body: String) {
    for mode in SuccessMode.allCases {
      #expect(api.judge(201, body, one, mode).isRetry, "\(body)")
      #expect(api.judge(200, body, one, mode).reason?.contains("200") == true)
    }
  }

  @Test func `an answer cut off anywhere is never success`() {
    let body = #"{"values":{"a":{"displayName":"é"}},"failed":{},"links":[{"rel":"x"}]}"#
    for count in 0..<body.utf8.count {
      let verdict = api.judge(
        status: 201, body: Array(body.utf8.prefix(count)), isCut: false, pieces: one.map { Array($0.utf8)[...] },
        successMode: .partial)
      #expect(verdict.isRetry)
    }
    #expect(api.judge(201, body, one) == .settled([.accepted]))
  }

  @Test func `ids match by their text, not by how they are written or composed`() {
    #expect(api.judge(201, #"{"values":{"\u0061":{}}}"#, one) == .settled([.accepted]))
    #expect(api.judge(201, #"{"values":{"é":{}}}"#, [#""\u00e9":{}"#]) == .settled([.accepted]))
    let pieces = ["\"e\u{301}\":{}", "\"\u{e9}\":{}"]
    #expect(
      api.judge(201, "{\"values\":{\"\u{e9}\":{}},\"failed\":{\"e\u{301}\":{\"detail\":\"x\"}}}", pieces)
        == .settled([.rejected(.rejectedByAPI, "x"), .accepted]))
  }

  @Test(arguments: [
    #"{"type":"https://docs.lusid.com/#section/Error-Codes/395","detail":"Batch aborted"}"#,
    #"{"code":395,"detail":"x"}"#, #"{"detail":"x","errorDetails":[{"code":"395"}]}"#,
  ])
  func `in an atomic request the aborted and the unmentioned are not applied`(aborted: String) throws {
    let body = #"{"values":{},"failed":{"a":{"detail":"bad"},"item-1":\#(aborted)}}"#
    guard case .settled(let verdicts) = api.judge(201, body, three, .atomic) else {
      Issue.record("not settled")
      return
    }
    #expect(verdicts[0] == .rejected(.rejectedByAPI, "bad"))
    for verdict in verdicts[1...] {
      guard case .rejected(.notApplied, _) = verdict else {
        Issue.record("\(verdict)")
        continue
      }
    }
    guard case .settled(let partial) = api.judge(201, body, three, .partial) else {
      Issue.record("not settled")
      return
    }
    #expect(partial[2] == .unacknowledged)
    guard case .rejected(.rejectedByAPI, _) = partial[1] else {
      Issue.record("\(partial[1])")
      return
    }
  }

  @Test func `an atomic request that went well is like any other`() {
    let body = #"{"values":{"a":{},"item-1":{}},"failed":{"item-10":{}}}"#
    #expect(api.judge(201, body, three, .atomic) == .settled([.accepted, .accepted, .unchanged]))
    #expect(
      api.judge(201, #"{"values":{"a":{}}}"#, three, .atomic)
        == .settled([.accepted, .unacknowledged, .unacknowledged]))
  }

  @Test func `what is accepted stays accepted in an atomic request that failed`() {
    let body = #"{"values":{"a":{}},"failed":{"item-1":{"detail":"bad"}}}"#
    guard case .settled(let verdicts) = api.judge(201, body, three, .atomic) else {
      Issue.record("not settled")
      return
    }
    #expect(verdicts[0] == .accepted)
    #expect(verdicts[2] != .unacknowledged)
  }

  // MARK: 400 and 422

  @Test(arguments: [400, 422])
  func `a refused batch is halved until the culprit stands alone`(status: Int) {
    let body =
      #"{"name":"InvalidRequest","code":180,"title":"Invalid","detail":"IR_1 is bad","errors":{"a.displayName":["too long","odd"]}}"#
    let verdict = api.judge(status, body, three)
    #expect(verdict.isSplit)
    #expect(verdict.reason == "answered \(status) (Invalid, code 180)")
    #expect(
      api.judge(status, body, one) == .settled([.rejected(.badRequest, "IR_1 is bad; a.displayName: too long, odd")]))
  }

  @Test func `the API's words are cut, found in plain text, or stood in for`() {
    func words(_ body: String) -> String? {
      guard case .settled(let verdicts) = api.judge(400, body, one),
        case .rejected(.badRequest, let words) = verdicts[0]
      else { return nil }
      return words
    }
    #expect(words(#"{"title":"T"}"#) == "T")
    #expect(words("plain words\r\n") == "plain words")
    #expect(words("")?.contains("400") == true)
    #expect(words("<html><body>nginx</body></html>")?.contains("nginx") == false)
    #expect(words(#"{"detail":"\#(String(repeating: "é", count: 3000))"}"#)?.count == 1000)
    #expect(words(#"["x"]"#) != nil)
  }

  @Test(arguments: [400, 422])
  func `an atomic batch is refused whole, the blamed with the API's words`(status: Int) {
    let body = #"""
      {"title":"Invalid","errors":{"request[item-1].displayName":["too long"],"item-1":["odd"]},
       "errorDetails":[{"requestId":"a","message":"bad"}]}
      """#
    guard case .settled(let verdicts) = api.judge(status, body, three, .atomic) else {
      Issue.record("not settled")
      return
    }
    #expect(verdicts[0] == .rejected(.badRequest, "requestId: a, message: bad"))
    #expect(verdicts[1] == .rejected(.badRequest, "too long; odd"))
    guard case .rejected(.notApplied, _) = verdicts[2] else {
      Issue.record("\(verdicts[2])")
      return
    }
  }

  @Test func `an atomic batch that blames nobody is refused with the same words for all`() {
    #expect(
      api.judge(400, #"{"detail":"no","errors":{"displayName":["item-100"]}}"#, three, .atomic)
        == .settled(Array(repeating: .rejected(.badRequest, "no; displayName: item-100"), count: 3)))
  }

  // MARK: Other statuses

  @Test func `413 halves, and a single item is too large`() {
    #expect(api.judge(413, "", three).isSplit)
    for (pieces, mode) in [(one, SuccessMode.partial), (three, .atomic)] {
      guard case .settled(let verdicts) = api.judge(413, "", pieces, mode) else {
        Issue.record("not settled")
        continue
      }
      for verdict in verdicts {
        guard case .rejected(.tooLarge, _) = verdict else {
          Issue.record("\(verdict)")
          continue
        }
      }
    }
  }

  @Test func `401 asks for a new token`() { #expect(api.judge(401, "", three).isRenewal) }

  @Test(arguments: [408, 409, 425, 500, 501, 502, 504, 505, 599, 100, 199, 600, 0])
  func `what may pass is sent again`(status: Int) { #expect(api.judge(status, "", three).isRetry) }

  @Test(arguments: [429, 503])
  func `an overload slows the target down, whatever the problem's code`(status: Int) {
    #expect(api.judge(status, "", three).isSlowingRetry)
    #expect(api.judge(status, #"{"code":-1}"#, three).isSlowingRetry)
  }

  @Test(arguments: [300, 301, 302, 304, 307, 308, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 418, 431, 451, 499])
  func `any other 3xx or 4xx holds the target and says no more than its title`(status: Int) throws {
    for mode in SuccessMode.allCases {
      let verdict = api.judge(status, #"{"title":"Nope","detail":"IR_1 is secret"}"#, one, mode)
      #expect(verdict.isHold)
      let reason = try #require(verdict.reason)
      #expect(reason.contains("\(status) (Nope)"))
      #expect(!reason.contains("secret"))
    }
  }

  @Test(arguments: [400, 403, 500, 502])
  func `LUSID's own code counts before the status`(status: Int) {
    func judge(_ code: Int) -> BatchVerdict { api.judge(status, #"{"name":"N","code":\#(code)}"#, three) }
    #expect(judge(103).isSlowingRetry)
    for code in [119, 186, 187, 188] { #expect(judge(code).isRenewal) }
    for code in [-1, -10, 149, 150, 153, 156, 162, 163] { #expect(judge(code).isRetry) }
    #expect(judge(103).reason == "answered \(status) (N, code 103)")
  }

  @Test func `what an answer says twice is written once`() {
    let body = #"""
      {"detail":"displayName is too long","errors":{"displayName":["is too long"],"scope":["is missing"]},
       "errorDetails":[{"message":"is too long"}]}
      """#
    #expect(
      api.judge(400, body, one) == .settled([.rejected(.badRequest, "displayName is too long; scope: is missing")]))
  }

  @Test func `a code in a good answer means nothing`() {
    #expect(api.judge(201, #"{"code":103,"values":{"a":{}}}"#, one) == .settled([.accepted]))
  }

  @Test func `a reason for the log is short`() throws {
    let reason = try #require(api.judge(500, #"{"title":"\#(String(repeating: "x", count: 5000))"}"#, one).reason)
    #expect(reason.count == 200)
  }

  // MARK: Answers that are larger than what is read

  private static let reason = "answered 201 with a body that is longer than upsertd reads"

  @Test func `what a cut answer settled is settled, and nothing else`() {
    let body = #"{"values":{"item-1":{"displayName":"x"}},"failed":{"a":{"detail":"no"},"item-10":{"detail":"lon"#
    #expect(
      api.judge(201, body, three, isCut: true)
        == .settledInPart([.rejected(.rejectedByAPI, "no"), .accepted, .unacknowledged], Self.reason))
    #expect(
      api.judge(201, #"{"values":{"a":{},"item-1":{},"item-10":{}},"links":["x"#, three, isCut: true)
        == .settled([.accepted, .accepted, .accepted]))
    #expect(api.judge(201, body, three).isRetry, "a body that merely ends too early is no answer")
  }

  @Test func `a batch of which a cut answer says nothing is halved, a single item counts as not named`() {
    for body in [#"{"detail":"long"#, #"{"values":{"a":{"x":"lo"#, "", "no JSON at all"] {
      let verdict = api.judge(201, body, three, isCut: true)
      switch verdict {
      case .split(Self.reason): break
      case .settledInPart(let verdicts, Self.reason): #expect(verdicts.allSatisfy { $0 == .unacknowledged })
      default: Issue.record("\(body): \(verdict)")
      }
      #expect(api.judge(201, body, one, isCut: true) == .settled([.unacknowledged]))
    }
  }

  @Test func `a cut answer that contradicts the request settles nothing`() {
    for body in [#"{"values":{"other":{}},"failed":{"a":{"#, #"{"values":{"a":{}},"failed":{"a":{},"b"#] {
      #expect(api.judge(201, body, three, isCut: true).isSplit, "\(body)")
    }
  }

  @Test func `a file that is a unit is not parted by a cut answer`() {
    let body = #"{"values":{},"failed":{"a":{"detail":"no"},"item-1":{"detail":"lo"#
    guard case .settled(let verdicts) = api.judge(201, body, three, .atomic, isCut: true) else {
      Issue.record("not settled")
      return
    }
    let codes = verdicts.map { if case .rejected(let code, _) = $0 { code } else { RejectCode?.none } }
    #expect(codes == [.rejectedByAPI, .notApplied, .notApplied])
  }

  @Test func `an error whose answer is cut counts by its status, and by what can be read`() {
    #expect(api.judge(400, #"{"title":"T","code":103,"detail":"lo"#, three, isCut: true).isSlowingRetry)
    #expect(api.judge(413, "", three, isCut: true).isSplit)
    #expect(api.judge(400, #"{"detail":"lo"#, three, isCut: true).isSplit)
    #expect(api.judge(500, #"{"detail":"lo"#, three, isCut: true).isRetry)
  }

  @Test(.timeLimit(.minutes(1))) func `neither depth nor repetition in an answer costs more than reading it`() {
    let clock = ContinuousClock.now
    let deep =
      String(repeating: "[", count: 480) + String(repeating: "1,", count: 2_000_000) + "1"
      + String(repeating: "]", count: 480)
    let named = String(repeating: "item-1 ", count: 500_000)
    for body in [
      #"{"values":{},"failed":{"a":{"detail":\#(deep)},"item-1":{"errorDetails":\#(deep)}}}"#,
      #"{"values":{},"failed":{"a":{"detail":"\#(named)"},"item-1":{"errors":{"a":["\#(named)"]}}}}"#,
    ] {
      guard case .settled(let verdicts) = api.judge(201, body, three) else {
        Issue.record("not settled")
        return
      }
      for case .rejected(_, let message) in verdicts { #expect(message.utf8.count < 5000) }
    }
    #expect(api.judge(400, #"{"detail":\#(deep)}"#, three).isSplit)
    _ = api.judge(400, #"{"errorDetails":["\#(named)"],"errors":{"item-1":"\#(named)"}}"#, three, .atomic)
    #expect(clock.duration(to: .now) < .seconds(20))
  }
}
