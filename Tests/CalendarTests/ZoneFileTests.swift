import Core
import Testing
import TestKit

@testable import Calendar

/// The content of time zone files, damaged ones included.
@Suite struct ZoneFileTests {
  /// A file with these changes, in seconds since 1970, and the offsets from then on.
  private func file(
    version: Character? = "2", initial: Int64 = 0, _ changes: [(second: Int64, offset: Int64)] = [], rule: String = "",
    leaps: Int = 0
  ) -> [UInt8] {
    func number(_ value: Int64, _ bytes: Int) -> [UInt8] {
      (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    func block(_ timeBytes: Int) -> [UInt8] {
      var bytes = Array("TZif".utf8) + [version?.asciiValue ?? 0] + [UInt8](repeating: 0, count: 15)
      for count in [0, 0, leaps, changes.count, changes.count + 1, 4] { bytes += number(Int64(count), 4) }
      for change in changes { bytes += number(change.second, timeBytes) }
      for index in changes.indices { bytes.append(UInt8(index + 1)) }
      for offset in [initial] + changes.map(\.offset) { bytes += number(offset, 4) + [0, 0] }
      return bytes + Array("ABC\0".utf8) + [UInt8](repeating: 0, count: leaps * (timeBytes + 4))
    }
    return version == nil ? block(4) : block(4) + block(8) + Array("\n\(rule)\n".utf8)
  }

  private func offset(_ bytes: [UInt8], _ second: Int64) throws -> Int64 {
    Zone(name: "x", try ZoneFile(bytes)).offset(at: Timestamp(milliseconds: second * 1000)).components.seconds
  }

  private func reason(_ bytes: [UInt8]) -> String? {
    do {
      _ = try ZoneFile(bytes)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func `before the first change the first offset counts, between two the earlier one`() throws {
    let bytes = file(initial: 60, [(-500, 3600), (1000, -7200)])
    #expect(try [-501, -500, 999, 1000, 1 << 40].map { try offset(bytes, $0) } == [60, 3600, 3600, -7200, -7200])
  }

  @Test func `times of 32 bits are enough in a file of the first version`() throws {
    let bytes = file(version: nil, [(-2_000_000_000, 3600), (2_000_000_000, 0)])
    #expect(try [-2_000_000_001, -2_000_000_000, 2_000_000_000].map { try offset(bytes, $0) } == [0, 3600, 0])
  }

  @Test func `times of 64 bits count in a file of a later version, known or not`() throws {
    for version in "2345" {
      let bytes = file(version: version, [(-20_000_000_000, 3600)])
      #expect(try offset(bytes, -20_000_000_001) == 0)
      #expect(try offset(bytes, -20_000_000_000) == 3600)
    }
  }

  @Test func `the rule counts from the last change on, and always in a file without changes`() throws {
    let rule = "EST5EDT,M3.2.0,M11.1.0"
    let july2026: Int64 = 1_783_000_000
    #expect(try offset(file([(0, -18_000)], rule: rule), july2026) == -14_400)
    #expect(try offset(file([(0, -18_000)], rule: rule), -1) == 0)
    #expect(try offset(file([(july2026 + 1, 0)], rule: rule), july2026) == 0)
    #expect(try offset(file(rule: rule), july2026) == -14_400)
    #expect(try offset(file(rule: rule), -july2026) == -14_400)
  }

  @Test func `from the last change on the rule counts, even if the change says otherwise`() throws {
    let zone = Zone(name: "x", try ZoneFile(file([(0, -18_000)], rule: "<+01>-1")))
    #expect(zone.offset(at: Timestamp(milliseconds: 0)) == .seconds(3600))
    #expect(zone.moments(of: LocalTime(milliseconds: 3_600_000)) == .one(Timestamp(milliseconds: 0)))
  }

  @Test func `changes at the ends of all time are no trap`() throws {
    let bytes = file([(.min, 3600), (.min + 1, 60), (0, 120)])
    #expect(try offset(bytes, -1) == 60)
    #expect(try offset(file([(0, 60), (.max, 120)], rule: "EST5EDT,M3.2.0,M11.1.0"), 1) == 60)
  }

  @Test func `what is no time zone says so`() {
    #expect(reason([]) == "is damaged: it ends too early")
    #expect(
      reason(Array("# tzdb data for Africa and environs, which is a text\n".utf8)) == "is not the file of a time zone")
    #expect(reason(file(leaps: 2)) == "counts leap seconds, which upsertd does not: leave out \"right/\"")
    #expect(reason(file([(5, 0), (5, 60)])) == "is damaged: its changes are not in order")
    #expect(reason(file([(5, 93_600)])) == "is damaged: an offset is longer than a day")
    #expect(reason(file(rule: "EST5EDT")) == "has a rule that can't be read: \"EST5EDT\"")
  }

  @Test func `a cut file is damaged, wherever it is cut`() {
    let bytes = file([(0, 60), (1000, 120)], rule: "EST5EDT,M3.2.0,M11.1.0")
    #expect(reason(bytes) == nil)
    for length in 0..<bytes.count { #expect(reason(Array(bytes.prefix(length))) != nil, "\(length)") }
  }

  @Test(arguments: 0..<20) func `no random damage is a trap`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let original = file([(0, 60), (1000, 120)], rule: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0")
    for _ in 0..<500 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let file = try? ZoneFile(bytes) else { continue }
      let zone = Zone(name: "x", file)
      for milliseconds in [Int64.min, -1, 0, 1_700_000_000_000, .max] {
        _ = zone.offset(at: Timestamp(milliseconds: milliseconds))
        _ = zone.moments(of: LocalTime(milliseconds: milliseconds))
      }
    }
  }

  // MARK: - Rules

  private func change(_ rule: String, year: Int64) throws -> [String] {
    let rule = try #require(RecurringRule(rule.utf8))
    let start = try #require(CivilDate(year: year, month: 1, day: 1)).daysSince1970 * 86_400
    return rule.changes(after: start - 1, through: start + 365 * 86_400 - 1)
      .map { "\(Timestamp(milliseconds: $0.second * 1000).description.prefix(16)) \($0.offset)" }
  }

  @Test(arguments: [
    ("IST-1GMT0,M10.5.0,M3.5.0/1", ["2026-03-29T01:00 3600", "2026-10-25T01:00 0"]),
    ("EST5EDT,M3.2.0,M11.1.0", ["2026-03-08T07:00 -14400", "2026-11-01T06:00 -18000"]),
    ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", ["2026-04-04T15:00 37800", "2026-10-03T15:30 39600"]),
    ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", ["2026-03-29T01:00 -3600", "2026-10-25T01:00 -7200"]),
    ("EET-2EEST,M3.4.4/50,M10.4.4/50", ["2026-03-28T00:00 10800", "2026-10-23T23:00 7200"]),
    ("AAA0BBB,J59/0,J60/0", ["2026-02-28T00:00 3600", "2026-02-28T23:00 0"]),
    ("AAA0BBB,58/0,59/0", ["2026-02-28T00:00 3600", "2026-02-28T23:00 0"]),
    ("AAA0BBB-2:30:15,0/0:00:30,J365", ["2026-01-01T00:00 9015", "2026-12-30T23:29 0"]),
    ("<+01>-1", []),
  ]) func `a rule says when the clocks are changed`(rule: String, changes: [String]) throws {
    #expect(try change(rule, year: 2026) == changes)
  }

  @Test func `29 February counts in day numbers from 0, and not in those after J`() throws {
    #expect(try change("AAA0BBB,J60/0,J61/0", year: 2028) == ["2028-03-01T00:00 3600", "2028-03-01T23:00 0"])
    #expect(try change("AAA0BBB,59/0,60/0", year: 2028) == ["2028-02-29T00:00 3600", "2028-02-29T23:00 0"])
  }

  @Test func `daylight saving may last all the year`() throws {
    let rule = try #require(RecurringRule("EST5EDT,0/0,J365/25".utf8))
    for second in stride(from: 1_760_000_000 as Int64, through: 1_830_000_000, by: 10_000) {
      #expect(rule.offset(at: second) == -14_400)
    }
  }

  @Test(arguments: [
    "", "E", "ES5", "EST", "EST25", "EST5:60", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,M11.1.0x",
    "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J365", "EST5EDT,0,366",
    "EST5EDT,M3.2.0/168,M11.1.0", "<EST5EDT,M3.2.0,M11.1.0", "EST99999999999999999999", "EST5EDT M3.2.0 M11.1.0",
  ]) func `what is no rule is refused`(_ text: String) { #expect(RecurringRule(text.utf8) == nil) }
}
