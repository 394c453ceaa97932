import Core

/// A zone's rule for each year: standard time, and when daylight saving begins and ends, if there is any.
///
/// POSIX describes it as a text (8.3, `TZ`), and RFC 8536, 3.3.1 extends that: `IST-1GMT0,M10.5.0,M3.5.0/1`.
struct RecurringRule: Sendable, Hashable {
  private struct Daylight: Sendable, Hashable {
    var offset: Int64
    var start: YearlyTime
    var end: YearlyTime
  }

  /// Seconds east of UTC.
  private let standard: Int64
  private let daylight: Daylight?

  /// Nil if the text is none of these, or names daylight saving without saying when it is.
  init?(_ text: some Sequence<UInt8>) {
    var reader = RuleReader(rest: Array(text)[...])
    guard reader.name(), let west = reader.duration(hours: 24) else { return nil }
    standard = -west
    guard !reader.rest.isEmpty else {
      daylight = nil
      return
    }
    guard reader.name() else { return nil }
    var offset = standard + 3600
    if reader.rest.first != UInt8(ascii: ",") {
      guard let west = reader.duration(hours: 24) else { return nil }
      offset = -west
    }
    guard reader.take(","), let start = reader.yearlyTime(), reader.take(","), let end = reader.yearlyTime(),
      reader.rest.isEmpty
    else { return nil }
    daylight = Daylight(offset: offset, start: start, end: end)
  }

  /// The offset at a moment, in seconds since 1970.
  func offset(at second: Int64) -> Int64 {
    let year = CivilDate(daysSince1970: second.dividedDown(by: 86_400)).year
    // Two years back: times may lie up to a week outside of their year.
    return changes(in: year - 2...year + 1).last { $0.second <= second }?.offset ?? standard
  }

  /// The changes after one moment and up to another, in order.
  func changes(after start: Int64, through end: Int64) -> [OffsetChange] {
    let first = CivilDate(daysSince1970: start.dividedDown(by: 86_400)).year
    let last = CivilDate(daysSince1970: end.dividedDown(by: 86_400)).year
    return changes(in: first - 1...max(first, last) + 1).filter { $0.second > start && $0.second <= end }
  }

  private func changes(in years: ClosedRange<Int64>) -> [OffsetChange] {
    guard let daylight else { return [] }
    var changes: [OffsetChange] = []
    for year in years {
      changes.append(OffsetChange(second: daylight.start.second(in: year) - standard, offset: daylight.offset))
      changes.append(OffsetChange(second: daylight.end.second(in: year) - daylight.offset, offset: standard))
    }
    // Daylight saving all the year ends and begins at the same moment; the beginning counts.
    return changes.sorted { ($0.second, $0.offset == standard ? 0 : 1) < ($1.second, $1.offset == standard ? 0 : 1) }
  }
}

/// A moment at which a zone's clocks change, and their offset from then on.
struct OffsetChange: Sendable, Hashable {
  /// Since 1970-01-01T00:00:00Z.
  var second: Int64
  /// Seconds east of UTC.
  var offset: Int64
}

/// A local time that comes once a year.
private struct YearlyTime: Sendable, Hashable {
  enum Date: Hashable {
    /// 1 to 365; 29 February is never counted.
    case julian(Int64)
    /// 0 to 365; 29 February is counted.
    case dayOfYear(Int64)
    /// The first to fourth, or with 5 the last, such weekday (0 for Sunday) of a month.
    case weekday(month: Int64, week: Int64, day: Int64)
  }

  var date: Date
  /// Seconds since midnight; may be negative, or longer than a day.
  var time: Int64

  /// As if the zone's clocks were UTC's.
  func second(in year: Int64) -> Int64 { (dayNumber(in: year) * 86_400) + time }

  private func dayNumber(in year: Int64) -> Int64 {
    switch date {
    case .dayOfYear(let day): return firstDay(year, 1) + day
    case .julian(let day):
      let isLeap = firstDay(year, 3) - firstDay(year, 2) == 29
      return firstDay(year, 1) + day - 1 + (isLeap && day >= 60 ? 1 : 0)
    case .weekday(let month, let week, let weekday):
      let first = firstDay(year, month)
      // 1970-01-01 was a Thursday, 4.
      let firstWeekday = first + 4 - (first + 4).dividedDown(by: 7) * 7
      let day = first + (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
      let next = month == 12 ? firstDay(year + 1, 1) : firstDay(year, month + 1)
      return day < next ? day : day - 7
    }
  }

  private func firstDay(_ year: Int64, _ month: Int64) -> Int64 {
    var date = CivilDate(daysSince1970: 0)
    (date.year, date.month) = (year, month)
    return date.daysSince1970
  }
}

/// Reads a rule from its start.
private struct RuleReader {
  var rest: ArraySlice<UInt8>

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  /// An abbreviation: three or more letters, or in angle brackets letters, digits and signs.
  mutating func name() -> Bool {
    func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") }
    let isQuoted = take("<")
    let name = rest.prefix { byte in
      isLetter(byte) || isQuoted && (isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"))
    }
    rest = rest.dropFirst(name.count)
    return name.count >= 3 && (!isQuoted || take(">"))
  }

  /// `[+-]h[h[h]][:mm[:ss]]`, in seconds.
  mutating func duration(hours limit: Int64) -> Int64? {
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard let hours = number(upTo: limit) else { return nil }
    var seconds = hours * 3600
    if take(":") {
      guard let minutes = number(upTo: 59) else { return nil }
      seconds += minutes * 60
      if take(":") {
        guard let rest = number(upTo: 59) else { return nil }
        seconds += rest
      }
    }
    return isNegative ? -seconds : seconds
  }

  /// `Jn`, `n` or `Mm.w.d`, then perhaps `/time`; the time is 02:00 where it is left out.
  mutating func yearlyTime() -> YearlyTime? {
    let date: YearlyTime.Date
    if take("J") {
      guard let day = number(upTo: 365), day >= 1 else { return nil }
      date = .julian(day)
    } else if take("M") {
      guard let month = number(upTo: 12), month >= 1, take("."), let week = number(upTo: 5), week >= 1, take("."),
        let day = number(upTo: 6)
      else { return nil }
      date = .weekday(month: month, week: week, day: day)
    } else {
      guard let day = number(upTo: 365) else { return nil }
      date = .dayOfYear(day)
    }
    guard take("/") else { return YearlyTime(date: date, time: 7200) }
    // RFC 8536, 3.3.1: from -167 to 167 hours.
    guard let time = duration(hours: 167) else { return nil }
    return YearlyTime(date: date, time: time)
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private mutating func number(upTo limit: Int64) -> Int64? {
    let digits = rest.prefix { isDigit($0) }
    guard (1...3).contains(digits.count) else { return nil }
    rest = rest.dropFirst(digits.count)
    let value = digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    return value <= limit ? value : nil
  }
}
