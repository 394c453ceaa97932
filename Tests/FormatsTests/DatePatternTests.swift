import Core
import Formats
import Testing
import TestKit

@Suite struct DatePatternTests {
  /// Ireland in 2016: an hour ahead of UTC from 27 March 01:00 UTC to 30 October 01:00 UTC.
  private struct Dublin: LocalTimeZone {
    func offsets(ofLocal local: Int64) -> [Int] {
      let isSummer = { (moment: Int64) in (1_459_040_400..<1_477_789_200).contains(moment) }
      return [0, 3600].filter { isSummer(local - Int64($0)) == ($0 == 3600) }
    }
  }

  private func terms(_ pattern: String, timezone: String? = nil) -> CSVReadingTerms {
    var field = ColumnMapping.MappedField(to: "x", date: pattern)
    field.timezone = timezone
    var terms = CSVReadingTerms()
    terms.mapping = ColumnMapping(columns: ["d": [field]], constants: [], ignore: [], path: "maps/m.yaml")
    terms.zones = { $0 == "Europe/Dublin" ? Dublin() : nil }
    return terms
  }

  @Test(arguments: [
    ("dd/MM/yyyy", "31/01/2016", "2016-01-31T00:00:00Z"), ("d.M.yyyy", "3.1.2016", "2016-01-03T00:00:00Z"),
    ("d.M.yyyy", "03.11.2016", "2016-11-03T00:00:00Z"), ("yyyyMMdd", "20160229", "2016-02-29T00:00:00Z"),
    ("yyyy-MM-dd HH:mm:ss", "2016-01-31 23:59:08", "2016-01-31T23:59:08Z"),
    ("yyyy-MM-ddTHH:mmZ", "2016-01-31T23:59Z", "2016-01-31T23:59:00Z"),
    ("yyyy-MM-dd'T'H'h'", "2016-01-31T7h", "2016-01-31T07:00:00Z"),
    ("'the' dd''MM 'in' yyyy", "the 01'02 in 2003", "2003-02-01T00:00:00Z"),
    ("yyyy.MM.dd", "0001.01.01", "0001-01-01T00:00:00Z"),
    // Two digits of the year are 1969 to 2068.
    ("dd.MM.yy", "31.01.16", "2016-01-31T00:00:00Z"), ("dd.MM.yy", "01.01.69", "1969-01-01T00:00:00Z"),
    ("dd.MM.yy", "31.12.68", "2068-12-31T00:00:00Z"), ("yyMMdd", "991231", "1999-12-31T00:00:00Z"),
    // Names.
    ("d MMM yyyy", "3 Jan 2016", "2016-01-03T00:00:00Z"), ("dd-MMM-yy", "03-DEC-16", "2016-12-03T00:00:00Z"),
    ("d MMM yyyy", "1 sep 2016", "2016-09-01T00:00:00Z"), ("d MMM yyyy", "1 Sept 2016", "2016-09-01T00:00:00Z"),
    ("MMMM d, yyyy", "February 29, 2016", "2016-02-29T00:00:00Z"), ("ddMMMyyyy", "01May2016", "2016-05-01T00:00:00Z"),
    ("d LLLL yyyy", "1 june 2016", "2016-06-01T00:00:00Z"),
    ("EEE, d MMM yyyy", "Sun, 31 Jan 2016", "2016-01-31T00:00:00Z"),
    ("EEEE d.M.yyyy", "THURSDAY 1.1.1970", "1970-01-01T00:00:00Z"),
    ("EEEE d.M.yyyy", "Wednesday 31.12.1969", "1969-12-31T00:00:00Z"),
    // Hours.
    ("M/d/yyyy h:mm a", "1/31/2016 3:05 PM", "2016-01-31T15:05:00Z"),
    ("M/d/yyyy hh:mm:ssa", "1/31/2016 12:05:09am", "2016-01-31T00:05:09Z"),
    ("M/d/yyyy h:mm a", "1/31/2016 12:00 pm", "2016-01-31T12:00:00Z"),
    ("M/d/yyyy h:mm a", "1/31/2016 3:05\u{202F}PM", "2016-01-31T15:05:00Z"),
    ("d.M.yyyy K:mm a", "1.2.2016 0:30 PM", "2016-02-01T12:30:00Z"),
    ("d.M.yyyy kk:mm", "1.2.2016 24:30", "2016-02-01T00:30:00Z"),
    ("d.M.yyyy H:m:s", "1.2.2016 3:4:5", "2016-02-01T03:04:05Z"),
    // Fractions.
    ("yyyy-MM-dd HH:mm:ss.SSS", "2016-01-31 10:00:00.123", "2016-01-31T10:00:00.123Z"),
    ("yyyy-MM-dd HH:mm:ss.SSS", "2016-01-31 10:00:00.000", "2016-01-31T10:00:00Z"),
    ("yyyy-MM-dd HH:mm:ss,SSSSSSSSS", "2016-01-31 10:00:00,000000100", "2016-01-31T10:00:00.000000100Z"),
    ("yyyyMMddHHmmssS", "201601311000007", "2016-01-31T10:00:00.7Z"),
    // Offsets.
    ("yyyy-MM-dd'T'HH:mmXXX", "2016-01-31T00:30+01:00", "2016-01-30T23:30:00Z"),
    ("yyyy-MM-dd'T'HH:mmXXX", "2016-12-31T23:30-00:30", "2017-01-01T00:00:00Z"),
    ("yyyy-MM-dd'T'HH:mmXXX", "2016-01-31T10:00Z", "2016-01-31T10:00:00Z"),
    ("yyyy-MM-dd HH:mm XX", "2016-01-31 10:00 +0530", "2016-01-31T04:30:00Z"),
    ("yyyy-MM-dd HH:mmX", "2016-01-31 10:00-08", "2016-01-31T18:00:00Z"),
    ("yyyy-MM-dd HH:mmX", "2016-01-31 10:00+0530", "2016-01-31T04:30:00Z"),
    ("yyyy-MM-dd HH:mm:ss Z", "2016-01-31 10:00:00 +0100", "2016-01-31T09:00:00Z"),
    ("yyyy-MM-dd HH:mmZZZZZ", "2016-01-31 10:00+01:00", "2016-01-31T09:00:00Z"),
    ("yyyy-MM-ddxxx", "2016-01-31+01:00", "2016-01-30T23:00:00Z"),
    ("HH:mm:ss.SSSx d/M/yy", "10:00:00.250+00 1/2/16", "2016-02-01T10:00:00.250Z"),
  ])
  func `dates become RFC 3339`(_ pattern: String, _ text: String, _ result: String) {
    let reading = terms(pattern).read("d\n\"\(text)\"\n")
    #expect(reading.texts == ["{\"x\":\"\(result)\"}"], "\(reading.messages)")
  }

  @Test(arguments: [
    ("dd/MM/yyyy", "31/04/2016"), ("dd/MM/yyyy", "29/02/2015"), ("dd/MM/yyyy", "1/1/2016"),
    ("dd/MM/yyyy", "01/13/2016"), ("dd/MM/yyyy", "00/01/2016"), ("dd/MM/yyyy", "01/01/16"),
    ("dd/MM/yyyy", "01/01/20160"), ("dd/MM/yyyy", "01-01-2016"), ("dd/MM/yyyy", " 01/01/2016"),
    ("d.M.yyyy", "111.1.2016"), ("dd/MM/yyyy HH:mm", "01/01/2016 24:00"), ("dd/MM/yyyy HH:mm", "01/01/2016 23:60"),
    ("dd/MM/yyyy HH:mm:ss", "01/01/2016 23:59:60"), ("dd/MM/yyyy", "today"), ("dd/MM/yyyy", "01/01/201"),
    ("dd/MM/yy", "01/01/2016"), ("dd/MM/yy", "29/02/15"), ("d MMM yyyy", "1 Januar 2016"),
    ("d MMM yyyy", "1 January 2016"), ("d MMMM yyyy", "1 Jan 2016"), ("d MMM yyyy", "1 Mai 2016"),
    ("d MMM yyyy", "1 Ja"), ("d/M/yyyy h:mm a", "1/1/2016 13:00 PM"), ("d/M/yyyy h:mm a", "1/1/2016 0:00 AM"),
    ("d/M/yyyy h:mm a", "1/1/2016 3:00"), ("d/M/yyyy h:mm a", "1/1/2016 3:00 p.m."),
    ("d/M/yyyy K:mm a", "1/1/2016 12:00 AM"), ("d/M/yyyy k:mm", "1/1/2016 0:00"), ("d/M/yyyy k:mm", "1/1/2016 25:00"),
    ("d/M/yyyy HH:mm:ss.SSS", "1/1/2016 10:00:00.12"), ("d/M/yyyy HH:mm:ss.SSS", "1/1/2016 10:00:00.1234"),
    ("d/M/yyyy HH:mmXXX", "1/1/2016 10:00+0100"), ("d/M/yyyy HH:mmXXX", "1/1/2016 10:00"),
    ("d/M/yyyy HH:mmXXX", "1/1/2016 10:00+24:00"), ("d/M/yyyy HH:mmXXX", "1/1/2016 10:00+01:60"),
    ("d/M/yyyy HH:mmXX", "1/1/2016 10:00+01:00"), ("d/M/yyyy HH:mmX", "1/1/2016 10:00+010"),
    ("d/M/yyyy HH:mmxxx", "1/1/2016 10:00Z"), ("d/M/yyyy HH:mmXXX", "1/1/2016 10:00+01:00 "),
  ])
  func `what is no such date is refused`(_ pattern: String, _ text: String) {
    let reading = terms(pattern).read("d\n\(text)\n\"\"\n")
    #expect(reading.items.map(\.fault?.code) == [.invalidValue, nil])
    #expect(reading.messages.first == "column \"d\": \"\(text)\" is not a date of the form \(pattern)")
  }

  @Test func `a day's name must be that of the date`() {
    #expect(
      terms("EEE dd/MM/yyyy").read("d\nMon 31/01/2016\n").messages
        == [#"column "d": "Mon 31/01/2016" names the wrong day of the week: it was a Sunday"#])
    #expect(terms("EEEE d.M.yyyy").read("d\nFriday 31.12.0001\n").messages.first?.hasSuffix("it was a Monday") == true)
  }

  @Test func `a moment outside the years that RFC 3339 can write is refused`() {
    let reading = terms("d/M/yyyy HH:mmXXX").read("d\n1/1/0000 00:00+01:00\n31/12/9999 23:59-00:01\n")
    #expect(
      reading.messages == [
        #"column "d": "1/1/0000 00:00+01:00" is not in the years 0 to 9999 in UTC"#,
        #"column "d": "31/12/9999 23:59-00:01" is not in the years 0 to 9999 in UTC"#,
      ])
  }

  @Test func `a time zone applies to local times`() {
    let reading = terms("dd.MM.yyyy HH:mm", timezone: "Europe/Dublin").read(
      "d\n31.01.2016 10:00\n01.07.2016 00:30\n27.03.2016 00:59\n27.03.2016 02:00\n30.10.2016 02:00\n30.10.2016 00:59\n")
    #expect(
      reading.texts == [
        #"{"x":"2016-01-31T10:00:00Z"}"#, #"{"x":"2016-06-30T23:30:00Z"}"#, #"{"x":"2016-03-27T00:59:00Z"}"#,
        #"{"x":"2016-03-27T01:00:00Z"}"#, #"{"x":"2016-10-30T02:00:00Z"}"#, #"{"x":"2016-10-29T23:59:00Z"}"#,
      ])
    // A date without a time is the day's beginning there.
    #expect(
      terms("d.M.yyyy", timezone: "Europe/Dublin").read("d\n1.7.2016\n").texts == [#"{"x":"2016-06-30T23:00:00Z"}"#])
  }

  @Test func `a local time that the clocks skip or repeat is refused`() {
    let reading = terms("d.M.yyyy HH:mm", timezone: "Europe/Dublin").read("d\n27.3.2016 01:30\n30.10.2016 01:00\n")
    #expect(reading.items.map(\.fault?.code) == [.invalidValue, .invalidValue])
    #expect(
      reading.messages == [
        #"column "d": "27.3.2016 01:30" does not exist in Europe/Dublin: the clocks skip it"#,
        #"column "d": "30.10.2016 01:00" is ambiguous in Europe/Dublin: the clocks show it twice"#,
      ])
  }

  @Test func `a written offset wins over the time zone`() {
    let reading = terms("d.M.yyyy HH:mmXXX", timezone: "Europe/Dublin").read("d\n30.10.2016 01:00+01:00\n")
    #expect(reading.texts == [#"{"x":"2016-10-30T00:00:00Z"}"#])
  }

  @Test func `a time zone must be known, and beside a date`() {
    #expect(
      terms("d.M.yyyy", timezone: "Europe/Dublni").read("d\n").fault?.message
        == "column \"d\": time zone \"Europe/Dublni\" is not known, in maps/m.yaml")
    var terms = terms("d.M.yyyy", timezone: "Europe/Dublin")
    terms.mapping?.columns["d"]?[0].date = nil
    #expect(terms.read("d\n").fault?.message == "column \"d\": timezone is of use only with date, in maps/m.yaml")
  }

  @Test(arguments: [
    ("dd/MM", "it needs a year, a month and a day, but has no year (yyyy)"), ("", "it needs a year"),
    ("dd/mm/yyyy", "has no month (MM); m is minutes"), ("MM/yyyy", "has no day (dd)"),
    ("dd/MM/y", "write yyyy, or yy for two digits"), ("dd/MM/YYYY", "\"YYYY\" is not the year of a date: write yyyy"),
    ("dd/MM/uuuu", "write yyyy"), ("DD/MM/yyyy", "\"DD\" is not the day of a month: write dd"),
    ("dd/MMMMM/yyyy", "\"MMMMM\" has no meaning: write MM"), ("EEEEE dd/MM/yyyy", "write EEE for a short"),
    ("dd/MM/yyyy dd", "\"dd\" says again what another part of the pattern says"),
    ("dd/MM/yyyy MMM", "\"MMM\" says again"),
    ("dd/MM/yyyy:mm", "minutes and AM or PM need hours"), ("dd/MM/yyyy a", "need hours"),
    ("dd/MM/yyyy HH:ss", "seconds need minutes"), ("dd/MM/yyyy HH:mm.SSS", "S is the fraction of a second"),
    ("dd/MM/yyyy HH:mm:ss.SSSSSSSSSS", "at most nine digits"),
    ("dMyyyy", "directly follows a token of one or two digits"), ("dd/MM/yyyy HH:mm:sSSS", "directly follows"),
    ("dd/MM/yyyy 'at", "a single quote is not closed"),
    ("dd/MM/yyyy hh:mm", "write HH, or add a for AM or PM"), ("dd/MM/yyyy HH:mm a", "needs hours written as h"),
    ("dd/MM/yyyy HH:mm z", "\"z\" is a time zone's name, which can't be read: write XXX"),
    ("dd/MM/yyyy HH:mm VV", "or set timezone"), ("dd/MM/yyyy HH:mm XXXX", "write XX for an offset such as +0100"),
    ("dd/MM/yyyy h:mm b", "write a for AM or PM"), ("dd/MM/yyyy at HH", "\"t\" has no meaning: use yyyy MM dd"),
    ("dd/MM/yyyy é", ""),
  ])
  func `a pattern that can't be used refuses the file, with what to write instead`(_ pattern: String, _ reason: String)
  {
    let fault = terms(pattern).read("d\n").fault
    if reason.isEmpty {
      #expect(fault == nil)
    } else {
      #expect(fault?.code == .malformedCSV)
      #expect(fault?.message.contains(reason) == true, "\(fault?.message ?? "")")
      #expect(fault?.message.hasPrefix("column \"d\": date pattern \"\(pattern)\" can't be used: ") == true)
      #expect(fault?.message.hasSuffix(", in maps/m.yaml") == true)
      #expect(throws: FileFault.self) { try DatePattern(pattern) }
    }
  }

  @Test func `neither patterns nor texts made up by chance trap`() {
    var dice = SplitMix64(seed: 4)
    let letters = Array("yMdEHhKkamsSXxZ'/.: T019-+Jan")
    for _ in 0..<3000 {
      let pattern = String(
        (0..<Int.random(in: 0...12, using: &dice)).map { _ in letters.randomElement(using: &dice) ?? "y" })
      _ = try? DatePattern(pattern)
      var terms = terms("d/M/yyyy " + pattern.filter { !"yMdLE".contains($0) })
      terms.chunks = [1 << 18]
      let text = String((0..<8).map { _ in letters.randomElement(using: &dice) ?? "0" })
      let reading = terms.read("d\n\"1/2/2016 \(text)\"\n")
      #expect(reading.fault != nil || reading.items.count == 1)
    }
  }
}
