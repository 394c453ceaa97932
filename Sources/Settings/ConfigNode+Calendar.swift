internal import Calendar
internal import Core

// Times of day, days and time zones, as the module Calendar understands them.
extension ConfigNode {
  /// `20:00`, with or without quotes.
  func timeOfDay() -> TimeOfDay? {
    calendarValue("a time of day such as 07:30") { text throws(CalendarError) in try TimeOfDay(text) }
  }

  /// `mon-fri`, `mon,wed,fri`.
  func daysOfWeek() -> DaysOfWeek? {
    calendarValue("days such as mon-fri") { text throws(CalendarError) in try DaysOfWeek(text) }
  }

  /// `Europe/Dublin`.
  func timeZone() -> Zone? {
    calendarValue("a time zone such as Europe/Dublin") { text throws(CalendarError) in try Zone(named: text) }
  }

  /// The machine's own time zone, for a section that names none; a fault of it is reported at `timezone`.
  func machineZone() -> Zone? {
    do throws(CalendarError) {
      return try Zone.ofMachine(tz: reading.environment?["TZ"])
    } catch {
      report("is not given, and the machine's own zone can't be used: \(error): write one", at: "timezone")
      return nil
    }
  }

  /// `{from: "20:00", to: "06:00", timezone: Europe/Dublin, days: mon-fri}`.
  func sendWindow() -> DailyWindow? {
    section { section -> DailyWindow? in
      let from = section.read("from") { $0.timeOfDay() }
      let to = section.read("to") { $0.timeOfDay() }
      let zone = section.value("timezone").map { $0.timeZone() } ?? machineZone()
      let days = section.value("days").map { $0.daysOfWeek() } ?? DaysOfWeek.all
      if !section.has("from") { section.reportMissing("from", "write when sending begins, such as from: \"20:00\"") }
      if !section.has("to") { section.reportMissing("to", "write when sending ends, such as to: \"06:00\"") }
      guard let from, let to, let zone, let days else { return nil }
      do throws(CalendarError) {
        return try DailyWindow(from: from, to: to, days: days, zone: zone)
      } catch {
        section.entry.report("is \"\(error.value)\", which \(error.reason)")
        return nil
      }
    }
  }

  private func calendarValue<Value>(
    _ wanted: String, _ read: (String) throws(CalendarError) -> Value
  ) -> Value? {
    guard !isNull else {
      report("has no value: give \(wanted), or leave out the key")
      return nil
    }
    guard isScalar else {
      report("must be \(wanted), but is \(kind)")
      return nil
    }
    guard let text = scalarText() else { return nil }
    do throws(CalendarError) {
      return try read(text.text)
    } catch {
      report("is \"\(text.written.onOneLine)\", which \(error.reason)")
      return nil
    }
  }
}
