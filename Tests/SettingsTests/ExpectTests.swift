import APIs
import Calendar
import Core
import Testing

@testable import Settings

/// An inbox's `expect`.
@Suite struct ExpectTests {
  private static func expect(_ entry: String) -> String { inbox("target: lusid\nexpect:\n  - \(entry)") }

  @Test func `what is left out has its default, the machine's time zone included`() throws {
    let yaml = Self.expect("{by: \"07:30\"}")
    let settings = try loaded(yaml, environment: ["TZ": "America/New_York"])
    let rule = try #require(settings.inboxes[0].expect.first)
    #expect(rule.match == "*" && rule.minItems == nil && rule.sequence == nil)
    #expect(rule.deadline == (try DailyDeadline(by: TimeOfDay("07:30"), zone: Zone(named: "America/New_York"))))
    #expect(try loaded(minimal()).inboxes[0].expect == [])
  }

  @Test func `every value reaches its place, quoted or not, and the outline has it`() throws {
    let settings = try loaded(
      Self.expect(
        "{match: \"n-*\", from: 20:00, by: 06:15, timezone: Europe/Dublin, days: \"mon,wed\", min_items: 3, "
          + "sequence: 'n-(\\d+)\\.csv'}"))
    let rule = try #require(settings.inboxes[0].expect.first)
    #expect(
      rule
        == ExpectationRule(
          match: "n-*",
          deadline: try DailyDeadline(
            from: TimeOfDay("20:00"), by: TimeOfDay("06:15"), days: DaysOfWeek("mon,wed"),
            zone: Zone(named: "Europe/Dublin")), minItems: 3, sequence: try SequencePattern("n-(\\d+)\\.csv")))
    #expect(Settings(outline: Array(settings.outline.dropLast()))?.inboxes[0].expect == [rule])
  }

  @Test(arguments: [
    ("{match: \"*.csv\"}", "by: is missing: write the time by which the file must be there, such as 07:30"),
    ("{by: \"7:30\"}", "by: \"7:30\" must have two digits for hours and two for minutes, such as 07:30"),
    ("{by: \"24:01\"}", "by: \"24:01\" is later than 24:00, the end of the day"),
    ("{by: }", "by: has no value: give one, or leave out the key"),
    (
      "{by: \"07:30\", from: noon}",
      "from: \"noon\" is no time of day: write hours and minutes, from 00:00 to 24:00, such as 07:30 or 20:00"
    ),
    (
      "{by: \"07:30\", from: \"07:30\"}",
      "from: \"07:30 to 07:30\" is due when it begins: write a later time for by, up to 24:00"
    ),
    (
      "{by: \"00:00\"}", "by: \"00:00 to 00:00\" is due when it begins: write a later time for by, up to 24:00"
    ),
    (
      "{by: \"07:30\", timezone: Europe/Dubln}",
      "timezone: \"Europe/Dubln\" is no time zone that this machine knows: did you mean \"Europe/Dublin\"?"
    ),
    (
      "{by: \"07:30\", days: monday}", "days: \"monday\" has \"monday\", which is no day: write mon"
    ),
    ("{by: \"07:30\", min_items: 0}", "min_items: must be at least 1, but is 0"),
    (
      "{by: \"07:30\", sequence: \"nav-[0-9]+.csv\"}",
      "sequence: \"nav-[0-9]+.csv\" has no group for the number: write, for example, nav-([0-9]+).csv"
    ),
    ("{by: \"07:30\", match: \"[a\"}", "match: "),
    ("{by: \"07:30\", day: mon}", "day: is unknown: did you mean \"days\"?"),
  ])
  func `a fault is named with its line, key and value`(_ entry: String, _ fault: String) throws {
    let yaml = Self.expect(entry)
    let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains(entry) })
    let found = try faults(yaml)
    #expect(found.count == 1)
    let place = "upsertd.yaml:\(line + 1): inboxes[0].expect[0]."
    #expect(found.first?.replacing(" (inbox \"a\")", with: "").hasPrefix(place + fault) == true, "\(found)")
  }

  @Test func `a zone of the machine that can't be used is a fault of the key that is left out`() throws {
    let found = try faults(Self.expect("{by: \"07:30\"}"), environment: ["TZ": "Nowhere/Atall"])
    #expect(found.count == 1 && found[0].contains("expect[0].timezone"), "\(found)")
    #expect(found[0].contains("is not given, and the machine's time zone \"Nowhere/Atall\""), "\(found)")
  }
}
