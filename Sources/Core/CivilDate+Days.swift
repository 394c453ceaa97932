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
