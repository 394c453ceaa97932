import Calendar
import Core
import Engine
import Testing

/// What is reported about files that come every day. 2026-01-05 is a Monday.
@Suite struct ExpectedFilesTests {
  // MARK: - A day

  @Test func `a file up to by came, and nothing is told`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T05:00Z")
    #expect(try world.shown("2026-01-05T05:00Z") == "waiting 2026-01-05T07:30 0")
    try world.comes("nav-1.csv", "2026-01-05T07:30Z")
    try world.passes("2026-01-05T23:59Z")
    #expect(world.reported() == [])
    #expect(try world.shown("2026-01-05T23:59Z") == "came 2026-01-05T07:30 1")
    #expect(try world.shown("2026-01-06T00:00Z") == "waiting 2026-01-06T07:30 0")
  }

  @Test func `none at by is missing, told once`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T07:30Z")
    #expect(world.reported() == [])
    try world.passes("2026-01-05T07:30:00.001Z")
    #expect(world.reported() == ["missing 2026-01-05"])
    try world.passes("2026-01-05T07:31Z")
    try world.passes("2026-01-05T23:00Z")
    #expect(world.reported() == [])
    #expect(try world.shown("2026-01-05T23:00Z") == "missing 2026-01-05T07:30 0")
  }

  @Test func `a file after by is late, and so is the next one`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T08:00Z")
    try world.comes("nav-1.csv", "2026-01-05T09:00Z")
    try world.comes("nav-2.csv", "2026-01-05T10:00Z")
    #expect(world.reported() == ["missing 2026-01-05", "late 2026-01-05", "late 2026-01-05"])
    #expect(try world.shown("2026-01-05T10:00Z") == "late 2026-01-05T07:30 2")
  }

  @Test func `a day whose file came in time stays so, whatever comes late`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.comes("nav-1.csv", "2026-01-05T07:00Z")
    try world.comes("nav-2.csv", "2026-01-05T09:00Z")
    #expect(world.reported() == ["late 2026-01-05"])
    #expect(try world.shown("2026-01-05T09:00Z") == "came 2026-01-05T07:30 2")
  }

  @Test func `a late file that is the first news of the day is told after the missing one`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T07:00Z")
    try world.comes("nav-1.csv", "2026-01-05T08:00Z")
    #expect(world.reported() == ["missing 2026-01-05", "late 2026-01-05"])
  }

  @Test func `a file on another day is early, and the next expected day is shown`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-10T06:00Z")
    try world.comes("nav-1.csv", "2026-01-10T09:00Z")
    try world.passes("2026-01-11T23:00Z")
    #expect(world.reported() == ["early 2026-01-10"])
    #expect(try world.shown("2026-01-10T09:00Z") == "waiting 2026-01-12T07:30 1")
    #expect(try world.shown("2026-01-11T09:00Z") == "waiting 2026-01-12T07:30 0")
    try world.passes("2026-01-12T08:00Z")
    #expect(world.reported() == ["missing 2026-01-12"], "the early file was Saturday's")
  }

  @Test func `a file with fewer items than min_items is short, and counts`() throws {
    var world = ExpectationWorld(try makeTerms(minItems: 2))
    try world.comes("nav-1.csv", "2026-01-05T07:00Z", items: 1)
    try world.comes("nav-2.csv", "2026-01-05T07:01Z", items: 2)
    try world.passes("2026-01-05T08:00Z")
    #expect(world.reported() == ["short 2026-01-05"])
    #expect(try world.shown("2026-01-05T08:00Z") == "came 2026-01-05T07:30 2")
  }

  @Test func `with a from later than by, a day begins on the evening before`() throws {
    var world = ExpectationWorld(try makeTerms(from: "20:00"))
    try world.comes("nav-1.csv", "2026-01-04T20:00Z")
    try world.passes("2026-01-05T08:00Z")
    #expect(world.reported() == [], "Monday's file came on Sunday evening")
    try world.comes("nav-2.csv", "2026-01-05T19:59Z")
    #expect(world.reported() == ["late 2026-01-05"])
    try world.comes("nav-3.csv", "2026-01-05T20:00Z")
    #expect(world.reported() == [])
    #expect(try world.shown("2026-01-05T20:00Z") == "came 2026-01-06T07:30 1")
    try world.comes("nav-4.csv", "2026-01-09T20:00Z")
    #expect(world.reported().last == "early 2026-01-10", "Friday evening is Saturday's")
  }

  @Test func `messages name file, times and zone`() throws {
    var world = ExpectationWorld(try makeTerms(minItems: 2, sequence: "nav-([0-9]+).csv"))
    try world.comes("nav-1.csv", "2026-07-06T08:00Z")
    try world.comes("nav-5.csv", "2026-07-11T08:00Z", items: 2)
    try world.comes("nav-1.csv", "2026-07-11T08:00Z", items: 2)
    #expect(
      world.reportedMessages() == [
        "no file \"nav-*.csv\" came by 2026-07-06 07:30 Europe/Dublin",
        "\"nav-1.csv\" came at 2026-07-06 09:00 Europe/Dublin, after 07:30",
        "\"nav-1.csv\" has 1 item, fewer than 2",
        "no file \"nav-*.csv\" came by 2026-07-07 07:30 Europe/Dublin",
        "no file \"nav-*.csv\" came by 2026-07-08 07:30 Europe/Dublin",
        "no file \"nav-*.csv\" came by 2026-07-09 07:30 Europe/Dublin",
        "no file \"nav-*.csv\" came by 2026-07-10 07:30 Europe/Dublin",
        "\"nav-5.csv\" came at 2026-07-11 09:00 Europe/Dublin, which is sat 2026-07-11: none is expected then, "
          + "only on mon-fri",
        "of the files \"nav-*.csv\" these numbers are missing: 2 to 4",
        "\"nav-1.csv\" came at 2026-07-11 09:00 Europe/Dublin, which is sat 2026-07-11: none is expected then, "
          + "only on mon-fri",
        "\"nav-1.csv\" has the number 1, which came before",
      ])
  }

  @Test func `a file's name can't break a message's line`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.comes("nav\n\u{202E}.csv", "2026-01-05T09:00Z")
    #expect(
      world.reportedMessages().last == "\"nav\\n\\u{202E}.csv\" came at 2026-01-05 09:00 Europe/Dublin, after 07:30")
  }

  // MARK: - Reading takes time

  @Test func `a file that is ready in time came, however long it is read`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.becomesReady("nav-1.csv", at: at("2026-01-05T07:29Z"), id: .first)
    try world.passes("2026-01-05T07:31Z")
    #expect(try world.shown("2026-01-05T07:31Z") == "waiting 2026-01-05T07:30 0")
    try world.passes("2026-01-06T00:01Z")
    try world.isRead(.first, items: 1, now: at("2026-01-06T01:00Z"))
    try world.passes("2026-01-06T01:00Z")
    #expect(world.reported() == [])
    #expect(try world.shown("2026-01-06T01:00Z") == "waiting 2026-01-06T07:30 0", "it was Monday's")
  }

  @Test func `the alarm names the file that came and does not count`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T05:00Z")
    try world.becomesReady("nav-1.csv", at: at("2026-01-05T06:10Z"), id: .first)
    try world.isGone(.first, because: "it has the same bytes as file X", now: at("2026-01-05T06:11Z"))
    try world.restarts()
    try world.passes("2026-01-05T08:00Z")
    let message = try #require(world.reportedMessages().first)
    #expect(message.hasPrefix("no file \"nav-*.csv\" came by 2026-01-05 07:30"))
    #expect(message.contains("; \"nav-1.csv\" came at 2026-01-05 06:10"))
    #expect(message.hasSuffix(", but does not count: it has the same bytes as file X"))
    try world.passes("2026-01-06T08:00Z")
    #expect(try #require(world.reportedMessages().first).contains("nav-1.csv") == false, "that was another day's")
  }

  @Test func `a file that turns out not to count is told as missing then`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.passes("2026-01-05T05:00Z")
    try world.becomesReady("nav-1.csv", at: at("2026-01-05T07:29Z"), id: .first)
    try world.passes("2026-01-06T08:00Z")
    #expect(world.reported() == ["missing 2026-01-06"], "it does not hold up the next day")
    try world.isGone(.first, now: at("2026-01-06T08:01Z"))
    #expect(world.reported() == ["missing 2026-01-05"])
    try world.passes("2026-01-06T09:00Z")
    #expect(world.reported() == [])
  }

  @Test func `a file that is read after by and became ready after by delays nothing`() throws {
    var world = ExpectationWorld(try makeTerms())
    try world.becomesReady("nav-1.csv", at: at("2026-01-05T07:31Z"), id: .first)
    try world.passes("2026-01-05T07:32Z")
    #expect(world.reported() == ["missing 2026-01-05"])
  }

  // MARK: - When to look again

  @Test func `something may change after by, and when the day ends`() throws {
    let world = ExpectationWorld(try makeTerms())
    #expect(try world.expected.nextChange(after: at("2026-01-05T05:00Z")) == at("2026-01-05T07:30:00.001Z"))
    #expect(try world.expected.nextChange(after: at("2026-01-05T07:30Z")) == at("2026-01-05T07:30:00.001Z"))
    #expect(try world.expected.nextChange(after: at("2026-01-05T07:30:00.001Z")) == at("2026-01-06T00:00Z"))
    #expect(try world.expected.nextChange(after: at("2026-01-10T05:00Z")) == at("2026-01-11T00:00Z"))
  }

  // MARK: - Daylight saving

  @Test func `in Dublin, by is an hour earlier in UTC from the day on which clocks are put forward`() throws {
    var world = ExpectationWorld(try makeTerms(days: "all"))
    #expect(try world.shown("2026-03-28T12:00Z") == "missing 2026-03-28T07:30 0")
    try world.comes("nav-1.csv", "2026-03-29T06:30Z")
    #expect(world.reported() == [])
    try world.comes("nav-2.csv", "2026-03-29T06:30:01Z")
    #expect(world.reported() == ["late 2026-03-29"])
    try world.comes("nav-3.csv", "2026-03-29T23:00Z")
    #expect(world.reported() == [], "the day had 23 hours")
    #expect(try world.shown("2026-03-29T23:00Z") == "came 2026-03-30T06:30 1")
  }

  @Test func `in New York, a file in the 25th hour of a day is that day's`() throws {
    var world = ExpectationWorld(try makeTerms(from: "20:00", zone: "America/New_York", days: "all"))
    // Clocks are put back at 06:00 UTC on 1 November.
    try world.comes("nav-1.csv", "2026-11-01T00:00Z")
    #expect(try world.shown("2026-11-01T00:00Z") == "came 2026-11-01T12:30 1")
    try world.comes("nav-2.csv", "2026-11-02T00:59:59Z")
    #expect(try world.shown("2026-11-02T00:59:59Z") == "came 2026-11-01T12:30 2")
    try world.comes("nav-3.csv", "2026-11-02T01:00Z")
    #expect(try world.shown("2026-11-02T01:00Z") == "came 2026-11-02T12:30 1")
    #expect(world.reported() == ["late 2026-11-01"])
  }

  @Test func `a by that clocks skip is the moment of the change, and the first of two counts`() throws {
    var world = ExpectationWorld(try makeTerms(by: "01:30", days: "all"))
    try world.comes("nav-1.csv", "2026-03-29T01:00Z")
    try world.comes("nav-2.csv", "2026-03-29T01:00:01Z")
    #expect(world.reported() == ["late 2026-03-29"])
    world = ExpectationWorld(try makeTerms(by: "01:30", days: "all"))
    try world.comes("nav-1.csv", "2026-10-25T00:30Z")
    try world.comes("nav-2.csv", "2026-10-25T01:15Z")
    #expect(world.reported() == ["late 2026-10-25"])
  }

  @Test func `nothing is missing on a day that the zone skips`() throws {
    var world = ExpectationWorld(try makeTerms(zone: "Pacific/Apia"))
    // In Samoa, Friday 30 December 2011 was left out.
    try world.comes("nav-1.csv", "2011-12-29T17:00Z")
    try world.passes("2011-12-30T12:00Z")
    #expect(try world.shown("2011-12-30T12:00Z") == "waiting 2012-01-01T17:30 0")
    try world.passes("2012-01-01T12:00Z")
    #expect(world.reported() == [])
  }
}
