package import Core

/// Some days of the week, at least one: `mon-fri`, `mon,wed,fri`, `sat-mon`, `all`.
package struct DaysOfWeek: Hashable, Sendable {
  /// A bit a day, Monday the lowest.
  private let bits: UInt8

  package static let all = DaysOfWeek(bits: 0b111_1111)

  private static let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  private init(bits: UInt8) { self.bits = bits }

  /// Reads days and ranges with commas between, or `all`. Case and spaces around a day do not matter. A range may run
  /// over the end of the week.
  ///
  /// - Throws: a `CalendarError` that names the part that is wrong.
  package init(_ text: String) throws(CalendarError) {
    func fault(_ reason: String) -> CalendarError { CalendarError(.invalid, "days", text, reason) }
    func trimmed(_ text: Substring) -> String {
      var text = text.drop { $0 == " " }
      while text.last == " " { text.removeLast() }
      return text.lowercased()
    }
    func day(_ name: String) throws(CalendarError) -> Int {
      if let day = Self.names.firstIndex(of: name) { return day }
      if name.isEmpty { throw fault("has a day missing: write days such as mon-fri or mon,wed,fri") }
      if let meant = Self.names.first(where: { name.hasPrefix($0) }) {
        throw fault("has \"\(name)\", which is no day: write \(meant)")
      }
      throw fault("has \"\(name)\", which is no day: write mon, tue, wed, thu, fri, sat or sun")
    }
    if trimmed(text[...]).isEmpty { throw fault("is empty: write days such as mon-fri, or all") }
    if trimmed(text[...]) == "all" {
      self = .all
      return
    }
    var bits: UInt8 = 0
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count <= 2 else { throw fault("has \"\(trimmed(part))\": a range has two ends, such as mon-fri") }
      let first = try day(trimmed(ends[0]))
      let last = ends.count == 2 ? try day(trimmed(ends[1])) : first
      guard ends.count == 1 || first != last else {
        throw fault("has a range from \(Self.names[first]) to \(Self.names[last]): write the day alone, or all")
      }
      var day = first
      while true {
        guard bits & 1 << day == 0 else { throw fault("names \(Self.names[day]) twice") }
        bits |= 1 << day
        if day == last { break }
        day = (day + 1) % 7
      }
    }
    self.init(bits: bits)
  }

  package func contains(_ date: CivilDate) -> Bool { bits & 1 << Self.weekday(of: date) != 0 }

  /// `mon` to `sun`.
  package static func name(of date: CivilDate) -> String { names[weekday(of: date)] }

  /// 0 for Monday. 1970-01-01 was a Thursday.
  private static func weekday(of date: CivilDate) -> Int {
    let shifted = date.daysSince1970 + 3
    return Int(shifted - shifted.dividedDown(by: 7) * 7)
  }
}

extension DaysOfWeek: CustomStringConvertible {
  /// As it is written in the configuration, ranges of three or more days as ranges.
  package var description: String {
    if self == .all { return "all" }
    func has(_ day: Int) -> Bool { bits & 1 << (day % 7) != 0 }
    // From the day after one that is not in it, so that a range over the end of the week stays whole.
    let start = (0..<7).first { has($0) && !has($0 + 6) } ?? 0
    var parts: [String] = []
    var day = start
    while day < start + 7 {
      let length = (0..<7).first { !has(day + $0) } ?? 7
      if length >= 3 {
        parts.append("\(Self.names[day % 7])-\(Self.names[(day + length - 1) % 7])")
      } else {
        parts += (day..<day + length).map { Self.names[$0 % 7] }
      }
      day += max(1, length)
    }
    return parts.joined(separator: ",")
  }
}
