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
