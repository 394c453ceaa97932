package import Core

/// A part of certain days, such as 20:00 to 06:00 from Monday to Friday in Dublin.
///
/// A window that ends at or before its beginning ends on the next day; it belongs to the day on which it begins. Where
/// daylight saving skips or repeats one of the times, `Zone.start(of:)` decides:
///
/// - A skipped `from` opens, and a skipped `to` closes, when the clocks are put forward.
/// - Of a repeated time the first one counts, for both ends. So the window never closes and opens again within the
///   repeated hour, and nothing is sent any more once the clocks have shown `to`.
/// - A window that the clocks skip entirely does not open.
///
/// Windows that touch are one: from 00:00 to 24:00 on `mon-fri` is open from Monday to the end of Friday.
package struct DailyWindow: Sendable, Hashable {
  package let from: TimeOfDay
  package let to: TimeOfDay
  package let days: DaysOfWeek
  package let zone: Zone

  /// How many days are searched. Eight would do for a day of each week, but a zone may skip one (Samoa in 2011).
  private static let searchedDays: Int64 = 16

  /// - Throws: a `CalendarError` if the window would be empty.
  package init(
    from: TimeOfDay, to: TimeOfDay, days: DaysOfWeek = .all, zone: Zone
  ) throws(CalendarError) {
    func fault(_ reason: String) -> CalendarError { CalendarError(.invalid, "window", "\(from) to \(to)", reason) }
    guard from != .endOfDay else { throw fault("can't begin at 24:00: write 00:00 and the day after") }
    guard from != to else { throw fault("ends when it begins: write 00:00 to 24:00 for whole days") }
    self.from = from
    self.to = to
    self.days = days
    self.zone = zone
  }

  package struct State: Sendable, Hashable {
    package var isOpen: Bool
    /// When that changes next; nil if not within 15 days, as of a window that is always open.
    package var until: Timestamp?
  }

  package func isOpen(at moment: Timestamp) -> Bool { state(at: moment).isOpen }

  package func state(at moment: Timestamp) -> State {
    let today = zone.local(at: moment).date
    var end: Timestamp?
    // A window is over two days after its date, also where clocks skip a day; one of today or tomorrow may have begun,
    // since clocks may have been put back.
    for days in -2...Self.searchedDays {
      guard let opening = opening(on: today.adding(days: days)) else { continue }
      if let before = end {
        guard opening.lowerBound <= before else { break }
        end = opening.upperBound
      } else if opening.contains(moment) {
        end = opening.upperBound
      } else if opening.lowerBound > moment {
        return State(isOpen: false, until: opening.lowerBound)
      }
    }
    guard let end else { return State(isOpen: false, until: nil) }
    let limit = zone.start(of: LocalTime(today.adding(days: Self.searchedDays), .startOfDay))
    return State(isOpen: true, until: end < limit ? end : nil)
  }

  /// The opening that begins on a date; nil if none does.
  private func opening(on date: CivilDate) -> Range<Timestamp>? {
    guard days.contains(date) else { return nil }
    let start = zone.start(of: LocalTime(date, from))
    let end = zone.start(of: LocalTime(to > from ? date : date.adding(days: 1), to))
    return start < end ? start..<end : nil
  }
}

extension DailyWindow: CustomStringConvertible {
  /// `20:00 to 06:00, mon-fri, Europe/Dublin`.
  package var description: String { "\(from) to \(to)" + (days == .all ? "" : ", \(days)") + ", \(zone)" }
}
