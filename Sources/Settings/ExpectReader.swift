internal import Calendar
internal import Core

/// Reads the entries of an inbox's `expect`.
struct ExpectReader {
  static func read(_ entry: ConfigNode) -> [ExpectationRule]? { entry.list { $0.section(read) } }

  private static func read(_ section: ConfigSection) -> ExpectationRule? {
    var match = "*"
    section.read("match", into: &match) { $0.glob() }
    // Each key is asked for, given or not: it is then among those that a misspelt one may mean.
    let from = section.value("from").map(readTime) ?? .startOfDay
    if !section.has("by") {
      section.reportMissing("by", "write the time by which the file must be there, such as 07:30")
    }
    let by = section.read("by", readTime)
    let zone = section.value("timezone").map(readZone) ?? machineZone(section)
    let days = section.value("days").map(readDays) ?? .all
    var rule = (minItems: Int?.none, sequence: SequencePattern?.none)
    section.read("min_items", into: &rule.minItems) { $0.int(atLeast: 1) }
    section.read("sequence", into: &rule.sequence, readSequence)
    guard let from, let by, let zone, let days else { return nil }
    do {
      let deadline = try DailyDeadline(from: from, by: by, days: days, zone: zone)
      return ExpectationRule(match: match, deadline: deadline, minItems: rule.minItems, sequence: rule.sequence)
    } catch {
      section.report("\"\(error.value)\" \(error.reason)", at: section.has("from") ? "from" : "by")
      return nil
    }
  }

  private static func readTime(_ entry: ConfigNode) -> TimeOfDay? {
    entry.calendarValue("a time of day such as 07:30") { text throws(CalendarError) in try TimeOfDay(text) }
  }

  private static func readDays(_ entry: ConfigNode) -> DaysOfWeek? {
    entry.calendarValue("days such as mon-fri") { text throws(CalendarError) in try DaysOfWeek(text) }
  }

  private static func readZone(_ entry: ConfigNode) -> Zone? {
    entry.calendarValue("a time zone such as Europe/Dublin") { text throws(CalendarError) in try Zone(named: text) }
  }

  private static func machineZone(_ section: ConfigSection) -> Zone? {
    do {
      return try Zone.ofMachine(tz: section.entry.reading.environment?["TZ"])
    } catch {
      section.report("is not given, and the machine's \(error): write a name such as Europe/Dublin", at: "timezone")
      return nil
    }
  }

  private static func readSequence(_ entry: ConfigNode) -> SequencePattern? {
    guard let text = entry.text() else { return nil }
    do {
      return try SequencePattern(text)
    } catch {
      entry.report("\"\(text)\" \(error.reason)")
      return nil
    }
  }
}

extension ConfigNode {
  /// A time, zone or days; a fault is reported with the value.
  fileprivate func calendarValue<T>(_ wanted: String, _ read: (String) throws(CalendarError) -> T) -> T? {
    guard isScalar else {
      report("must be \(wanted), but is \(kind)")
      return nil
    }
    guard let text = text() else { return nil }
    do throws(CalendarError) {
      return try read(text)
    } catch {
      report("\"\(error.value)\" \(error.reason)")
      return nil
    }
  }
}
