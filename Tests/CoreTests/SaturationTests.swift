import Core
import Testing

/// Numbers from outside: whatever they are, nothing traps.
@Suite struct `Numbers at the end of their range` {
  @Test func `moments and durations stop at the end of their range`() {
    let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
    let longest = Duration(secondsComponent: .max, attosecondsComponent: 0)
    #expect(last + .seconds(1) == last)
    #expect(first + .seconds(-1) == first)
    #expect(first + longest == Timestamp(milliseconds: -1))
    #expect(last - first == .milliseconds(Int64.max))
    #expect(first - last == .milliseconds(Int64.min))
    #expect(longest.milliseconds == .max)
    #expect(Duration(secondsComponent: .min, attosecondsComponent: 0).milliseconds == .min)
  }

  @Test(arguments: [Int64.min, -62_167_219_200_001, -1, 0, 253_402_300_800_000, .max])
  func `every moment has a description`(_ milliseconds: Int64) {
    #expect(Timestamp(milliseconds: milliseconds).description.hasSuffix("Z"))
  }

  @Test(arguments: [Int64.min, -1, 0, 32, .max])
  func `a day that there is not is none`(_ day: Int64) {
    #expect(CivilDate(year: 2000, month: 1, day: day) == nil)
    _ = CivilDate(daysSince1970: day)
  }

  @Test func `sums, differences and products saturate`() {
    #expect(Int.max.addingSaturated(1) == .max)
    #expect(Int.min.addingSaturated(-1) == .min)
    #expect(Int.min.subtractingSaturated(1) == .min)
    #expect(0.subtractingSaturated(Int.min) == .max)
    #expect(Int.max.multipliedSaturated(by: -2) == .min)
    #expect(Int.min.multipliedSaturated(by: -2) == .max)
    #expect([Int.max, 1, -1].saturatedSum == .max - 1)
    #expect((2.addingSaturated(3), 2.subtractingSaturated(3), 2.multipliedSaturated(by: 3)) == (5, -1, 6))
  }

  @Test func `what ends lines, steers terminals or turns the text is escaped`() {
    #expect(
      "a\u{1B}[2J\n\u{202E}fdp\u{2066}\u{85}\u{2028}\u{7F}é".onOneLine
        == #"a\u{1B}[2J\n\u{202E}fdp\u{2066}\u{0085}\u{2028}\u{7F}é"#)
    #expect("Größe = 5 👨‍👩‍👧".onOneLine == "Größe = 5 👨‍👩‍👧")
    #expect(ItemFault(.rejectedByAPI, "\u{1B}]0;x\u{7}").message == #"\u{1B}]0;x\u{07}"#)
    #expect(FileFault(.malformedCSV, "\u{202E}x").message == #"\u{202E}x"#)
  }

  @Test func `a request id of 100 KB is cut`() {
    let batch = SettledBatch(
      items: 1, accepted: 1, rejected: 0, attempts: 1, unanswered: 0, status: 201,
      requestID: "\u{1B}" + String(repeating: "e\u{301}", count: 50_000), sentAt: nil)
    #expect(batch.requestID?.utf8.starts(with: #"\u{1B}e"#.utf8) == true)
    #expect(batch.requestID?.utf8.count ?? 0 < 500)
  }
}
