import Calendar
import Core
import Testing

/// Days of the week and times of day, as they are written in the configuration.
@Suite struct WrittenTimesTests {
  // MARK: - Days

  private func named(_ text: String) throws -> [String] {
    let days = try DaysOfWeek(text)
    // 2026-01-05 is a Monday.
    let monday = try date("2026-01-05")
    return (0..<7).map { monday.adding(days: $0) }.filter(days.contains).map(DaysOfWeek.name)
  }

  @Test func `days are listed, or are ranges, or both`() throws {
    #expect(try named("mon-fri") == ["mon", "tue", "wed", "thu", "fri"])
    #expect(try named("mon,wed,fri") == ["mon", "wed", "fri"])
    #expect(try named("tue") == ["tue"])
    #expect(try named("mon-tue,thu-fri,sun") == ["mon", "tue", "thu", "fri", "sun"])
    #expect(try named(" Mon - WED , sun ") == ["mon", "tue", "wed", "sun"])
    #expect(try named("all").count == 7)
    #expect(try DaysOfWeek("all") == .all)
    #expect(try DaysOfWeek("mon-sun") == .all)
  }

  @Test func `a range may run over the end of the week`() throws {
    #expect(try named("sat-mon") == ["mon", "sat", "sun"])
    #expect(try named("wed-tue").count == 7)
  }

  @Test(arguments: [
    ("", "is empty: write days such as mon-fri, or all"), ("  ", "is empty: write days such as mon-fri, or all"),
    ("mon,", "has a day missing: write days such as mon-fri or mon,wed,fri"),
    ("mon-", "has a day missing: write days such as mon-fri or mon,wed,fri"),
    ("monday", "has \"monday\", which is no day: write mon"),
    ("mo-fr", "has \"mo\", which is no day: write mon, tue, wed, thu, fri, sat or sun"),
    ("mon fri", "has \"mon fri\", which is no day: write mon"),
    ("all,mon", "has \"all\", which is no day: write mon, tue, wed, thu, fri, sat or sun"),
    ("mon-wed-fri", "has \"mon-wed-fri\": a range has two ends, such as mon-fri"),
    ("mon-mon", "has a range from mon to mon: write the day alone, or all"),
    ("mon,mon", "names mon twice"), ("mon-wed,tue", "names tue twice"),
  ]) func `nonsense is refused with a reason`(_ text: String, _ reason: String) {
    #expect(throws: CalendarError.self) { try DaysOfWeek(text) }
    do { _ = try DaysOfWeek(text) } catch { #expect(error.reason == reason) }
  }

  @Test(arguments: ["all", "mon", "mon-fri", "mon,wed,fri", "sat-mon", "mon,tue", "sat,sun", "mon-wed,fri,sat", "sun"])
  func `days are shown as they are written`(_ text: String) throws { #expect(try DaysOfWeek(text).description == text) }

  @Test func `the day of a date is right, before 1970 too`() throws {
    #expect(DaysOfWeek.name(of: try date("2026-07-04")) == "sat")
    #expect(DaysOfWeek.name(of: try date("1970-01-01")) == "thu")
    #expect(DaysOfWeek.name(of: try date("1969-12-31")) == "wed")
    #expect(DaysOfWeek.name(of: try date("1900-01-01")) == "mon")
  }

  // MARK: - Times

  @Test func `a time has hours and minutes, up to the end of the day`() throws {
    #expect(try TimeOfDay("00:00") == .startOfDay)
    #expect(try TimeOfDay("07:30").minutes == 450)
    #expect(try TimeOfDay("23:59").minutes == 1439)
    #expect(try TimeOfDay("24:00") == .endOfDay)
    #expect(try TimeOfDay("07:30").description == "07:30")
    #expect(try TimeOfDay("07:30") < TimeOfDay("20:00"))
  }

  @Test(arguments: [
    ("", "is empty: write hours and minutes, such as 07:30"),
    ("7:30", "must have two digits for hours and two for minutes, such as 07:30"),
    ("07:3", "must have two digits for hours and two for minutes, such as 07:30"),
    ("07:30:00", "has seconds: write hours and minutes alone, such as 07:30"),
    ("0730", "must have hours, a colon and minutes"), ("1:2:3:4", "must have hours, a colon and minutes"),
    ("07:60", "has more than 59 minutes"), ("24:01", "is later than 24:00, the end of the day"),
    ("25:00", "is later than 24:00, the end of the day"),
    ("7pm", "is no time of day: write hours and minutes, from 00:00 to 24:00, such as 07:30 or 20:00"),
    ("-1:00", "is no time of day: write hours and minutes, from 00:00 to 24:00, such as 07:30 or 20:00"),
    ("٠٧:٣٠", "is no time of day: write hours and minutes, from 00:00 to 24:00, such as 07:30 or 20:00"),
    ("99999999999999999999:00", "must have two digits for hours and two for minutes, such as 07:30"),
  ]) func `what is no time is refused with a reason`(_ text: String, _ reason: String) {
    #expect(throws: CalendarError.self) { try TimeOfDay(text) }
    do { _ = try TimeOfDay(text) } catch { #expect(error.reason == reason) }
  }
}
