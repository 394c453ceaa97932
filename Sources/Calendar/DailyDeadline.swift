package import Core

/// Days that need not begin at midnight, each with a time by which something is due.
///
/// A day has the date of its `by`, and lasts from `from` to the next day's `from`: 23 or 25 hours where the clocks are
/// changed in it, so that each file belongs to exactly one day. With a `from` later than `by`, it begins on the evening
/// before. Where daylight saving skips or repeats one of the times, `Zone.start(of:)` decides: a skipped time is when
/// the clocks are put forward, and of a repeated time the first one counts.
package struct DailyDeadline: Sendable, Hashable {
  package let from: TimeOfDay
  package let by: TimeOfDay
  /// The days on which something is due.
  package let days: DaysOfWeek
  package let zone: Zone

  /// - Throws: a `CalendarError` if there would be no time between `from` and `by`.
  package init(
    from: TimeOfDay = .startOfDay, by: TimeOfDay, days: DaysOfWeek = .all, zone: Zone
  ) throws(CalendarError) {
    func fault(_ reason: String) -> CalendarError { CalendarError(.invalid, "day", "\(from) to \(by)", reason) }
    guard from != .endOfDay else { throw fault("can't begin at 24:00: write 00:00") }
    guard from != by else { throw fault("is due when it begins: write a later time for by, up to 24:00") }
    self.from = from
    self.by = by
    self.days = days
    self.zone = zone
  }

  /// The day that a moment is in.
  package func day(at moment: Timestamp) -> CivilDate {
    let today = zone.local(at: moment).date
    // Of days that begin at the same moment, since the clocks skip some, it is the last.
    let begun = (-2...2).reversed().first { start(of: today.adding(days: $0)) <= moment }
    return today.adding(days: begun ?? 0)
  }

  package func start(of day: CivilDate) -> Timestamp {
    zone.start(of: LocalTime(from > by ? day.adding(days: -1) : day, from))
  }

  /// The last moment at which what is due on a day is in time.
  package func due(on day: CivilDate) -> Timestamp { zone.start(of: LocalTime(day, by)) }

  /// When the next day begins.
  package func end(of day: CivilDate) -> Timestamp { start(of: day.adding(days: 1)) }

  /// Whether something is due on a day. A day that the clocks skip entirely does not exist.
  package func isExpected(on day: CivilDate) -> Bool { days.contains(day) && start(of: day) < end(of: day) }
}

extension DailyDeadline: CustomStringConvertible {
  /// `by 07:30, mon-fri, Europe/Dublin`.
  package var description: String { "by \(by)" + (days == .all ? "" : ", \(days)") + ", \(zone)" }
}

/// An entry of `expect`: which files come every day, by when, and how they are numbered.
package struct ExpectationRule: Sendable, Hashable {
  /// A pattern for file names.
  package var match: String
  package var deadline: DailyDeadline
  /// A file with fewer items is short.
  package var minItems: Int?
  package var sequence: SequencePattern?

  package init(match: String, deadline: DailyDeadline, minItems: Int? = nil, sequence: SequencePattern? = nil) {
    self.match = match
    self.deadline = deadline
    self.minItems = minItems
    self.sequence = sequence
  }
}
