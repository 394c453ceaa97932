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
