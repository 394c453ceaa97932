import Calendar
import Foundation
import Testing
import TestKit

/// Which zone a name or the machine means, and what is said if it is none.
@Suite struct ZoneLoadingTests {
  private func fault(_ name: String, in folder: String = Zone.folder) -> CalendarError? {
    do {
      _ = try Zone(named: name, in: folder)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: ["Europe/Dublin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT", "posix/Asia/Tokyo"])
  func `a name of the folder is a zone`(_ name: String) throws { #expect(try Zone(named: name).name == name) }

  @Test(arguments: [
    ("Europe/Dubln", "Europe/Dublin"), ("europe/dublin", "Europe/Dublin"), ("Dublin", "Europe/Dublin"),
    ("America/New York", "America/New_York"), ("America/New-York", "America/New_York"), ("utc", "UTC"),
    ("Europe/Dublin/", "Europe/Dublin"), (" Europe/Dublin", "Europe/Dublin"),
  ]) func `a misspelt name is answered with the nearest one`(_ name: String, _ meant: String) {
    let fault = fault(name)
    #expect(fault?.code == .unknownZone)
    #expect(fault?.reason == "is no time zone that this machine knows: did you mean \"\(meant)\"?")
  }

  @Test(arguments: ["PST", "CEST", "Mars/Olympus_Mons", "Europe", "zone.tab/x", "+01:00", "\u{202E}"])
  func `what is near to no name gets an example`(_ name: String) {
    #expect(
      fault(name)?.reason == "is no time zone that this machine knows: write a name such as Europe/Dublin, or UTC")
  }

  @Test func `nothing is read but files of the folder`() async throws {
    try await withTemporaryFolder { folder in
      let zones = folder + "/zones"
      try FileManager.default.createDirectory(atPath: zones + "/.hidden", withIntermediateDirectories: true)
      let dublin = try Data(contentsOf: URL(filePath: Zone.folder + "/Europe/Dublin"))
      for path in [folder + "/outside", zones + "/.hidden/x", zones + "/.x", zones + "/a b", zones + "/inside"] {
        try dublin.write(to: URL(filePath: path))
      }
      #expect(fault("inside", in: zones) == nil)
      for name in [
        "../outside", "\(folder)/outside", "/\(folder)/outside", ".hidden/x", ".x", "./inside", "inside/", "//inside",
        "a b", "inside\0", "x/../inside", String(repeating: "a", count: 5000),
      ] {
        #expect(fault(name, in: zones)?.code == .unknownZone, "\(name)")
      }
    }
  }

  @Test func `what is in the folder but no zone is refused with the reason`() async throws {
    #expect(fault("tzdata.zi")?.reason == "is larger than 65536 bytes")
    #expect(fault("zone1970.tab")?.reason == "is not the file of a time zone")
    try await withTemporaryFolder { folder in
      try Data("TZif2".utf8).write(to: URL(filePath: folder + "/Cut"))
      #expect(mkfifo(folder + "/Pipe", 0o644) == 0)
      #expect(fault("Cut", in: folder)?.description == "time zone \"Cut\" is damaged: it ends too early")
      #expect(fault("Cut", in: folder)?.code == .damagedZone)
      #expect(fault("Pipe", in: folder)?.code == .unknownZone, "and nobody waits for its writer")
    }
  }

  @Test func `without the package tzdata, it is asked for`() {
    #expect(
      fault("Europe/Dublin", in: "/nowhere/zoneinfo")?.description
        == "time zone \"Europe/Dublin\" can't be looked up, since /nowhere/zoneinfo does not exist: "
        + "install the package tzdata")
    #expect(fault("Europe/Dublin", in: "/nowhere/zoneinfo")?.code == .noZones)
  }

  // MARK: - The machine's own zone

  private func machine(tz: String?, localtime: String = "/nowhere") -> String {
    do { return try Zone.ofMachine(tz: tz, localtime: localtime).name } catch { return "\(error)" }
  }

  @Test func `TZ says which one is the machine's`() throws {
    #expect(machine(tz: "Europe/Dublin") == "Europe/Dublin")
    #expect(machine(tz: ":Europe/Dublin") == "Europe/Dublin")
    #expect(machine(tz: "/usr/share/zoneinfo/Europe/Dublin") == "Europe/Dublin")
    #expect(machine(tz: "") == "UTC")
    let rule = try Zone.ofMachine(tz: "CET-1CEST,M3.5.0,M10.5.0/3")
    #expect(try rule.moments(of: local("2026-03-29 02:30")) == .skipped(at: at("2026-03-29T01:00Z")))
  }

  @Test func `a TZ of no zone is a fault, not UTC`() {
    #expect(machine(tz: "Europe/Dubln").hasSuffix("did you mean \"Europe/Dublin\"?"))
    #expect(machine(tz: "/nowhere/x") == "time zone \"/nowhere/x\" in TZ is a file that does not exist")
  }

  @Test func `without TZ it is what the localtime file is`() async throws {
    #expect(machine(tz: nil) == "UTC", "there is no such file")
    try await withTemporaryFolder { folder in
      let file = folder + "/localtime"
      for target in ["/usr/share/zoneinfo/Asia/Kolkata", "../usr/share/zoneinfo/Asia/Kolkata"] {
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
        #expect(machine(tz: nil, localtime: file) == "Asia/Kolkata")
        try FileManager.default.removeItem(atPath: file)
      }
      try FileManager.default.copyItem(atPath: Zone.folder + "/Asia/Kolkata", toPath: file)
      let copy = try Zone.ofMachine(tz: nil, localtime: file)
      #expect(copy.name == "localtime")
      #expect(try copy.offset(at: at("2026-01-01")) == .seconds(19_800))
      try Data("no zone".utf8).write(to: URL(filePath: file))
      #expect(machine(tz: nil, localtime: file).hasSuffix("is not the file of a time zone"))
      #expect(machine(tz: ":" + file).hasSuffix("is not the file of a time zone"))
    }
  }

  @Test func `a link to a zone that is not there is a fault, not UTC`() async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/localtime"
      try FileManager.default.createSymbolicLink(
        atPath: file, withDestinationPath: "/usr/share/zoneinfo/Europe/Atlantis")
      #expect(machine(tz: nil, localtime: file).contains("\"Europe/Atlantis\" is no time zone"))
    }
  }
}
