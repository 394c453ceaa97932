import Calendar
import Core
import Testing

/// Which day of `expect` a moment belongs to, and when it is due.
@Suite struct DailyDeadlineTests {
  private func deadline(
    from: String = "00:00", by: String, days: String = "all", _ zone: String = "Europe/Dublin"
  ) throws -> DailyDeadline {
    try DailyDeadline(
      from: TimeOfDay(from), by: TimeOfDay(by), days: DaysOfWeek(days), zone: Zone(named: zone))
  }

  @Test func `a day begins at from, and the next one a day later`() throws {
    let deadline = try deadline(from: "02:00", by: "07:30")
    #expect(try deadline.day(at: at("2026-01-06T01:59:59.999Z")) == date("2026-01-05"))
    #expect(try deadline.day(at: at("2026-01-06T02:00Z")) == date("2026-01-06"))
    #expect(try deadline.start(of: date("2026-01-06")) == at("2026-01-06T02:00Z"))
    #expect(try deadline.due(on: date("2026-01-06")) == at("2026-01-06T07:30Z"))
    #expect(try deadline.end(of: date("2026-01-06")) == at("2026-01-07T02:00Z"))
  }

  @Test func `with a from that is later than by, a day begins on the evening before`() throws {
    let deadline = try deadline(from: "20:00", by: "07:30", days: "mon-fri")
    #expect(try deadline.day(at: at("2026-01-04T20:00Z")) == date("2026-01-05"), "Sunday evening is Monday's")
    #expect(try deadline.day(at: at("2026-01-04T19:59Z")) == date("2026-01-04"))
    #expect(try deadline.isExpected(on: date("2026-01-05")))
    #expect(try deadline.due(on: date("2026-01-05")) == at("2026-01-05T07:30Z"))
    #expect(try !deadline.isExpected(on: date("2026-01-10")), "a Saturday, begun on Friday evening")
  }

  @Test func `by may be the end of the day`() throws {
    let deadline = try deadline(by: "24:00")
    #expect(try deadline.due(on: date("2026-01-06")) == at("2026-01-07T00:00Z"))
    #expect(try deadline.due(on: date("2026-01-06")) == deadline.end(of: date("2026-01-06")))
  }

  @Test func `a day in which clocks are put forward has 23 hours, and 25 if they are put back`() throws {
    let dublin = try deadline(by: "07:30")
    func hours(_ deadline: DailyDeadline, _ day: String) throws -> Duration {
      try deadline.end(of: date(day)) - deadline.start(of: date(day))
    }
    #expect(try hours(dublin, "2026-03-28") == .seconds(24 * 3600))
    #expect(try hours(dublin, "2026-03-29") == .seconds(23 * 3600))
    #expect(try hours(dublin, "2026-10-25") == .seconds(25 * 3600))
    #expect(try dublin.due(on: date("2026-03-29")) == at("2026-03-29T06:30Z"))
    let evening = try deadline(from: "20:00", by: "07:30", "America/New_York")
    #expect(try hours(evening, "2026-03-08") == .seconds(23 * 3600))
    #expect(try hours(evening, "2026-11-01") == .seconds(25 * 3600))
  }

  @Test func `a by that is skipped is when clocks are put forward, and the first of two counts`() throws {
    let dublin = try deadline(by: "01:30")
    #expect(try dublin.due(on: date("2026-03-29")) == at("2026-03-29T01:00Z"))
    #expect(try dublin.due(on: date("2026-10-25")) == at("2026-10-25T00:30Z"))
    let newYork = try deadline(from: "02:30", by: "07:30", "America/New_York")
    #expect(try newYork.start(of: date("2026-03-08")) == at("2026-03-08T07:00Z"))
  }

  @Test func `a day that the zone skips is not expected`() throws {
    let apia = try deadline(by: "07:30", "Pacific/Apia")
    #expect(try !apia.isExpected(on: date("2011-12-30")))
    #expect(try apia.isExpected(on: date("2011-12-29")))
    #expect(try apia.isExpected(on: date("2011-12-31")))
    #expect(try apia.day(at: at("2011-12-30T10:00Z")) == date("2011-12-31"))
    #expect(try apia.day(at: at("2011-12-30T09:59Z")) == date("2011-12-29"))
  }

  @Test(arguments: ["Europe/Dublin", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia"])
  func `days follow each other without a gap, whatever clocks do`(zone: String) throws {
    for (from, by) in [("00:00", "07:30"), ("01:30", "01:45"), ("20:00", "07:30"), ("23:59", "00:00")] {
      let deadline = try deadline(from: from, by: by, zone)
      for year in ["2011", "2026"] {
        var day = try date("\(year)-01-01")
        for _ in 0..<366 {
          let (start, end) = (deadline.start(of: day), deadline.end(of: day))
          #expect(start <= end)
          if start < end {
            #expect(deadline.day(at: start) == day)
            #expect(deadline.day(at: start + .milliseconds((end - start).milliseconds / 2)) == day)
            #expect(deadline.day(at: end + .milliseconds(-1)) == day)
          }
          day = day.adding(days: 1)
        }
      }
    }
  }

  @Test func `what leaves no time is refused`() throws {
    #expect(throws: CalendarError.self) { try deadline(from: "07:30", by: "07:30") }
    #expect(throws: CalendarError.self) { try deadline(from: "24:00", by: "07:30") }
    do { _ = try deadline(from: "07:30", by: "07:30") } catch {
      #expect(
        (error as? CalendarError)?.description
          == "day \"07:30 to 07:30\" is due when it begins: write a later time for by, up to 24:00")
    }
  }
}
