import Core
import Foundation
import Testing

@testable import Spool

/// Files that somebody made to do harm, or that only scan so.
@Suite struct `Odd files and folders` {
  @Test(arguments: [
    (Int.max, 999_999_999, Int64.max), (9_223_372_036, 900_000_000, .max), (9_223_372_036, 854_775_807, .max),
    (9_223_372_036, 854_775_806, .max - 1), (-9_223_372_037, 0, .min), (Int.min, 0, .min), (-1, 1, -999_999_999),
  ])
  func `times beyond what nanoseconds can hold count as the last that they can`(
    _ seconds: Int, _ nanoseconds: Int, _ wanted: Int64
  ) {
    #expect(FileStatus.nanoseconds(timespec(tv_sec: seconds, tv_nsec: nanoseconds)) == wanted)
  }

  @Test(arguments: [9_223_372_036, -9_223_372_036, 4_000_000_000])
  func `a file from the end of time is taken like any other`(_ seconds: Int) async throws {
    try await withInbox { folders in
      try folders.drop("x.csv")
      let time = timespec(tv_sec: seconds, tv_nsec: 900_000_000)
      #expect(utimensat(AT_FDCWD, folders.inbox + "/x.csv", [time, time], 0) == 0)
      var scanner = InboxScanner(folders, WatchOptions(settle: .seconds(2)))
      let now = FileObservation.Moment.now
      #expect(scanner.scan(at: now).scan.kind(of: "x.csv") == .settling)
      #expect(scanner.scan(at: now.later(by: .seconds(3))).scan.readyNames == ["x.csv"])
      #expect(try folders.claim("x.csv").name == "x.csv")
    }
  }

  @Test func `what editors, desktops and copying programs leave is never touched`() async throws {
    try await withInbox { folders in
      let names: [FileName] = [
        ".DS_Store", "~$x.xlsx", "#x.csv#", "x.csv~", ".#x.csv", "x.csv.swp", "x.csv.TMP", "x.part", "x.partial",
        "x.filepart", "x.crdownload",
      ]
      for name in names { try folders.drop(name) }
      for name in ["x~$.csv", "x#1.csv", "$x.csv"] as [FileName] { try folders.drop(name) }
      let scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.readyNames.sorted() == ["$x.csv", "x#1.csv", "x~$.csv"])
      for name in names { #expect(scan.kind(of: name) == .ignored, "\(name.display)") }
      #expect(scan.reason(for: "~$x.xlsx") == "ignored: name starts with ~$")
    }
  }

  @Test(arguments: [nil, ".done"])
  func `a file without bytes is left alone five times as long, however it arrived`(_ marker: String?) async throws {
    try await withInbox { folders in
      let options = WatchOptions(settle: .seconds(2), marker: marker)
      try folders.drop("empty.csv", "")
      try folders.drop("full.csv")
      if marker != nil { for name in ["empty.csv.done", "full.csv.done"] as [FileName] { try folders.drop(name, "") } }
      var scanner = InboxScanner(folders, options)
      let now = FileObservation.Moment.now
      _ = scanner.scan(at: now, hasEvents: true)
      scanner.note(.arrivedWhole("empty.csv"))
      scanner.note(.arrivedWhole("full.csv"))
      let early = scanner.scan(at: now.later(by: .seconds(9)), hasEvents: true).scan
      #expect(early.readyNames == ["full.csv"])
      #expect(early.reason(for: "empty.csv")?.hasSuffix("settles after 10 s") == true)
      #expect(scanner.scan(at: now.later(by: .seconds(11)), hasEvents: true).scan.readyNames.contains("empty.csv"))
    }
  }

  @Test func `a scan lists some of each kind, and counts all`() async throws {
    try await withInbox { folders in
      for number in 0..<(InboxScan.mostListed + 7) {
        #expect(mkdir(folders.inbox + "/\(number)", 0o700) == 0)
        try folders.drop(FileName(known: Array("\(number).tmp".utf8)), "")
      }
      let scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.counts == [.ignored: InboxScan.mostListed + 7, .notRegular: InboxScan.mostListed + 7])
      #expect(scan.unclaimed.count == 2 * InboxScan.mostListed)
    }
  }

  @Test func `what has more bytes than are read is not read`() async throws {
    try await withInbox { folders in
      try folders.write("r", in: folders.receipts, "")
      #expect(truncate(folders.receipts + "/r", 8 << 40) == 0)
      let error = #expect(throws: InboxError.self) { try InboxFolders.contents(of: "r", in: folders.receipts) }
      #expect(error?.code == .tooLarge)
      #expect(error?.reason == "has 8796093022208 bytes, more than the limit of 67108864")
      #expect(truncate(folders.receipts + "/r", 10) == 0)
      #expect(try InboxFolders.contents(of: "r", in: folders.receipts, atMost: 10).count == 10)
      #expect(throws: InboxError.self) { try InboxFolders.contents(of: "r", in: folders.receipts, atMost: 9) }
    }
  }

  @Test func `a folder with a result's name gets another, and the result appears`() async throws {
    try await withInbox { folders in
      let long = FileName(known: [UInt8](repeating: UInt8(ascii: "r"), count: 255))
      for name in ["r.json", long] as [FileName] {
        #expect(mkdir(name.path(in: folders.receipts), 0o700) == 0)
        try folders.write("inside", in: folders.receipts + "/" + name.display, "")
        let file = try ResultFile(folder: folders.receipts, name: name)
        try file.append("{}")
        let moved = try #require(try file.publish())
        #expect(try folders.contents(name, in: folders.receipts) == "{}")
        #expect(try folders.names(in: folders.receipts + "/" + moved.display) == ["inside"])
      }
      try folders.drop("a.csv")
      let work = try folders.claim("a.csv").work
      #expect(mkdir(folders.rejected + "/a.csv", 0o700) == 0)
      try folders.setAside(work, as: "a.csv")
      #expect(try folders.contents("a.csv", in: folders.rejected) == "id\n1\n")
      // A plain file is replaced, as ever.
      let again = try ResultFile(folder: folders.receipts, name: "r.json")
      #expect(try again.publish() == nil)
    }
  }

  @Test func `each result folder loses what is past its time`() async throws {
    try await withInbox { folders in
      let id = FileID.example()
      let now = Timestamp(milliseconds: FileObservation.Moment.now.wall / 1_000_000)
      let receipt = FileName(known: Array("a.csv.\(id).receipt.json".utf8))
      let rejects = FileName(known: Array("a.\(id).rejected.csv".utf8))
      try folders.write(receipt, in: folders.receipts, "{}")
      try folders.write(rejects, in: folders.rejected, "x")
      try folders.write("notes.txt", in: folders.rejected, "somebody's own")
      #expect(mkdir(folders.rejected + "/b.\(id).csv", 0o700) == 0)
      for folder in [folders.receipts, folders.rejected] {
        #expect(try folders.discard(from: folder, olderThan: .seconds(60), now: now) == 0)
        #expect(try folders.discard(from: folder, olderThan: .seconds(60), now: now + .seconds(120)) == 1)
      }
      #expect(try folders.names(in: folders.receipts) == [])
      #expect(try folders.names(in: folders.rejected).count == 2)
      // Not made yet.
      #expect(try folders.discard(from: folders.accepted, olderThan: .zero, now: now) == 0)
    }
  }

  @Test func `an inbox that was removed is prepared again when it is back`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, WatchOptions(pollInterval: .milliseconds(20), settle: .zero)) { watcher in
        // Away in one step: while it goes piece by piece, the watcher brings back what is missing.
        #expect(rename(folders.root, folders.root + ".gone") == 0)
        let lost = try await watcher.scan { $0.fault != nil }
        #expect(lost.fault?.reason == "no such file or directory")
        // Nobody makes it but who removed it.
        #expect(access(folders.root, F_OK) != 0)
        try FileManager.default.createDirectory(atPath: folders.inbox, withIntermediateDirectories: true)
        #expect(try await watcher.scan { $0.preparations == 1 }.fault == nil)
        try folders.drop("a.csv")
        #expect(try await watcher.scan { !$0.ready.isEmpty }.readyNames == ["a.csv"])
        _ = try folders.claim("a.csv")
        // A single one of them, too.
        try FileManager.default.removeItem(atPath: folders.receipts)
        _ = try await watcher.scan { $0.preparations == 2 }
        #expect(access(folders.receipts, F_OK) == 0)
        #expect(folders.folderFault == nil)
      }
    }
  }

  @Test func `what keeps an inbox from being prepared is told at each scan until it is gone`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, WatchOptions(pollInterval: .milliseconds(20), settle: .zero)) { watcher in
        try FileManager.default.removeItem(atPath: folders.work)
        try folders.write("work", in: folders.root, "")
        #expect(try await watcher.scan { $0.fault != nil }.fault?.reason == "is not a folder")
        #expect(folders.folderFault?.code == .missing)
        unlink(folders.work)
        #expect(try await watcher.scan { $0.preparations == 1 }.fault == nil)
      }
    }
  }

  /// /dev/shm is a filesystem of its own; the temporary folder may be on it, too.
  private static var hasTwoFilesystems: Bool {
    FileStatus(path: "/dev/shm/.")?.device != FileStatus(path: NSTemporaryDirectory() + "/.")?.device
  }

  @Test(.enabled(if: hasTwoFilesystems)) func `a folder on another filesystem is a gap`() async throws {
    try await withInbox { folders in
      #expect(folders.folderFault == nil)
      let elsewhere = "/dev/shm/upsertd-gap-" + UUID().uuidString
      #expect(mkdir(elsewhere, 0o700) == 0)
      defer { rmdir(elsewhere) }
      #expect(rmdir(folders.work) == 0)
      #expect(symlink(elsewhere, folders.work) == 0)
      #expect(folders.folderFault?.code == .notOneFilesystem)
    }
  }
}
