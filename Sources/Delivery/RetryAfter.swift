/// Reads a `Retry-After` header: seconds, or an HTTP date (RFC 9110, 10.2.3).
package enum RetryAfter {
  /// The time to wait from `now`; nil where the value is neither. A date in the past is zero; more than a day counts as a day.
  package static func wait(_ value: String, now: Timestamp) -> Duration? {
    let value = value.drop { $0 == " " }
    let longest = Duration.seconds(86_400)
    if !value.isEmpty, value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      return min(longest, .seconds(Int64(value) ?? 86_400))
    }
    guard let date = httpDate(value) else { return nil }
    return min(longest, max(.zero, date - now))
  }

  /// The preferred form alone, `Sun, 06 Nov 1994 08:49:37 GMT`; senders must use it.
  private static func httpDate(_ text: Substring) -> Timestamp? {
    let parts = text.split(whereSeparator: { " ,:".contains($0) })
    guard parts.count == 8, parts[7] == "GMT", let day = Int64(parts[1]),
      let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
      let hour = Int64(parts[4]), let minute = Int64(parts[5]), let second = Int64(parts[6]),
      let date = CivilDate(year: year, month: Int64(month) + 1, day: day)
    else { return nil }
    return Timestamp(milliseconds: (date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second) * 1000)
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
