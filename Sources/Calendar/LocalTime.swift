package import Core

/// A date and a time of day as the clocks of some time zone show them.
///
/// Not a moment: in a zone with daylight saving, clocks skip some local times and show others twice.
package struct LocalTime: Hashable, Sendable, Comparable {
  /// Since 1970-01-01 00:00 on the same clocks, as if they were never changed.
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// - Parameter ofDay: milliseconds since midnight. A whole day leads to the next midnight.
  package init(_ date: CivilDate, ofDay: Int64) {
    milliseconds = date.daysSince1970.multipliedSaturated(by: day).addingSaturated(ofDay)
  }

  package init(_ date: CivilDate, _ time: TimeOfDay) { self.init(date, ofDay: Int64(time.minutes) * 60_000) }

  package var date: CivilDate { CivilDate(daysSince1970: milliseconds.dividedDown(by: day)) }

  package static func < (a: LocalTime, b: LocalTime) -> Bool { a.milliseconds < b.milliseconds }
}

extension LocalTime: CustomStringConvertible {
  /// `2026-11-21 20:41`, with seconds unless they are zero.
  package var description: String {
    let rest = (milliseconds % day + day) % day
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let seconds = rest / 1000 % 60
    return "\(date) \(two(rest / 3_600_000)):\(two(rest / 60_000 % 60))" + (seconds > 0 ? ":\(two(seconds))" : "")
  }
}

/// The moments at which the clocks of a zone show a local time.
package enum LocalMoments: Hashable, Sendable {
  case one(Timestamp)
  /// None: the clocks were put forward past it, at this moment.
  case skipped(at: Timestamp)
  /// Several: the clocks were put back.
  case repeated(first: Timestamp, last: Timestamp)
}

private let day: Int64 = 86_400_000

extension Int64 {
  /// The quotient rounded down, also for negative numbers.
  func dividedDown(by divisor: Int64) -> Int64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }
}

/// A time of day on local clocks, in whole minutes: `07:30`.
package struct TimeOfDay: Hashable, Sendable, Comparable {
  /// Since midnight: 0 to 1440. 1440 is `24:00`, the end of the day.
  package let minutes: Int

  package static let startOfDay = TimeOfDay(minutes: 0)
  package static let endOfDay = TimeOfDay(minutes: 1440)

  private init(minutes: Int) { self.minutes = minutes }

  /// Reads `00:00` to `24:00`, always with two digits each.
  ///
  /// - Throws: a `CalendarError` that says what the text lacks.
  package init(_ text: String) throws(CalendarError) {
    func fault(_ reason: String) -> CalendarError { CalendarError(.invalid, "time", text, reason) }
    let bytes = Array(text.utf8)
    let colon = UInt8(ascii: ":")
    func number(_ part: some Sequence<UInt8>) -> Int { part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
    guard !bytes.isEmpty else { throw fault("is empty: write hours and minutes, such as 07:30") }
    guard bytes.allSatisfy({ $0 == colon || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw fault("is no time of day: write hours and minutes, from 00:00 to 24:00, such as 07:30 or 20:00")
    }
    let parts = bytes.split(separator: colon, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw fault(
        parts.count == 3
          ? "has seconds: write hours and minutes alone, such as 07:30" : "must have hours, a colon and minutes")
    }
    guard parts[0].count == 2, parts[1].count == 2 else {
      throw fault("must have two digits for hours and two for minutes, such as 07:30")
    }
    let (hours, minutes) = (number(parts[0]), number(parts[1]))
    guard minutes < 60 else { throw fault("has more than 59 minutes") }
    guard hours < 24 || (hours == 24 && minutes == 0) else { throw fault("is later than 24:00, the end of the day") }
    self.init(minutes: hours * 60 + minutes)
  }

  package static func < (a: TimeOfDay, b: TimeOfDay) -> Bool { a.minutes < b.minutes }
}

extension TimeOfDay: CustomStringConvertible {
  package var description: String {
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(two(minutes / 60)):\(two(minutes % 60))"
  }
}
