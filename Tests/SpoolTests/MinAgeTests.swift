import Core
import Foundation
import Testing

@testable import Spool

@Suite struct MinAgeTests {
  private let terms = WatchOptions(settle: .zero, minAge: .seconds(10))
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
      var looker = InboxScanner(folders, terms)
      looker.note(.arrivedWhole("a.csv"))
      let findings = looker.look(at: now)
      #expect(findings.look.kind(of: "a.csv") == .minAge)
      let end = Timestamp(milliseconds: (changed + 10_000_000_000) / 1_000_000)
      #expect(findings.look.reason(for: "a.csv") == "left alone until \(end) (watch.min_age)")
      #expect(findings.look.unclaimed.contains { $0.isArriving } == false, "a run that ends does not wait for it")
      let due = try #require(findings.due)
      #expect(due > .seconds(8) && due <= .seconds(10))
      #expect(looker.look(at: now.later(by: .seconds(9))).look.kind(of: "a.csv") == .minAge)
      #expect(looker.look(at: now.later(by: .seconds(11))).look.readyNames == ["a.csv"])
    }
  }

  @Test func `a run that looks once goes by the file's times`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      func look(after delay: Duration) -> InboxScan {
        var looker = InboxScanner(folders, terms, looksWanted: 1)
        return looker.look(at: now.later(by: delay)).look
      }
      #expect(look(after: .seconds(9)).kind(of: "a.csv") == .minAge)
      #expect(look(after: .seconds(11)).readyNames == ["a.csv"])
      // Its sender's clock is a year ahead: that holds it up for no longer.
      try folders.setModified("a.csv", secondsAgo: -86_400 * 365)
      #expect(look(after: .seconds(9)).kind(of: "a.csv") == .minAge)
      #expect(look(after: .seconds(11)).readyNames == ["a.csv"])
    }
  }

  @Test func `times that a sender sets back do not shorten the wait`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.setModified("a.csv", secondsAgo: 3600)
      #expect(Watcher.lookOnce(folders: folders, terms: terms).kind(of: "a.csv") == .minAge)
    }
  }

  @Test func `a clock that was set back holds a file up for no longer than min_age`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var looker = InboxScanner(folders, terms)
      #expect(looker.look(at: early).look.kind(of: "a.csv") == .minAge)
      #expect(looker.look(at: early.later(by: .seconds(9))).look.kind(of: "a.csv") == .minAge)
      #expect(looker.look(at: early.later(by: .seconds(10))).look.readyNames == ["a.csv"])
    }
  }

  @Test(arguments: ["mode", "time"]) func `the wait begins anew when the sender touches the file once more`(
    what: String
  ) async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.setModified("a.csv", secondsAgo: 0)
      var looker = InboxScanner(folders, terms)
      #expect(looker.look(at: early).look.kind(of: "a.csv") == .minAge)
      if what == "mode" {
        #expect(chmod(folders.inbox + "/a.csv", 0o600) == 0)
      } else {
        try folders.setModified("a.csv", secondsAgo: 3600)
      }
      #expect(looker.look(at: early.later(by: .seconds(9))).look.kind(of: "a.csv") == .minAge)
      #expect(looker.look(at: early.later(by: .seconds(18))).look.kind(of: "a.csv") == .minAge)
      #expect(looker.look(at: early.later(by: .seconds(19))).look.readyNames == ["a.csv"])
    }
  }

  @Test func `no min_age is too long for the reckoning`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let terms = WatchOptions(settle: .zero, minAge: .seconds(Int64.max))
      #expect(Watcher.lookOnce(folders: folders, terms: terms).kind(of: "a.csv") == .minAge)
      try await withWatcher(folders, terms) { watcher in
        #expect(await watcher.lookNow().kind(of: "a.csv") == .minAge)
      }
    }
  }

  @Test func `a marker does not spare the wait, and without it there is nothing to wait for`() async throws {
    try await withInbox { folders in
      var terms = terms
      terms.marker = ".done"
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      try folders.drop("b.csv.done", "")
      var looker = InboxScanner(folders, terms)
      let look = looker.look(at: now).look
      #expect(look.kind(of: "a.csv") == .waitingForMarker)
      #expect(look.kind(of: "b.csv") == .minAge)
      #expect(looker.look(at: now.later(by: .seconds(11))).look.readyNames == ["b.csv"])
    }
  }

  @Test func `the look at the end of the wait comes by itself`() async throws {
    try await withInbox { folders in
      let terms = WatchOptions(pollInterval: .seconds(3600), settle: .zero, minAge: .milliseconds(400))
      try await withWatcher(folders, terms) { watcher in
        try folders.drop("a.csv")
        let look = try await watcher.look { !$0.ready.isEmpty }
        let file = try #require(look.ready.first)
        let status = try #require(FileStatus(path: folders.inbox + "/a.csv"))
        #expect(file.readySince.milliseconds >= status.changed / 1_000_000 + 400)
      }
    }
  }
}
