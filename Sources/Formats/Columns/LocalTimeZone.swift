package import Calendar
internal import Core

/// When a place's clocks show which time.
package protocol LocalTimeZone: Sendable {
  /// How far the clocks are ahead of UTC at the moments when they show a given time.
  ///
  /// - Parameter local: what the clocks show, in seconds since 1970-01-01T00:00:00 as if that were UTC; a time in the
  ///   years 0 to 9999.
  /// - Returns: seconds, positive east of Greenwich: one value as a rule, none for a time that the clocks skip, two or
  ///   more for one that they show repeatedly.
  func offsets(ofLocal local: Int64) -> [Int]
}

/// Finds a zone by its IANA name (`Europe/Dublin`); nil if there is none of that name.
package typealias LocalTimeZones = @Sendable (_ name: String) -> (any LocalTimeZone)?

extension Zone: LocalTimeZone {
  package func offsets(ofLocal local: Int64) -> [Int] {
    // The years 0 to 9999 are far from the limits.
    let time = LocalTime(milliseconds: local * 1000)
    let moments: [Timestamp] =
      switch moments(of: time) {
      case .one(let moment): [moment]
      case .skipped: []
      case .repeated(let first, let last): [first, last]
      }
    return moments.map { Int((time.milliseconds - $0.milliseconds) / 1000) }
  }
}
