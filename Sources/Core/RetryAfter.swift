/// Reads a `Retry-After` header: seconds, or an HTTP date in any of its three forms (RFC 9110, 10.2.3 and 5.6.7).
///
/// Only plain values count, and at most a day. A server may send anything, so each number is range-checked before it is
/// used in arithmetic.
package enum RetryAfter {
  /// The time to wait from `now`; nil for zero, the past and anything odd, which are treated as if the header were
  /// absent.
  package static func wait(_ value: String, now: Timestamp) -> Duration? {
    let longest = Duration.seconds(86_400)
    var value = Substring(value).utf8
    value.trim { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    if !value.isEmpty, value.allSatisfy(isDigit) {
      // Numbers with more digits than an Int64 holds are more than a day too.
      let seconds = Int64(Substring(value)) ?? .max
      return seconds == 0 ? nil : .seconds(min(seconds, 86_400))
    }
    guard let date = HTTPDate(value, now: now) else { return nil }
    let wait = Timestamp(milliseconds: date.seconds * 1000) - now
    return wait > .zero ? min(longest, wait) : nil
  }

  fileprivate static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

/// The seconds since 1970 given by an HTTP date.
private struct HTTPDate {
  let seconds: Int64

  /// - Parameter now: decides the century for the obsolete form with two digits.
  init?(_ text: Substring.UTF8View, now: Timestamp) {
    var rest = text
    // Longest first, since "Sun" is a prefix of "Sunday".
    guard rest.skip(anyOf: Self.longDays) || rest.skip(anyOf: Self.days) else { return nil }
    let day: Int64?
    let month: Int64?
    let year: Int64?
    let time: Int64?
    if rest.skip(", ") {
      day = rest.number(2)
      if rest.skip(" ") {
        // Sun, 06 Nov 1994 08:49:37 GMT
        month = rest.month()
        year = rest.skip(" ") ? rest.number(4) : nil
      } else if rest.skip("-") {
        // Sunday, 06-Nov-94 08:49:37 GMT
        month = rest.month()
        year = rest.skip("-") ? rest.number(2).map { Self.year($0, now: now) } : nil
      } else {
        return nil
      }
      time = rest.skip(" ") ? rest.time() : nil
      guard rest.skip(" GMT") else { return nil }
    } else {
      // Sun Nov  6 08:49:37 1994
      guard rest.skip(" ") else { return nil }
      month = rest.month()
      guard rest.skip(" ") else { return nil }
      day = rest.skip(" ") ? rest.number(1) : rest.number(2)
      time = rest.skip(" ") ? rest.time() : nil
      year = rest.skip(" ") ? rest.number(4) : nil
    }
    guard rest.isEmpty, let day, let month, let year, let time,
      let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    seconds = date.daysSince1970 * 86_400 + time
  }

  /// A year that seems to be more than 50 years ahead means the most recent past year with these digits (RFC 9110,
  /// 5.6.7).
  private static func year(_ digits: Int64, now: Timestamp) -> Int64 {
    let current = CivilDate(daysSince1970: now.milliseconds / 86_400_000).year
    let candidate = current - current % 100 + digits
    return candidate > current + 50 ? candidate - 100 : candidate
  }

  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let longDays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
}

extension Substring.UTF8View {
  fileprivate mutating func trim(_ isSpace: (UInt8) -> Bool) {
    while let byte = first, isSpace(byte) { removeFirst() }
    while let byte = last, isSpace(byte) { removeLast() }
  }

  /// Whether the text starts like this; if so, that part is removed.
  fileprivate mutating func skip(_ text: String) -> Bool {
    guard starts(with: text.utf8) else { return false }
    removeFirst(text.utf8.count)
    return true
  }

  fileprivate mutating func skip(anyOf texts: [String]) -> Bool {
    for text in texts where skip(text) { return true }
    return false
  }

  /// Exactly this many digits.
  fileprivate mutating func number(_ digits: Int) -> Int64? {
    let text = prefix(digits)
    guard text.count == digits, text.allSatisfy(RetryAfter.isDigit) else { return nil }
    removeFirst(digits)
    return Int64(Substring(text))
  }

  /// From 1.
  fileprivate mutating func month() -> Int64? {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    for (index, month) in months.enumerated() where skip(month) { return Int64(index) + 1 }
    return nil
  }

  /// Seconds of the day; the second may be a leap second's 60.
  fileprivate mutating func time() -> Int64? {
    guard let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60, skip(":"),
      let second = number(2), second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }
}
