import Calendar
import Core
import Foundation
import Testing

/// What daylight saving, and whole days that are skipped, do to local times.
@Suite struct ZoneTests {
  @Test func `clocks in Dublin are an hour ahead in summer`() throws {
    let dublin = try Zone(named: "Europe/Dublin")
    #expect(dublin.name == "Europe/Dublin")
    #expect(try dublin.offset(at: at("2026-01-15T12:00Z")) == .zero)
    #expect(try dublin.offset(at: at("2026-03-29T00:59:59.999Z")) == .zero)
    #expect(try dublin.offset(at: at("2026-03-29T01:00Z")) == .seconds(3600))
    #expect(try dublin.local(at: at("2026-07-01T12:00:07Z")).description == "2026-07-01 13:00:07")
  }

  @Test func `offsets west of Greenwich and of half hours are right`() throws {
    #expect(try Zone(named: "America/New_York").offset(at: at("2026-01-15T12:00Z")) == .seconds(-5 * 3600))
    #expect(try Zone(named: "Asia/Kolkata").offset(at: at("2026-01-15T12:00Z")) == .seconds(19_800))
    #expect(try Zone(named: "Asia/Kolkata").local(at: at("1969-12-31T23:00Z")).description == "1970-01-01 04:30")
  }

  @Test func `a local time is one moment, or was skipped, or came twice`() throws {
    let dublin = try Zone(named: "Europe/Dublin")
    #expect(try dublin.moments(of: local("2026-07-01 12:00")) == .one(at("2026-07-01T11:00Z")))
    let forward = try at("2026-03-29T01:00Z")
    #expect(try dublin.moments(of: local("2026-03-29 00:59:59")) == .one(at("2026-03-29T00:59:59Z")))
    #expect(try dublin.moments(of: local("2026-03-29 01:00")) == .skipped(at: forward))
    #expect(try dublin.moments(of: local("2026-03-29 01:59:59.999")) == .skipped(at: forward))
    #expect(try dublin.moments(of: local("2026-03-29 02:00")) == .one(forward))
    #expect(
      try dublin.moments(of: local("2026-10-25 01:00"))
        == .repeated(first: at("2026-10-25T00:00Z"), last: at("2026-10-25T01:00Z")))
    #expect(
      try dublin.moments(of: local("2026-10-25 01:59:59"))
        == .repeated(first: at("2026-10-25T00:59:59Z"), last: at("2026-10-25T01:59:59Z")))
    #expect(try dublin.moments(of: local("2026-10-25 02:00")) == .one(at("2026-10-25T02:00Z")))
  }

  @Test func `half an hour is skipped and repeated on Lord Howe Island`() throws {
    let lordHowe = try Zone(named: "Australia/Lord_Howe")
    #expect(try lordHowe.moments(of: local("2026-10-04 02:15")) == .skipped(at: at("2026-10-03T15:30Z")))
    #expect(try lordHowe.moments(of: local("2026-10-04 02:30")) == .one(at("2026-10-03T15:30Z")))
    #expect(
      try lordHowe.moments(of: local("2026-04-05 01:45"))
        == .repeated(first: at("2026-04-04T14:45Z"), last: at("2026-04-04T15:15Z")))
  }

  @Test func `30 December 2011 does not exist in Samoa, and all its times start with the day after`() throws {
    let apia = try Zone(named: "Pacific/Apia")
    let midnight = try at("2011-12-30T10:00Z")
    #expect(try apia.moments(of: local("2011-12-29 23:59:59")) == .one(at("2011-12-30T09:59:59Z")))
    for hour in ["00", "12", "23"] {
      #expect(try apia.moments(of: local("2011-12-30 \(hour):00")) == .skipped(at: midnight))
      #expect(try apia.start(of: local("2011-12-30 \(hour):00")) == midnight)
    }
    #expect(try apia.moments(of: local("2011-12-31 00:00")) == .one(midnight))
  }

  @Test func `a time starts when clocks first show it or a later one`() throws {
    let newYork = try Zone(named: "America/New_York")
    #expect(try newYork.start(of: local("2026-03-08 02:30")) == at("2026-03-08T07:00Z"))
    #expect(try newYork.start(of: local("2026-11-01 01:30")) == at("2026-11-01T05:30Z"))
    #expect(try newYork.start(of: local("2026-11-01 02:00")) == at("2026-11-01T07:00Z"))
  }

  @Test func `years after the last one in the file follow the zone's rule`() throws {
    let newYork = try Zone(named: "America/New_York")
    #expect(try newYork.offset(at: at("2126-07-01T12:00Z")) == .seconds(-4 * 3600))
    #expect(try newYork.moments(of: local("2126-03-10 02:30")) == .skipped(at: at("2126-03-10T07:00Z")))
    #expect(try Zone(named: "Africa/Casablanca").offset(at: at("2200-07-01T12:00Z")) == .seconds(3600))
  }

  @Test func `UTC is always there, and never changes`() throws {
    #expect(try Zone(named: "UTC", in: "/nowhere") == .utc)
    #expect(try Zone(named: "Etc/UTC", in: "/nowhere") == .utc)
    #expect(try Zone.utc.moments(of: local("2026-03-29 01:30")) == .one(at("2026-03-29T01:30Z")))
  }

  @Test func `the ends of all time are no trap`() throws {
    for zone in [Zone.utc, try Zone(named: "Europe/Dublin"), try Zone(named: "Pacific/Apia")] {
      for milliseconds in [Int64.min, .min + 1, -1, .max - 1, .max] {
        let local = zone.local(at: Timestamp(milliseconds: milliseconds))
        _ = (zone.moments(of: local), zone.start(of: local), local.description)
        _ = zone.moments(of: LocalTime(milliseconds: milliseconds))
      }
    }
  }

  /// zdump(8) prints the last second before and the first second after each change, as glibc understands the files.
  @Test(arguments: [
    "Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "America/Nuuk", "America/New_York", "America/Santiago",
    "America/Sao_Paulo", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Kolkata", "Asia/Manila",
    "Australia/Lord_Howe", "Europe/Dublin", "Europe/London", "Europe/Moscow", "Pacific/Apia", "Pacific/Chatham",
    "Pacific/Kwajalein",
  ]) func `all changes are where zdump has them`(name: String) throws {
    let zone = try Zone(named: name)
    let changes = try zdump(name)
    #expect(changes.count > 2)
    for (moment, offset) in changes {
      #expect(zone.offset(at: moment) == .seconds(offset), "at \(moment)")
      #expect(zone.offset(at: moment + .milliseconds(999)) == .seconds(offset), "at \(moment)")
    }
    // Between two changes, the offset stays as it is.
    for (change, next) in zip(changes, changes.dropFirst()) {
      let middle = change.moment + .milliseconds((next.moment - change.moment).milliseconds / 2)
      #expect(zone.offset(at: middle) == .seconds(change.offset), "at \(middle)")
    }
  }

  @Test(arguments: ["America/Santiago", "Asia/Manila", "Europe/Dublin", "Pacific/Apia", "Pacific/Kwajalein"])
  func `around each change, the moments of a local time are those that show it`(name: String) throws {
    let zone = try Zone(named: name)
    for change in try zdump(name) {
      // Each offset that the zone has within two days gives one candidate.
      let offsets = Set((-48...48).map { zone.offset(at: change.moment + .seconds(3600 * $0)) })
      for minutes in stride(from: -26 * 60, through: 26 * 60, by: 95) {
        let asked = LocalTime(milliseconds: change.moment.milliseconds + Int64(minutes) * 60_000)
        let moments = offsets.map { Timestamp(milliseconds: asked.milliseconds - $0.milliseconds) }
          .filter { zone.local(at: $0) == asked }.sorted()
        switch zone.moments(of: asked) {
        case .one(let moment): #expect(moments == [moment])
        case .skipped: #expect(moments == [])
        case .repeated(let first, let last): #expect(moments.first == first && moments.last == last && first < last)
        }
        let start = zone.start(of: asked)
        #expect(zone.local(at: start) >= asked)
        #expect(zone.local(at: start + .milliseconds(-1)) < asked)
      }
    }
  }
}

/// The seconds that zdump(8) prints for a zone, with the offsets then.
private func zdump(_ zone: String) throws -> [(moment: Timestamp, offset: Int64)] {
  let process = Process()
  let output = Pipe()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["zdump", "-V", "-c", "1850,2060", zone]
  process.standardOutput = output
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  return try text.split(separator: "\n").map { line in
    // `Europe/Dublin  Sun Mar 30 00:59:59 2025 UT = … gmtoff=0`
    let words = line.split(separator: " ")
    let month = try #require(months.firstIndex(of: String(words[2]))) + 1
    let padded = [month, try #require(Int(words[3]))].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return (
      try at("\(words[5])-\(padded[0])-\(padded[1])T\(words[4])Z"),
      try #require(Int64(words.last?.dropFirst("gmtoff=".count) ?? ""))
    )
  }
}
