package import Core

/// The form of a date, such as `dd/MM/yyyy HH:mm`, in Unicode's pattern language (UTS 35, part 4).
///
/// Numbers match exactly as many digits as the pattern has letters, a single letter one or two. Names are English, in
/// upper or lower case. Any other character matches itself, a blank any kind of blank; letters other than `T` must be
/// in single quotes (`''` is a quote). The two digits of `yy` are 1969 to 2068.
package struct DatePattern: Sendable {
  enum Part: Sendable {
    case literal(UInt8)
    case blank
    case digits(Unit, ClosedRange<Int>)
    /// A longer name comes before one that it begins with.
    case name(Unit, [Name])
    /// Digits of a second's fraction.
    case fraction(Int)
    case offset(OffsetForm)
  }

  struct Name: Sendable {
    /// In lower case.
    var text: [UInt8]
    var value: Int64
  }

  /// What a part says.
  enum Unit: Int, Sendable {
    case year
    case month
    case day
    case hour
    case minute
    case second
    /// 0 for Sunday.
    case weekday
    /// 0 for AM, 1 for PM.
    case dayPeriod
    case offset
    case fraction
  }

  /// How hours are counted.
  enum HourForm: Sendable {
    /// H
    case from0to23
    /// k
    case from1to24
    /// h
    case from1to12
    /// K
    case from0to11
  }

  struct OffsetForm: Sendable {
    var hasColon: Bool
    /// Whether minutes may be left out.
    var isShort: Bool
    /// Whether `Z` stands for UTC.
    var takesZ: Bool
  }

  package let text: String
  private(set) var parts: [Part] = []
  private(set) var hourForm = HourForm.from0to23
  private(set) var hasShortYear = false
  private var units: Set<Unit> = []

  /// Whether the dates have an offset from UTC.
  package var hasOffset: Bool { units.contains(.offset) }

  var hasWeekday: Bool { units.contains(.weekday) }

  /// - Throws: a `FileFault` that explains what is wrong with the pattern, without a place.
  package init(_ text: String) throws(FileFault) {
    self.text = text
    let bytes = Array(text.utf8)
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "'"):
        at = try appendQuoted(bytes, from: at + 1)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        let letter = bytes[at]
        let length = bytes[at...].prefix { $0 == letter }.count
        try append(Unicode.Scalar(letter), length)
        at += length
      case let byte:
        parts.append(byte == UInt8(ascii: " ") ? .blank : .literal(byte))
        at += 1
      }
    }
    try checkUnits()
  }

  private mutating func append(_ letter: Unicode.Scalar, _ length: Int) throws(FileFault) {
    let token = String(repeating: String(letter), count: length)
    switch (letter, length) {
    case ("T", 1): parts.append(.literal(UInt8(ascii: "T")))
    case ("y", 2), ("y", 4):
      hasShortYear = length == 2
      try append(.digits(.year, length...length), token)
    case ("M", 1...2), ("L", 1...2): try appendNumber(.month, length, token)
    case ("M", 3), ("L", 3): try append(.name(.month, Self.shortMonths), token)
    case ("M", 4), ("L", 4): try append(.name(.month, Self.months), token)
    case ("d", 1...2): try appendNumber(.day, length, token)
    case ("E", 1...3): try append(.name(.weekday, Self.shortWeekdays), token)
    case ("E", 4): try append(.name(.weekday, Self.weekdays), token)
    case ("H", 1...2): try appendHour(.from0to23, length, token)
    case ("k", 1...2): try appendHour(.from1to24, length, token)
    case ("h", 1...2): try appendHour(.from1to12, length, token)
    case ("K", 1...2): try appendHour(.from0to11, length, token)
    case ("a", 1...4): try append(.name(.dayPeriod, Self.dayPeriods), token)
    case ("m", 1...2): try appendNumber(.minute, length, token)
    case ("s", 1...2): try appendNumber(.second, length, token)
    case ("S", 1...9): try append(.fraction(length), token)
    case ("X", 1...3), ("x", 1...3):
      let form = OffsetForm(hasColon: length == 3, isShort: length == 1, takesZ: letter == "X")
      try append(.offset(form), token)
    case ("Z", 1...3): try append(.offset(OffsetForm(hasColon: false, isShort: false, takesZ: true)), token)
    case ("Z", 5): try append(.offset(OffsetForm(hasColon: true, isShort: false, takesZ: true)), token)
    default: throw fault(Self.reason(against: letter, token))
    }
  }

  private mutating func appendHour(_ form: HourForm, _ length: Int, _ token: String) throws(FileFault) {
    hourForm = form
    try appendNumber(.hour, length, token)
  }

  private mutating func appendNumber(_ unit: Unit, _ length: Int, _ token: String) throws(FileFault) {
    try append(.digits(unit, length == 1 ? 1...2 : length...length), token)
  }

  private mutating func append(_ part: Part, _ token: String) throws(FileFault) {
    let (unit, isDigits) =
      switch part {
      case .digits(let unit, _): (unit, true)
      case .name(let unit, _): (unit, false)
      case .fraction: (Unit.fraction, true)
      case .offset: (.offset, false)
      case .literal, .blank: preconditionFailure("not a token")
      }
    guard units.insert(unit).inserted else {
      throw fault("\"\(token)\" says again what another part of the pattern says")
    }
    if isDigits, case .digits(_, let digits)? = parts.last, digits.lowerBound != digits.upperBound {
      throw fault("\"\(token)\" directly follows a token of one or two digits, so its start is unclear")
    }
    parts.append(part)
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

  private func checkUnits() throws(FileFault) {
    let needed: [(Unit, String)] = [(.year, "year (yyyy)"), (.month, "month (MM)"), (.day, "day (dd)")]
    if let missing = needed.first(where: { !units.contains($0.0) }) {
      let cause = missing.0 == .month && units.contains(.minute) ? "; m is minutes" : ""
      throw fault("it needs a year, a month and a day, but has no \(missing.1)\(cause)")
    }
    guard units.contains(.hour) || units.isDisjoint(with: [.minute, .dayPeriod]),
      units.contains(.minute) || !units.contains(.second)
    else { throw fault("minutes and AM or PM need hours, and seconds need minutes") }
    guard units.contains(.second) || !units.contains(.fraction) else {
      throw fault("S is the fraction of a second, which needs seconds")
    }
    switch hourForm {
    case .from1to12, .from0to11:
      guard units.contains(.dayPeriod) else {
        throw fault("h and K are hours before or after noon: write HH, or add a for AM or PM")
      }
    case .from0to23, .from1to24:
      guard !units.contains(.dayPeriod) else { throw fault("a (AM or PM) needs hours written as h") }
    }
  }

  /// Why a token can't be used, and what to write instead.
  private static func reason(against letter: Unicode.Scalar, _ token: String) -> String {
    switch letter {
    case "y": "\"\(token)\" has no meaning: write yyyy, or yy for two digits"
    case "Y", "u", "U", "r": "\"\(token)\" is not the year of a date: write yyyy"
    case "D", "F", "g": "\"\(token)\" is not the day of a month: write dd"
    case "M", "L": "\"\(token)\" has no meaning: write MM, MMM for a short or MMMM for a whole name"
    case "E", "e", "c": "\"\(token)\" has no meaning: write EEE for a short or EEEE for a whole name"
    case "z", "v", "V", "O":
      "\"\(token)\" is a time zone's name, which can't be read: write XXX for an offset such as +01:00, or set timezone"
    case "X", "x", "Z": "\"\(token)\" has no meaning: write XX for an offset such as +0100, XXX for +01:00"
    case "b", "B": "\"\(token)\" has no meaning: write a for AM or PM"
    case "S": "a second's fraction has at most nine digits"
    default: "\"\(token)\" has no meaning: use yyyy MM dd HH mm ss, and put text in single quotes"
    }
  }

  private func fault(_ reason: String) -> FileFault {
    FileFault(.malformedCSV, "date pattern \"\(text)\" can't be used: \(reason)")
  }
}

// CLDR's English names.
extension DatePattern {
  private static let months = names([
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]).map { Name(text: $0.text, value: $0.value + 1) }

  /// British English has Sept.
  private static let shortMonths = [Name(text: Array("sept".utf8), value: 9)] + shortened(months)

  static let weekdayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let weekdays = names(weekdayNames)
  private static let shortWeekdays = shortened(weekdays)

  private static let dayPeriods = names(["AM", "PM"])

  private static func names(_ names: [String]) -> [Name] {
    names.enumerated().map { Name(text: Array($0.element.lowercased().utf8), value: Int64($0.offset)) }
  }

  private static func shortened(_ names: [Name]) -> [Name] {
    names.map { Name(text: Array($0.text.prefix(3)), value: $0.value) }
  }
}
