import Core
import Testing

@Suite struct TimestampReadingTests {
  @Test func `a time that is written and read again is the same`() {
    for milliseconds: Int64 in [0, 1, 999, 951_782_399_999, 1_795_000_000_123, -1, 253_402_300_799_999] {
      let time = Timestamp(milliseconds: milliseconds)
      #expect(Timestamp(written: time.description) == time, "\(time)")
    }
  }

  @Test(arguments: [
    ("2026-11-21", "2026-11-21T00:00:00.000Z"), ("2026-11-21T20:41", "2026-11-21T20:41:00.000Z"),
    ("2026-11-21 20:41:07", "2026-11-21T20:41:07.000Z"), ("2026-11-21T20:41:07.5Z", "2026-11-21T20:41:07.500Z"),
    ("2026-11-21T20:41:07.123456z", "2026-11-21T20:41:07.123Z"),
    ("2026-11-21T20:41+01:30", "2026-11-21T19:11:00.000Z"), ("2026-12-31T23:00-02:00", "2027-01-01T01:00:00.000Z"),
  ])
  func `what is left out is zero, and UTC`(_ text: String, _ time: String) {
    #expect(Timestamp(written: text)?.description == time)
  }

  @Test(arguments: [
    "", "2026", "2026-11", "2026-02-29", "2026-13-01", "2026-11-21T", "2026-11-21T24:00", "2026-11-21T20:60",
    "2026-11-21T20:41:60", "2026-11-21T20:41:07.", "2026-11-21T20:41Zx", "2026-11-21T20:41+1:00", "yesterday",
  ])
  func `what is no time is refused`(_ text: String) { #expect(Timestamp(written: text) == nil) }
}
