import Calendar
import Core
import Testing
import TestKit

/// When `send` is open.
@Suite struct DailyWindowTests {
  private func window(_ text: String, _ zone: String = "Europe/Dublin") throws -> DailyWindow {
    // `20:00-06:00 mon-fri`
    let words = text.split(separator: " ").map(String.init)
    let times = words[0].split(separator: "-").map(String.init)
    return try DailyWindow(
      from: TimeOfDay(times[0]), to: TimeOfDay(times[1]), days: words.count > 1 ? DaysOfWeek(words[1]) : .all,
      zone: Zone(named: zone))
  }

  private func state(_ window: DailyWindow, _ moment: String) throws -> String {
    let state = window.state(at: try at(moment))
    #expect(window.isOpen(at: try at(moment)) == state.isOpen)
    let until = state.until.map { $0.description.prefix(16) + "Z" }
    return "\(state.isOpen ? "open" : "closed") until \(until ?? "ever")"
  }

  @Test func `a window opens at from, and is closed again at to`() throws {
    let window = try window("09:00-17:00")
    #expect(try state(window, "2026-01-05T08:59:59.999Z") == "closed until 2026-01-05T09:00Z")
    #expect(try state(window, "2026-01-05T09:00Z") == "open until 2026-01-05T17:00Z")
    #expect(try state(window, "2026-01-05T16:59:59.999Z") == "open until 2026-01-05T17:00Z")
    #expect(try state(window, "2026-01-05T17:00Z") == "closed until 2026-01-06T09:00Z")
  }

  @Test func `a window over midnight belongs to the day on which it begins`() throws {
    let window = try window("20:00-06:00 mon-fri")
    #expect(try state(window, "2026-01-09T21:00Z") == "open until 2026-01-10T06:00Z", "a Friday")
    #expect(try state(window, "2026-01-10T05:59Z") == "open until 2026-01-10T06:00Z", "a Saturday")
    #expect(try state(window, "2026-01-10T06:00Z") == "closed until 2026-01-12T20:00Z")
    #expect(try state(window, "2026-01-12T03:00Z") == "closed until 2026-01-12T20:00Z", "a Monday")
  }

  @Test func `a window may end at midnight, written either way`() throws {
    for text in ["20:00-24:00", "20:00-00:00"] {
      #expect(try state(window(text), "2026-01-05T23:59Z") == "open until 2026-01-06T00:00Z")
      #expect(try state(window(text), "2026-01-06T00:00Z") == "closed until 2026-01-06T20:00Z")
    }
  }

  @Test func `windows that touch are one`() throws {
    #expect(try state(window("00:00-24:00 mon-fri"), "2026-01-06T12:00Z") == "open until 2026-01-10T00:00Z")
    #expect(try state(window("00:00-24:00 mon-fri"), "2026-01-10T12:00Z") == "closed until 2026-01-12T00:00Z")
    #expect(try state(window("00:00-24:00"), "2026-01-06T12:00Z") == "open until ever")
  }

  @Test func `a window of one day a week closes for a week`() throws {
    #expect(try state(window("09:00-10:00 tue"), "2026-01-06T10:00Z") == "closed until 2026-01-13T09:00Z")
  }

  @Test(arguments: [
    ("20:00-20:00", "ends when it begins: write 00:00 to 24:00 for whole days"),
    ("00:00-00:00", "ends when it begins: write 00:00 to 24:00 for whole days"),
    ("24:00-24:00", "can't begin at 24:00: write 00:00 and the day after"),
    ("24:00-06:00", "can't begin at 24:00: write 00:00 and the day after"),
  ]) func `an empty window is refused`(_ text: String, _ reason: String) {
    #expect(throws: CalendarError.self) { try window(text) }
    do { _ = try window(text) } catch { #expect((error as? CalendarError)?.reason == reason) }
  }

  // MARK: - Daylight saving

  @Test func `a skipped from opens, and a skipped to closes, when clocks are put forward`() throws {
    // In Dublin, 01:00 to 02:00 on 29 March does not exist.
    #expect(try state(window("01:30-04:00"), "2026-03-29T00:59:59Z") == "closed until 2026-03-29T01:00Z")
    #expect(try state(window("01:30-04:00"), "2026-03-29T01:00Z") == "open until 2026-03-29T03:00Z")
    #expect(try state(window("20:00-01:30"), "2026-03-29T00:59:59Z") == "open until 2026-03-29T01:00Z")
    #expect(try state(window("20:00-01:30"), "2026-03-29T01:00Z") == "closed until 2026-03-29T19:00Z")
  }

  @Test func `a window that clocks skip whole does not open`() throws {
    #expect(try state(window("01:15-01:45"), "2026-03-29T00:30Z") == "closed until 2026-03-30T00:15Z")
    #expect(
      try state(window("08:00-17:00 fri", "Pacific/Apia"), "2011-12-24T12:00Z") == "closed until 2012-01-05T18:00Z",
      "30 December 2011 is a Friday that Samoa skips")
  }

  @Test func `of a repeated time the first one counts, for from and for to`() throws {
    // In New York, 01:00 to 02:00 on 1 November comes twice, first at 05:00 UTC.
    let newYork = "America/New_York"
    #expect(try state(window("01:30-04:00", newYork), "2026-11-01T05:29Z") == "closed until 2026-11-01T05:30Z")
    #expect(try state(window("01:30-04:00", newYork), "2026-11-01T06:15Z") == "open until 2026-11-01T09:00Z")
    #expect(try state(window("20:00-01:30", newYork), "2026-11-01T05:29Z") == "open until 2026-11-01T05:30Z")
    #expect(try state(window("20:00-01:30", newYork), "2026-11-01T06:15Z") == "closed until 2026-11-02T01:00Z")
    #expect(try state(window("01:15-01:45", newYork), "2026-11-01T06:20Z") == "closed until 2026-11-02T06:15Z")
  }

  @Test func `the hours of a window are those of its zone in summer and in winter`() throws {
    #expect(try state(window("09:00-17:00", "Asia/Kolkata"), "2026-07-01T03:29Z") == "closed until 2026-07-01T03:30Z")
    #expect(try state(window("09:00-17:00"), "2026-07-01T07:59Z") == "closed until 2026-07-01T08:00Z")
  }

  // MARK: - Against a person who looks at the clock every minute

  /// The windows that are open in each minute of a week, a bit a window, by a clock that is never changed.
  private func timetable(_ windows: [DailyWindow]) throws -> [UInt64] {
    let monday = try date("2026-01-05")
    var open = [UInt64](repeating: 0, count: 7 * 1440)
    for (index, window) in windows.enumerated() {
      let length = (window.to.minutes - window.from.minutes + 1440) % 1440
      for day in 0..<7 where window.days.contains(monday.adding(days: Int64(day))) {
        for minute in 0..<(length == 0 ? 1440 : length) {
          open[(day * 1440 + window.from.minutes + minute) % open.count] |= 1 << index
        }
      }
    }
    return open
  }

  /// Walks through a year minute by minute, and looks up in the timetable the latest time that clocks have shown.
  private func changes(_ windows: [DailyWindow], _ zone: Zone, year: Int) throws -> [[Timestamp]] {
    let start = Int(try at("\(year)-01-01").milliseconds / 60_000)
    let timetable = try timetable(windows)
    let monday = Int(try date("2007-01-01").daysSince1970) * 1440
    var latest = Int.min
    var changes: [[Timestamp]] = windows.map { _ in [] }
    var wasOpen: UInt64 = 0
    var offset = 0
    // Two days before the year, since clocks may have been put back just before it.
    for minute in (start - 2880)...(start + 366 * 1440) {
      let moment = Timestamp(milliseconds: Int64(minute) * 60_000)
      // Clocks are changed at quarters of an hour only.
      if minute % 15 == 0 { offset = Int(zone.offset(at: moment).components.seconds / 60) }
      latest = max(latest, minute + offset)
      let open = timetable[(latest - monday) % timetable.count]
      if open != wasOpen, minute > start {
        for index in windows.indices where (open ^ wasOpen) >> index & 1 == 1 { changes[index].append(moment) }
      }
      wasOpen = open
    }
    return changes
  }

  @Test(arguments: [
    ("Europe/Dublin", 2026), ("America/New_York", 2026), ("Asia/Kolkata", 2025), ("Australia/Lord_Howe", 2026),
    ("Africa/Casablanca", 2026), ("Pacific/Apia", 2011), ("America/Havana", 2026), ("UTC", 2028),
  ]) func `windows of a whole year open and close as by a look at the clock every minute`(
    zone: String, year: Int
  ) throws {
    var random = SplitMix64(seed: UInt64(year))
    let days = ["all", "mon-fri", "sat-mon", "wed", "sun", "fri", "thu-fri"]
    var windows = try [
      "01:30-04:00", "20:00-01:30", "02:00-03:00 sun", "01:15-01:45", "02:15-02:45 sat-mon", "00:00-24:00 mon-fri",
      "02:45-02:15", "23:30-00:30", "00:00-00:30", "20:00-06:00 mon-fri", "20:00-24:00 fri", "20:00-00:00 thu",
    ].map { try window($0, zone) }
    for _ in 0..<8 {
      let from = Int.random(in: 0..<96, using: &random) * 15
      let to = (from + Int.random(in: 1...95, using: &random) * 15) % 1440
      func time(_ minutes: Int) throws -> TimeOfDay {
        try TimeOfDay(String("0\(minutes / 60)".suffix(2)) + ":" + String("0\(minutes % 60)".suffix(2)))
      }
      windows.append(
        try DailyWindow(
          from: time(from), to: time(to), days: DaysOfWeek(days.randomElement(using: &random) ?? "all"),
          zone: Zone(named: zone)))
    }
    let expected = try changes(windows, windows[0].zone, year: year)
    for (window, expected) in zip(windows, expected) {
      var found: [Timestamp] = []
      var state = window.state(at: try at("\(year)-01-01"))
      let last = try #require(expected.last)
      while let until = state.until, until <= last {
        #expect(window.state(at: until + .milliseconds(-1)) == state, "\(window)")
        let next = window.state(at: until)
        #expect(next.isOpen != state.isOpen)
        state = next
        found.append(until)
      }
      #expect(found == expected, "\(window)")
    }
  }
}
