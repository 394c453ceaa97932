import Core
import Testing

@Suite struct RetryAfterTests {
  /// 16 minutes and 40 seconds after the epoch.
  private let now = Timestamp(milliseconds: 1_000_000)

  @Test(arguments: [
    ("7", 7), (" 7\t", 7), ("007", 7), ("86400", 86_400), ("86401", 86_400), ("9223372036854775807", 86_400),
    ("9223372036854775808", 86_400), ("99999999999999999999999999", 86_400),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 86_400), ("Thu, 01 Jan 1970 00:16:50 GMT", 10),
    ("Thursday, 01-Jan-70 00:16:50 GMT", 10), ("Thu Jan  1 00:16:50 1970", 10), ("Sun Nov  6 08:49:37 1994", 86_400),
    ("Sun Nov 16 08:49:37 1994", 86_400), ("Fri, 31 Dec 9999 23:59:60 GMT", 86_400),
    ("Thu, 01 Jan 1970 00:16:60 GMT", 20),
  ])
  func `the value is taken for what it plainly says, and for at most a day`(value: String, seconds: Int64) {
    #expect(RetryAfter.wait(value, now: now) == .seconds(seconds))
  }

  @Test(arguments: [
    "0", "000", "Thu, 01 Jan 1970 00:16:40 GMT", "Thu, 01 Jan 1970 00:00:01 GMT", "Thursday, 01-Jan-70 00:00:01 GMT",
    "Thu Jan  1 00:00:01 1970", "Sat, 01 Jan 0000 00:00:00 GMT",
  ])
  func `zero and the past are as if the header were absent`(value: String) {
    #expect(RetryAfter.wait(value, now: now) == nil)
  }

  @Test(arguments: [
    "", " ", "soon", "-1", "+1", "1.5", "1e9", "7 seconds", "7, 8", "\u{0667}", "Sun, 99 Nov 1994 08:49:37 GMT",
    "06 Nov 1994",
    "Sun, 06 Nov 1994 9223372036854775807:49:37 GMT", "Sun, 06 Nov 1994 08:9223372036854775807:37 GMT",
    "Sun, 06 Nov 1994 08:49:9223372036854775807 GMT", "Sun, 06 Nov 9223372036854775807 08:49:37 GMT",
    "Sun, 9223372036854775807 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 29 Feb 1995 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Noday, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06-Nov-1994 08:49:37 GMT", "Sun Nov  6 08:49:37 19945", "Sun Nov 06 -8:49:37 1994",
    "Sun, 06 Nov 1994 08:49:37 GMT GMT",
  ])
  func `anything odd is as if the header were absent`(value: String) {
    #expect(RetryAfter.wait(value, now: now) == nil)
  }

  @Test func `two digits name the year that is at most fifty years ahead`() throws {
    let now = try #require(Timestamp(written: "2026-11-27T00:00:00Z"))
    #expect(RetryAfter.wait("Friday, 27-Nov-26 00:00:05 GMT", now: now) == .seconds(5))
    #expect(RetryAfter.wait("Friday, 27-Nov-76 00:00:05 GMT", now: now) == .seconds(86_400))
    #expect(RetryAfter.wait("Friday, 27-Nov-77 00:00:05 GMT", now: now) == nil)
  }

  /// Random edits of every form, around the limits of what the arithmetic holds.
  @Test func `no value brings the process down`() {
    var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
    let seeds = [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "120",
    ]
    let pieces = [
      "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "0", "9", " ", ":",
      ",",
      "-", "GMT", "\0", "\u{E9}", "Feb", "99",
    ]
    let times = [Int64.min, -1, 0, 1_000_000, 1_795_000_000_000, .max].map { Timestamp(milliseconds: $0 / 2) }
    for _ in 0..<50_000 {
      var text = Array(random.pick(seeds))
      for _ in 0...random.next() % 3 {
        let place = Int(random.next() % UInt64(text.count + 1))
        let end = min(text.count, place + Int(random.next() % 5))
        text.replaceSubrange(place..<end, with: random.pick(pieces))
      }
      if let wait = RetryAfter.wait(String(text), now: random.pick(times)) {
        #expect(wait > .zero && wait <= .seconds(86_400))
      }
    }
  }
}

private struct Xorshift {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func pick<T>(_ values: [T]) -> T { values[Int(next() % UInt64(values.count))] }
}
