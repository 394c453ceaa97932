import Delivery
import Testing

@Suite struct RetryAfterTests {
  private let now = Timestamp(milliseconds: 1_000_000)

  @Test(arguments: [
    ("7", 7), ("0", 0), ("999999999", 86_400),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 86_400), ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
    ("Thu, 01 Jan 1970 00:16:50 GMT", 10),
  ])
  func `Retry-After is read as seconds or as a date`(value: String, seconds: Int64) {
    #expect(RetryAfter.wait(value, now: now) == .seconds(seconds))
  }

  @Test(arguments: ["", "soon", "-1", "1.5", "Sun, 99 Nov 1994 08:49:37 GMT", "06 Nov 1994"])
  func `what is no Retry-After is ignored`(value: String) {
    #expect(RetryAfter.wait(value, now: now) == nil)
  }
}
