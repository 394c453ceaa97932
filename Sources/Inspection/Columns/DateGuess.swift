/// The pattern that all dates of a column fit, such as `dd/MM/yyyy HH:mm`.
struct DateGuess: Sendable, Equatable {
  private(set) var pattern: String
  /// Whether day and month could also be the other way round: no day is above 12.
  private(set) var isAmbiguous = false
  /// Whether it has a time of day without a zone.
  private(set) var isLocalTime = false
  /// Whether it is RFC 3339 already, so that nothing need be converted.
  private(set) var isRFC3339 = false
  /// Whether it is eight digits in a column whose name says nothing of dates.
  private(set) var mayBeNumber = false
  /// The pattern if the month comes first, or the day, whichever `pattern` does not say.
  private(set) var otherPattern: String?
  /// `/` of `dd/MM/yyyy`: columns of one file have one order.
  private(set) var separator: String = ""
  /// Whether the day comes before the month.
  private(set) var isDayFirst = true

  /// Nil unless all of them are dates of one pattern.
  ///
  /// - Parameters:
  ///   - texts: without white space at their ends; at least one.
  ///   - isNamedDate: whether the column's name is that of a date.
  init?(_ texts: [String], isNamedDate: Bool) {
    guard let first = texts.first.flatMap(DateTokens.init) else { return nil }
    var fields = first.digits.map { DigitField($0) }
    var names: [[String]] = first.words.map { [$0] }
    for text in texts.dropFirst() {
      guard let tokens = DateTokens(text), tokens.shape == first.shape else { return nil }
      for (index, digits) in tokens.digits.enumerated() { fields[index].add(digits) }
      for (index, word) in tokens.words.enumerated() { names[index].append(word) }
    }
    let time = first.timeStart ?? fields.count
    guard let date = DatePart(fields[..<time], first, names) else { return nil }
    pattern = date.pattern
    (isAmbiguous, otherPattern, separator, isDayFirst) =
      (date.otherPattern != nil && date.separator != ".", date.otherPattern, date.separator, date.isDayFirst)
    if date.isDigitsAlone {
      guard isNamedDate || texts.count > 2 else { return nil }
      mayBeNumber = !isNamedDate
    }
    guard first.timeStart != nil else { return }
    guard let clock = ClockPart(fields[time...], first, names) else { return nil }
    pattern += clock.pattern
    otherPattern? += clock.pattern
    isLocalTime = !clock.hasZone
    isRFC3339 = pattern.hasPrefix("yyyy-MM-dd'T'HH:mm:ss") && pattern.hasSuffix("XXX")
  }

  /// Takes the order of another column of the same file.
  mutating func adopt(isDayFirst: Bool) {
    guard isAmbiguous, let otherPattern else { return }
    isAmbiguous = false
    if self.isDayFirst != isDayFirst {
      (pattern, self.otherPattern, self.isDayFirst) = (otherPattern, pattern, isDayFirst)
    }
  }
}

/// The digits of a column's dates at one place.
private struct DigitField {
  var lengths: ClosedRange<Int>
  var highest: Int
  var lowest: Int

  init(_ digits: String) {
    let value = Int(digits) ?? .max
    (lengths, highest, lowest) = (digits.utf8.count...digits.utf8.count, value, value)
  }

  mutating func add(_ digits: String) {
    let other = DigitField(digits)
    lengths = min(lengths.lowerBound, other.lengths.lowerBound)...max(lengths.upperBound, other.lengths.upperBound)
    (highest, lowest) = (max(highest, other.highest), min(lowest, other.lowest))
  }

  func isIn(_ range: ClosedRange<Int>) -> Bool { range.contains(lowest) && range.contains(highest) }
  /// One letter for one or two digits, two for two.
  func token(_ letter: String) -> String { lengths == 2...2 ? letter + letter : letter }
  var isShort: Bool { (1...2).contains(lengths.lowerBound) && lengths.upperBound <= 2 }
  var isYear: Bool { lengths == 4...4 && isIn(1700...2299) || lengths == 4...4 && highest == 9999 }
}

/// Year, month and day.
private struct DatePart {
  var pattern = ""
  var otherPattern: String?
  var separator = ""
  var isDayFirst = true
  var isDigitsAlone = false

  init?(_ fields: ArraySlice<DigitField>, _ tokens: DateTokens, _ names: [[String]]) {
    let separators = tokens.separators
    switch fields.count {
    case 3:
      let (a, b, c) = (fields[0], fields[1], fields[2])
      let (s, t) = (separators[1], separators[2])
      guard ["/", "-", ".", ". ", " "].contains(s), s == t, separators[0].isEmpty, !tokens.hasMonth else { return nil }
      separator = s
      if a.isYear {
        guard b.isShort, c.isShort, b.isIn(1...12), c.isIn(1...31) else { return nil }
        pattern = "yyyy" + s + b.token("M") + s + c.token("d")
        isDayFirst = false
        separator = ""
        return
      }
      let year = c.isYear ? "yyyy" : c.lengths == 2...2 ? "yy" : nil
      guard let year, a.isShort, b.isShort, s != " " || year == "yyyy" else { return nil }
      let dayFirst = a.isIn(1...31) && b.isIn(1...12)
      let monthFirst = a.isIn(1...12) && b.isIn(1...31)
      let written = (day: a.token("d") + s + b.token("M"), month: a.token("M") + s + b.token("d"))
      if dayFirst {
        pattern = written.day + s + year
        if monthFirst { otherPattern = written.month + s + year }
      } else if monthFirst, s != ".", s != ". " {
        pattern = written.month + s + year
        isDayFirst = false
      } else {
        return nil
      }
    case 2 where tokens.hasMonth:
      let month = names[0].allSatisfy { $0.count == 3 } ? "MMM" : "MMMM"
      guard month == "MMM" || names[0].allSatisfy({ $0.count > 3 || $0.lowercased() == "may" }) else { return nil }
      let (a, b) = (fields[0], fields[1])
      let year = b.isYear ? "yyyy" : b.lengths == 2...2 ? "yy" : nil
      guard let year, a.isShort, a.isIn(1...31) else { return nil }
      pattern = separators[0]
      // `31 Jan 2026` or `Jan 31, 2026`
      if tokens.monthPlace == 1 {
        pattern += a.token("d") + separators[1].replaced(month) + year
      } else if tokens.monthPlace == 0 {
        pattern = separators[0].replaced(month) + a.token("d") + separators[1] + year
      } else {
        return nil
      }
    case 1 where !tokens.hasMonth && tokens.timeStart == nil && tokens.separators.allSatisfy(\.isEmpty):
      let digits = fields[0]
      guard digits.lengths == 8...8 else { return nil }
      isDigitsAlone = true
      pattern = "yyyyMMdd"
      guard tokens.isCompactDate, digits.isIn(1900_01_01...2199_12_31) else { return nil }
    default: return nil
    }
  }
}

/// The time of day and its zone.
private struct ClockPart {
  var pattern: String
  var hasZone = false

  init?(_ fields: ArraySlice<DigitField>, _ tokens: DateTokens, _ names: [[String]]) {
    let first = fields.startIndex
    var rest = fields
    var separators = tokens.separators[first...]
    let lead = separators.removeFirst()
    guard let hour = rest.popFirst(), hour.isShort else { return nil }
    let hasHalfDay = tokens.words.last.map { ["am", "pm"].contains($0.lowercased()) } ?? false
    guard hour.isIn(hasHalfDay ? 1...12 : 0...23) else { return nil }
    switch lead {
    case " ", ", ": pattern = lead
    case "T": pattern = "'T'"
    default: return nil
    }
    pattern += hour.token(hasHalfDay ? "h" : "H")
    for letter in ["m", "s"] {
      guard let next = rest.first, separators.first == ":" else { break }
      guard next.lengths == 2...2, next.isIn(0...59) else { return nil }
      pattern += ":" + letter + letter
      rest.removeFirst()
      separators.removeFirst()
    }
    if let fraction = rest.first, separators.first == "." {
      guard fraction.lengths.count == 1, fraction.lengths.lowerBound <= 9, pattern.hasSuffix("ss") else { return nil }
      pattern += "." + String(repeating: "S", count: fraction.lengths.lowerBound)
      rest.removeFirst()
      separators.removeFirst()
    }
    if hasHalfDay {
      guard rest.isEmpty, separators.count == 1, let end = separators.first, end == "\u{0}" || end == " \u{0}" else {
        return nil
      }
      pattern += end == "\u{0}" ? "a" : " a"
      return
    }
    switch (rest.count, separators.first) {
    case (0, ""?): return
    case (0, "Z"?): pattern += "XXX"
    case (2, "+"?), (2, "-"?): pattern += "XXX"
    case (1, "+"?), (1, "-"?): pattern += "XX"
    default: return nil
    }
    hasZone = true
  }
}

extension String {
  /// With a pattern's letters in the place of the word.
  fileprivate func replaced(_ token: String) -> String {
    String(flatMap { $0 == "\u{0}" ? Array(token) : [$0] })
  }
}

/// A text that may be a date, as digits and what is between them.
private struct DateTokens {
  var digits: [String] = []
  /// Names of months and halves of a day, in order.
  var words: [String] = []
  /// The text before each group of digits, and after the last; U+0000 stands for a word.
  var separators: [String] = [""]
  /// The index of the hour among the digits.
  var timeStart: Int?
  var hasMonth = false
  /// The index of the separator that holds the month's name.
  var monthPlace: Int?

  /// What all dates of one pattern share.
  var shape: [String] {
    // A zone may be before or after UTC.
    separators.enumerated().map { index, text in
      text == "-" && timeStart.map { index > $0 } == true ? "+" : text
    }
  }

  /// Whether its eight digits have a month and a day in them.
  var isCompactDate: Bool {
    guard digits.count == 1, digits[0].utf8.count == 8, let value = Int(digits[0]) else { return false }
    return 1...12 ~= value / 100 % 100 && 1...31 ~= value % 100
  }

  init?(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    guard 6...40 ~= scalars.count else { return nil }
    var at = 0
    func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar.isASCII && scalar.properties.isAlphabetic }
    while at < scalars.count {
      let start = at
      if "0"..."9" ~= scalars[at] {
        while at < scalars.count, "0"..."9" ~= scalars[at] { at += 1 }
        guard at - start <= 9 else { return nil }
        if at < scalars.count, scalars[at] == ":", timeStart == nil { timeStart = digits.count }
        digits.append(String(String.UnicodeScalarView(scalars[start..<at])))
        separators.append("")
      } else if isLetter(scalars[at]) {
        while at < scalars.count, isLetter(scalars[at]) { at += 1 }
        let word = String(String.UnicodeScalarView(scalars[start..<at]))
        let last = separators.count - 1
        if word == "T" || word == "Z" {
          separators[last] += word
          continue
        }
        let isMonth = Self.months.contains(word.lowercased())
        guard isMonth && !hasMonth || ["am", "pm"].contains(word.lowercased()) else { return nil }
        if isMonth {
          hasMonth = true
          monthPlace = last
        }
        words.append(word)
        separators[last] += "\u{0}"
      } else {
        guard " /-.:,+".unicodeScalars.contains(scalars[at]) else { return nil }
        separators[separators.count - 1].unicodeScalars.append(scalars[at])
        at += 1
      }
    }
    // `T` and `Z` are not dates alone, and the compact form is checked for each value.
    guard !digits.isEmpty, digits.count <= 9, digits.count > 1 || isCompactDate else { return nil }
  }

  private static let months: Set<String> = {
    let full = [
      "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
      "december",
    ]
    return Set(full + full.map { String($0.prefix(3)) })
  }()
}
