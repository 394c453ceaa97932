import Core

/// Converts dates of one form to RFC 3339 in UTC.
struct DateConversion: Sendable {
  /// The zone of dates without an offset from UTC.
  struct Zone: Sendable {
    var name: String
    var zone: any LocalTimeZone
  }

  let pattern: DatePattern
  /// Nil means UTC.
  let zone: Zone?

  /// What a text says, by the raw values of `DatePattern.Unit`: hours as written, seconds from UTC.
  private struct Fields {
    private var values = InlineArray<10, Int64>(repeating: 0)
    /// Where the digits of the second's fraction are.
    var fraction = 0..<0

    subscript(_ unit: DatePattern.Unit) -> Int64 {
      get { values[unit.rawValue] }
      set { values[unit.rawValue] = newValue }
    }
  }

  /// Appends the moment as a JSON string (`"2016-01-31T00:00:00Z"`).
  ///
  /// - Throws: an `ItemFault` if `text` has another form, or the moment does not exist or is not unique.
  func append(_ text: Span<UInt8>, to target: inout RowText) throws(ItemFault) {
    guard let fields = fields(of: text), let date = date(of: fields), let time = secondOfDay(fields) else {
      throw fault(text, "is not a date of the form \(pattern.text)")
    }
    if pattern.hasWeekday {
      // 1970-01-01 was a Thursday.
      let weekday = (((date.daysSince1970 + 4) % 7) + 7) % 7
      guard weekday == fields[.weekday] else {
        throw fault(text, "names the wrong day of the week: it was a \(DatePattern.weekdayNames[Int(weekday)])")
      }
    }
    let local = date.daysSince1970 * 86_400 + time
    let moment = local - (pattern.hasOffset ? fields[.offset] : try offset(at: local, text))
    let day = moment >= 0 ? moment / 86_400 : (moment - 86_399) / 86_400
    let result = CivilDate(daysSince1970: day)
    guard (0...9999).contains(result.year) else { throw fault(text, "is not in the years 0 to 9999 in UTC") }
    let second = moment - day * 86_400
    target.append(Ascii.quote)
    append(result.year, digits: 4, then: "-", to: &target)
    append(result.month, digits: 2, then: "-", to: &target)
    append(result.day, digits: 2, then: "T", to: &target)
    append(second / 3600, digits: 2, then: ":", to: &target)
    append(second / 60 % 60, digits: 2, then: ":", to: &target)
    let hasFraction = fields.fraction.contains { text[$0] != UInt8(ascii: "0") }
    append(second % 60, digits: 2, then: hasFraction ? "." : "Z", to: &target)
    if hasFraction {
      target.append(text, fields.fraction)
      target.append(UInt8(ascii: "Z"))
    }
    target.append(Ascii.quote)
  }

  /// How far the zone's clocks are ahead of UTC when they show `local`.
  private func offset(at local: Int64, _ text: Span<UInt8>) throws(ItemFault) -> Int64 {
    guard let zone else { return 0 }
    let offsets = zone.zone.offsets(ofLocal: local)
    guard let offset = offsets.first else { throw fault(text, "does not exist in \(zone.name): the clocks skip it") }
    guard offsets.count == 1 else {
      throw fault(
        text, "is ambiguous in \(zone.name): the clocks show it \(offsets.count == 2 ? "twice" : "repeatedly")")
    }
    return Int64(offset)
  }

  private func fields(of text: Span<UInt8>) -> Fields? {
    var fields = Fields()
    var at = 0
    for part in pattern.parts {
      switch part {
      case .literal(let byte):
        guard at < text.count, text[at] == byte else { return nil }
        at += 1
      case .blank:
        guard let blank = NumberReader.blanks.first(where: { text.has($0, at: at) }) else { return nil }
        at += blank.count
      case .digits(let unit, let lengths):
        guard let value = text.number(&at, lengths) else { return nil }
        fields[unit] = value
      case .name(let unit, let names):
        guard let name = names.first(where: { text.hasWord($0.text, at: at) }) else { return nil }
        fields[unit] = name.value
        at += name.text.count
      case .fraction(let length):
        let start = at
        guard text.number(&at, length...length) != nil else { return nil }
        fields.fraction = start..<at
      case .offset(let form):
        guard let offset = text.offset(&at, form) else { return nil }
        fields[.offset] = offset
      }
    }
    return at == text.count ? fields : nil
  }

  private func date(of fields: Fields) -> CivilDate? {
    var year = fields[.year]
    if pattern.hasShortYear { year += year < 69 ? 2000 : 1900 }
    return CivilDate(year: year, month: fields[.month], day: fields[.day])
  }

  /// Nil if the day has no such time.
  private func secondOfDay(_ fields: Fields) -> Int64? {
    var hour = fields[.hour]
    switch pattern.hourForm {
    case .from0to23: guard hour < 24 else { return nil }
    case .from1to24:
      guard (1...24).contains(hour) else { return nil }
      hour %= 24
    case .from1to12:
      guard (1...12).contains(hour) else { return nil }
      hour = hour % 12 + fields[.dayPeriod] * 12
    case .from0to11:
      guard hour < 12 else { return nil }
      hour += fields[.dayPeriod] * 12
    }
    guard fields[.minute] < 60, fields[.second] < 60 else { return nil }
    return hour * 3600 + fields[.minute] * 60 + fields[.second]
  }

  private func append(_ value: Int64, digits: Int, then separator: Unicode.Scalar, to target: inout RowText) {
    var power: Int64 = digits == 4 ? 1000 : 10
    while power > 0 {
      target.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / power % 10))
      power /= 10
    }
    target.append(UInt8(ascii: separator))
  }

  private func fault(_ text: Span<UInt8>, _ reason: String) -> ItemFault {
    ItemFault(.invalidValue, "\(String(copying: text).quoted) \(reason)")
  }
}

extension Span<UInt8> {
  /// The number at `at`, as many digits as `lengths` allows; nil if there are too few.
  fileprivate func number(_ at: inout Int, _ lengths: ClosedRange<Int>) -> Int64? {
    var value: Int64 = 0
    var length = 0
    while length < lengths.upperBound, at < count, self[at] &- UInt8(ascii: "0") < 10 {
      value = value * 10 + Int64(self[at] - UInt8(ascii: "0"))
      length += 1
      at += 1
    }
    return lengths.contains(length) ? value : nil
  }

  /// The seconds from UTC written at `at`: `Z`, `+01`, `+0100`, `+01:00`.
  fileprivate func offset(_ at: inout Int, _ form: DatePattern.OffsetForm) -> Int64? {
    guard at < count else { return nil }
    let sign = self[at]
    at += 1
    if sign == UInt8(ascii: "Z"), form.takesZ { return 0 }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(&at, 2...2), hours < 24 else {
      return nil
    }
    var minutes: Int64 = 0
    if form.hasColon {
      guard at < count, self[at] == UInt8(ascii: ":") else { return nil }
      at += 1
    }
    if !form.isShort || at < count && self[at] &- UInt8(ascii: "0") < 10 {
      guard let written = number(&at, 2...2), written < 60 else { return nil }
      minutes = written
    }
    let seconds = hours * 3600 + minutes * 60
    return sign == UInt8(ascii: "-") ? -seconds : seconds
  }

  fileprivate func has(_ bytes: [UInt8], at start: Int) -> Bool {
    guard start + bytes.count <= count else { return false }
    for index in bytes.indices where self[start + index] != bytes[index] { return false }
    return true
  }

  /// Whether `word`, which is in lower case, is at `start`, in upper or lower case.
  fileprivate func hasWord(_ word: [UInt8], at start: Int) -> Bool {
    guard start + word.count <= count else { return false }
    for index in word.indices where self[start + index] | 0x20 != word[index] { return false }
    return true
  }
}
