package import Core

/// The form of a date, such as `dd/MM/yyyy HH:mm`, and its conversion to RFC 3339 in UTC.
///
/// `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss` match exactly as many digits; `M`, `d`, `H` one or two. Any other character
/// matches itself; letters other than `T` and `Z` must be in single quotes (`''` is a quote). Two-digit years are
/// rejected: their century is unknown.
package struct DatePattern: Sendable {
  private enum Unit: Int, Sendable {
    case year
    case month
    case day
    case hour
    case minute
    case second

    /// Looks up the token by its letter.
    init?(_ letter: UInt8) {
      switch letter {
      case UInt8(ascii: "y"): self = .year
      case UInt8(ascii: "M"): self = .month
      case UInt8(ascii: "d"): self = .day
      case UInt8(ascii: "H"): self = .hour
      case UInt8(ascii: "m"): self = .minute
      case UInt8(ascii: "s"): self = .second
      default: return nil
      }
    }

    /// How often the letter may be repeated.
    var lengths: ClosedRange<Int> {
      switch self {
      case .year: 4...4
      case .month, .day, .hour: 1...2
      case .minute, .second: 2...2
      }
    }
  }

  private enum Part: Sendable {
    case digits(Unit, ClosedRange<Int>)
    case literal(UInt8)
  }

  let text: String
  private var parts: [Part] = []

  /// - Throws: a `FileFault` that explains what is wrong with the pattern, without a place.
  package init(_ text: String) throws(FileFault) {
    self.text = text
    let bytes = Array(text.utf8)
    var units: Set<Unit> = []
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "'") {
        at = try appendQuoted(bytes, from: at + 1)
        continue
      }
      guard let unit = Unit(byte) else {
        if let letter = Unicode.Scalar(UInt32(byte)), letter.properties.isAlphabetic, byte < 0x80,
          byte != UInt8(ascii: "T"), byte != UInt8(ascii: "Z")
        {
          throw fault("\"\(letter)\" has no meaning; use yyyy MM dd HH mm ss, or M d H for one or two digits")
        }
        parts.append(.literal(byte))
        at += 1
        continue
      }
      let length = bytes[at...].prefix { $0 == byte }.count
      let token = String(decoding: bytes[at..<at + length], as: UTF8.self)
      guard unit.lengths.contains(length) else {
        throw fault(token == "yy" ? "years need four digits, yyyy" : "\"\(token)\" has no meaning")
      }
      guard units.insert(unit).inserted else { throw fault("\"\(token)\" appears twice") }
      if case .digits(_, let digits)? = parts.last, digits.lowerBound != digits.upperBound {
        throw fault("\"\(token)\" directly follows a token of one or two digits, so its start is unclear")
      }
      parts.append(.digits(unit, length == 1 ? 1...2 : length...length))
      at += length
    }
    guard units.isSuperset(of: [.year, .month, .day]) else { throw fault("it needs a year, a month and a day") }
    guard units.contains(.hour) || !units.contains(.minute), units.contains(.minute) || !units.contains(.second) else {
      throw fault("minutes need hours, and seconds need minutes")
    }
  }

  /// The moment as RFC 3339 (`2016-01-31T00:00:00Z`); nil if `text` has another form or the moment does not exist.
  func rfc3339(_ text: Span<UInt8>) -> [UInt8]? {
    var values: InlineArray<6, Int64> = [0, 0, 0, 0, 0, 0]
    var at = 0
    for part in parts {
      switch part {
      case .literal(let byte):
        guard at < text.count, text[at] == byte else { return nil }
        at += 1
      case .digits(let unit, let lengths):
        var value: Int64 = 0
        var length = 0
        while length < lengths.upperBound, at < text.count, text[at] &- UInt8(ascii: "0") < 10 {
          value = value * 10 + Int64(text[at] - UInt8(ascii: "0"))
          length += 1
          at += 1
        }
        guard lengths.contains(length) else { return nil }
        values[unit.rawValue] = value
      }
    }
    guard at == text.count, values[3] < 24, values[4] < 60, values[5] < 60,
      CivilDate(year: values[0], month: values[1], day: values[2]) != nil
    else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(20)
    func append(_ value: Int64, digits: Int, then separator: Unicode.Scalar) {
      var power: Int64 = digits == 4 ? 1000 : 10
      while power > 0 {
        result.append(UInt8(ascii: "0") + UInt8(value / power % 10))
        power /= 10
      }
      result.append(UInt8(ascii: separator))
    }
    append(values[0], digits: 4, then: "-")
    append(values[1], digits: 2, then: "-")
    append(values[2], digits: 2, then: "T")
    append(values[3], digits: 2, then: ":")
    append(values[4], digits: 2, then: ":")
    append(values[5], digits: 2, then: "Z")
    return result
  }

  /// Appends the text between single quotes; returns the position after the closing one.
  private mutating func appendQuoted(_ bytes: [UInt8], from start: Int) throws(FileFault) -> Int {
    guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "'")) else {
      throw fault("a single quote is not closed")
    }
    if end == start { parts.append(.literal(UInt8(ascii: "'"))) }
    for byte in bytes[start..<end] { parts.append(.literal(byte)) }
    return end + 1
  }

  private func fault(_ reason: String) -> FileFault {
    FileFault(.malformedCSV, "date pattern \"\(text)\" can't be used: \(reason)")
  }
}
