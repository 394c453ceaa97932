package import Calendar
internal import Core

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
