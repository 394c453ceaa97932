/// A moment, in milliseconds since 1970-01-01T00:00:00Z without leap seconds.
///
/// Moments may come from outside: a value beyond the range of `Int64` is clamped to its end.
package struct Timestamp: Hashable, Sendable, Comparable {
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  package static func + (time: Timestamp, delay: Duration) -> Timestamp {
    Timestamp(milliseconds: time.milliseconds.addingSaturated(delay.milliseconds))
  }

  package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
    .milliseconds(later.milliseconds.subtractingSaturated(earlier.milliseconds))
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with milliseconds: `2026-11-21T20:41:07.123Z`.
  package var description: String {
    let day = 86_400_000 as Int64
    var days = milliseconds / day
    var rest = milliseconds % day
    if rest < 0 {
      days -= 1
      rest += day
    }
    let date = CivilDate(daysSince1970: days)
    func padded(_ value: Int64, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
      + "T\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
      + ".\(padded(rest % 1000, 3))Z"
  }
}

/// A day of the proleptic Gregorian calendar.
package struct CivilDate: Hashable, Sendable {
  package var year: Int64
  package var month: Int64
  package var day: Int64

  /// Nil for dates that do not exist: a 31 April, a 29 February of a common year.
  package init?(year: Int64, month: Int64, day: Int64) {
    guard (0...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    self.year = year
    self.month = month
    self.day = day
    guard CivilDate(daysSince1970: daysSince1970) == self else { return nil }
  }

  /// Howard Hinnant's `civil_from_days` (<https://howardhinnant.github.io/date_algorithms.html>).
  ///
  /// Days more than 2^48 from 1970, which no `Timestamp` reaches, are clamped to that.
  package init(daysSince1970 days: Int64) {
    let z = min(max(days, -1 << 48), 1 << 48) + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shifted + 2) / 5 + 1
    month = shifted < 10 ? shifted + 3 : shifted - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The inverse, `days_from_civil`.
  package var daysSince1970: Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}

extension Duration {
  /// Whole milliseconds, truncated towards zero; saturated.
  package var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.multipliedSaturated(by: 1000).addingSaturated(attoseconds / 1_000_000_000_000_000)
  }

  package var seconds: Double { Double(milliseconds) / 1000 }
}

extension Timestamp {
  /// Reads the usual forms of RFC 3339: `2026-11-21`, `2026-11-21T20:41`, `2026-11-21 20:41:07.123Z`, `…+01:00`.
  ///
  /// Omitted parts are zero, and a time without an offset is UTC; nil for everything else, and for dates that do not
  /// exist.
  package init?(written text: some StringProtocol) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[range] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    func has(_ characters: String, at place: Int) -> Bool {
      bytes.indices.contains(place) && characters.utf8.contains(bytes[place])
    }
    guard has("-", at: 4), has("-", at: 7), let year = number(0..<4), let month = number(5..<7),
      let day = number(8..<10), let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    var total = date.daysSince1970 * 86_400_000
    var end = 10
    if has("Tt ", at: end) {
      guard let hour = number(11..<13), hour < 24, has(":", at: 13), let minute = number(14..<16), minute < 60 else {
        return nil
      }
      total += hour * 3_600_000 + minute * 60_000
      end = 16
      if has(":", at: end) {
        guard let second = number(17..<19), second < 60 else { return nil }
        total += second * 1000
        end = 19
        if has(".", at: end) {
          let digits = bytes[20...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
          guard !digits.isEmpty else { return nil }
          for (place, digit) in digits.prefix(3).enumerated() {
            total += Int64(digit - UInt8(ascii: "0")) * [100, 10, 1][place]
          }
          end = digits.endIndex
        }
      }
      if has("Zz", at: end) {
        end += 1
      } else if has("+-", at: end) {
        guard let hours = number(end + 1..<end + 3), hours < 24, has(":", at: end + 3),
          let minutes = number(end + 4..<end + 6), minutes < 60
        else { return nil }
        total -= (has("-", at: end) ? -1 : 1) * (hours * 60 + minutes) * 60_000
        end += 6
      }
    }
    guard end == bytes.count else { return nil }
    self.init(milliseconds: total)
  }
}

extension CivilDate {
  /// The date so many days later, or earlier if negative.
  package func adding(days: Int64) -> CivilDate {
    CivilDate(daysSince1970: daysSince1970.addingSaturated(days))
  }
}

extension CivilDate: Comparable {
  package static func < (a: CivilDate, b: CivilDate) -> Bool { a.daysSince1970 < b.daysSince1970 }
}

extension CivilDate: CustomStringConvertible {
  /// `2026-11-21`.
  package var description: String {
    func padded(_ value: Int64, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }
}

/// A moment on the queue's own clock, in milliseconds.
///
/// The clock never jumps and continues across restarts (`QueueClock`), so waits and ages are measured with it. It
/// begins near the wall clock's time, but only differences mean anything: for display it is first converted to a
/// `Timestamp`.
package struct QueueTime: Hashable, Sendable, Comparable {
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func < (a: QueueTime, b: QueueTime) -> Bool { a.milliseconds < b.milliseconds }

  /// Saturates.
  package static func + (time: QueueTime, delay: Duration) -> QueueTime {
    let (sum, isOver) = time.milliseconds.addingReportingOverflow(delay.milliseconds)
    return QueueTime(milliseconds: isOver ? (delay < .zero ? .min : .max) : sum)
  }

  /// Saturates.
  package static func - (time: QueueTime, delay: Duration) -> QueueTime {
    let (difference, isOver) = time.milliseconds.subtractingReportingOverflow(delay.milliseconds)
    return QueueTime(milliseconds: isOver ? (delay < .zero ? .max : .min) : difference)
  }

  /// Saturates.
  package static func - (later: QueueTime, earlier: QueueTime) -> Duration {
    let (difference, isOver) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    return .milliseconds(isOver ? (later < earlier ? .min : .max) : difference)
  }
}
