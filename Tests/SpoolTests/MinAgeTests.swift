import Core
import Foundation
import Testing

@testable import Spool

@Suite struct MinAgeTests {
  private let options = WatchOptions(settle: .zero, minAge: .seconds(10))
  private let now = FileObservation.Moment.now

  /// A moment at which all of a new file's times are in the future, so that only what was seen counts.
  private var early: FileObservation.Moment {
    FileObservation.Moment(steady: now.steady, wall: now.wall - 3_600_000_000_000)
  }

  @Test func `a file is left alone for min_age after its last change, and the reason says until when`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let changed = try #require(FileStatus(path: folders.inbox + "/a.csv")).changed
      let now = FileObservation.Moment.now
      var scanner = InboxScanner(folders, options)
      scanner.note(.arrivedWhole("a.csv"))
      let findings = scanner.scan(at: now)
      #expect(findings.scan.kind(of: "a.csv") == .minAge)
      let end = Timestamp(milliseconds: (changed + 10_000_000_000) / 1_000_000)
      #expect(findings.scan.reason(for: "a.csv") == "left alone until \(end) (watch.min_age)")
      #expect(findings.scan.unclaimed.contains { $0.isArriving } == false, "a run that ends does not wait for it")
      let due = try #require(findings.due)
      #expect(due > .seconds(8) && due <= .seconds(10))
      #expect(scanner.scan(at: now.later(by: .seconds(9))).scan.kind(of: "a.csv") == .minAge)
      #expect(scanner.scan(at: now.later(by: .seconds(11))).scan.readyNames == ["a.csv"])
    }
  }

  @Test func `a run that scans once goes by the file's times`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      func scan(after delay: Duration) -> InboxScan {
        var scanner = InboxScanner(folders, options, scansWanted: 1)
        return scanner.scan(at: now.later(by: delay)).scan
      }
      #expect(scan(after: .seconds(9)).kind(of: "a.csv") == .minAge)
      #expect(scan(after: .seconds(11)).readyNames == ["a.csv"])
      // Its sender's clock is a year ahead: that holds it up for no longer.
      try folders.setModified("a.csv", secondsAgo: -86_400 * 365)
      #expect(scan(after: .seconds(9)).kind(of: "a.csv") == .minAge)
      #expect(scan(after: .seconds(11)).readyNames == ["a.csv"])
    }
  }

  @Test func `times that a sender sets back do not shorten the wait`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.setModified("a.csv", secondsAgo: 3600)
      #expect(Watcher.scanOnce(folders: folders, options: options).kind(of: "a.csv") == .minAge)
    }
  }

  @Test func `a clock that was set back holds a file up for no longer than min_age`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var scanner = InboxScanner(folders, options)
      #expect(scanner.scan(at: early).scan.kind(of: "a.csv") == .minAge)
      #expect(scanner.scan(at: early.later(by: .seconds(9))).scan.kind(of: "a.csv") == .minAge)
      #expect(scanner.scan(at: early.later(by: .seconds(10))).scan.readyNames == ["a.csv"])
    }
  }

  @Test(arguments: ["mode", "time"]) func `the wait begins anew when the sender touches the file once more`(
    what: String
  ) async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.setModified("a.csv", secondsAgo: 0)
      var scanner = InboxScanner(folders, options)
      #expect(scanner.scan(at: early).scan.kind(of: "a.csv") == .minAge)
      if what == "mode" {
        #expect(chmod(folders.inbox + "/a.csv", 0o600) == 0)
      } else {
        try folders.setModified("a.csv", secondsAgo: 3600)
      }
      #expect(scanner.scan(at: early.later(by: .seconds(9))).scan.kind(of: "a.csv") == .minAge)
      #expect(scanner.scan(at: early.later(by: .seconds(18))).scan.kind(of: "a.csv") == .minAge)
      #expect(scanner.scan(at: early.later(by: .seconds(19))).scan.readyNames == ["a.csv"])
    }
  }

  @Test func `no min_age is too long for the reckoning`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let options = WatchOptions(settle: .zero, minAge: .seconds(Int64.max))
      #expect(Watcher.scanOnce(folders: folders, options: options).kind(of: "a.csv") == .minAge)
      try await withWatcher(folders, options) { watcher in
        #expect(await watcher.scanNow().kind(of: "a.csv") == .minAge)
      }
    }
  }

  @Test func `a marker does not spare the wait, and without it there is nothing to wait for`() async throws {
    try await withInbox { folders in
      var options = options
      options.marker = ".done"
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      try folders.drop("b.csv.done", "")
      var scanner = InboxScanner(folders, options)
      let scan = scanner.scan(at: now).scan
      #expect(scan.kind(of: "a.csv") == .waitingForMarker)
      #expect(scan.kind(of: "b.csv") == .minAge)
      #expect(scanner.scan(at: now.later(by: .seconds(11))).scan.readyNames == ["b.csv"])
    }
  }

  @Test func `the scan at the end of the wait comes by itself`() async throws {
    try await withInbox { folders in
      let options = WatchOptions(pollInterval: .seconds(3600), settle: .zero, minAge: .milliseconds(400))
      try await withWatcher(folders, options) { watcher in
        try folders.drop("a.csv")
        let scan = try await watcher.scan { !$0.ready.isEmpty }
        let file = try #require(scan.ready.first)
        let status = try #require(FileStatus(path: folders.inbox + "/a.csv"))
        #expect(file.readySince.milliseconds >= status.changed / 1_000_000 + 400)
      }
    }
  }
}
