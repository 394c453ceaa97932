import Core
import Foundation
import Testing

@testable import Spool

/// What is ready when, with the clocks as arguments.
@Suite struct ReadinessTests {
  private let terms = WatchOptions(settle: .seconds(2))
  private let now = FileObservation.Moment.now

  @Test func `a file found at start is ready after two looks and the settle time`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var looker = InboxScanner(folders, terms)
      let first = looker.look(at: now)
      #expect(first.look.kind(of: "a.csv") == .settling)
      let due = try #require(first.due)
      #expect((.milliseconds(1900)...(.seconds(2))).contains(due))
      let second = looker.look(at: now.later(by: .seconds(1)))
      #expect(second.look.kind(of: "a.csv") == .settling)
      #expect(second.look.reason(for: "a.csv")?.hasSuffix(" s ago, settles after 2 s") == true)
      #expect(looker.look(at: now.later(by: .milliseconds(2100))).look.readyNames == ["a.csv"])
    }
  }

  @Test func `two looks are needed even for a file that is old`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var looker = InboxScanner(folders, terms)
      let later = now.later(by: .seconds(3600))
      #expect(looker.look(at: later).look.kind(of: "a.csv") == .settling)
      #expect(looker.look(at: later).look.readyNames == ["a.csv"])
    }
  }

  @Test func `a change starts the wait again`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var looker = InboxScanner(folders, terms)
      // Far ahead of the file's times by the wall clock, so that only what the looks see counts.
      var time = FileObservation.Moment(steady: now.steady, wall: 0)
      _ = looker.look(at: time)
      time = time.later(by: .seconds(3))
      try folders.write("a.csv", in: folders.inbox, "2\n", flags: O_APPEND)
      #expect(looker.look(at: time).look.kind(of: "a.csv") == .settling)
      time = time.later(by: .seconds(1))
      #expect(looker.look(at: time).look.kind(of: "a.csv") == .settling)
      time = time.later(by: .seconds(1))
      #expect(looker.look(at: time).look.readyNames == ["a.csv"])
      // So does another file under the same name.
      try folders.drop("b.tmp", "id\n1\n2\n")
      #expect(rename(folders.inbox + "/b.tmp", folders.inbox + "/a.csv") == 0)
      #expect(looker.look(at: time).look.kind(of: "a.csv") == .settling)
    }
  }

  @Test func `a time in the future holds a file up for no longer than the settle time`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.setModified("a.csv", secondsAgo: -86_400 * 365)
      var looker = InboxScanner(folders, terms)
      #expect(looker.look(at: now).look.kind(of: "a.csv") == .settling)
      #expect(looker.look(at: now.later(by: .seconds(1))).look.kind(of: "a.csv") == .settling)
      #expect(looker.look(at: now.later(by: .seconds(2))).look.readyNames == ["a.csv"])
    }
  }

  @Test func `times from another machine's clock do not shorten the wait`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let status = try #require(FileStatus(path: folders.inbox + "/a.csv"))
      let first = FileObservation.Moment(steady: now.steady, wall: now.wall + 3_600_000_000_000)
      var sighting = FileObservation(status, at: first, look: 1)
      func calm(after delay: Duration, hasOurTimes: Bool) -> FileObservation.Calm {
        sighting.calm(at: first.later(by: delay), settle: .seconds(2), looksWanted: 2, hasOurTimes: hasOurTimes)
      }
      sighting.see(status, at: first, look: 2)
      #expect(calm(after: .zero, hasOurTimes: true) == .settled)
      #expect(calm(after: .seconds(1), hasOurTimes: false) == .settling(age: .seconds(1), due: .seconds(1)))
      #expect(calm(after: .seconds(2), hasOurTimes: false) == .settled)
    }
  }

  @Test func `an event that tells of a whole arrival spares the wait`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      var looker = InboxScanner(folders, terms)
      looker.note(.arrivedWhole("a.csv"))
      looker.note(.arrivedWhole("b.csv"))
      looker.note(.appeared("b.csv"))
      let look = looker.look(at: now).look
      #expect(look.readyNames == ["a.csv"])
      #expect(look.kind(of: "b.csv") == .settling)
    }
  }

  @Test func `lost events make the wait necessary again`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      var looker = InboxScanner(folders, terms)
      looker.note(.arrivedWhole("a.csv"))
      _ = looker.look(at: now)
      looker.note(.arrivedWhole("b.csv"))
      looker.note(.lost)
      #expect(looker.look(at: now).look.unclaimed.map(\.kind) == [.settling, .settling])
    }
  }

  @Test func `an event counts for its own file, not for the next one of that name`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var looker = InboxScanner(folders, terms)
      looker.note(.arrivedWhole("a.csv"))
      #expect(looker.look(at: now).look.readyNames == ["a.csv"])
      // While no events come.
      try folders.drop("b.tmp", "other")
      #expect(rename(folders.inbox + "/b.tmp", folders.inbox + "/a.csv") == 0)
      #expect(looker.look(at: now).look.kind(of: "a.csv") == .settling)
      #expect(unlink(folders.inbox + "/a.csv") == 0)
      _ = looker.look(at: now)
      try folders.drop("a.csv")
      #expect(looker.look(at: now).look.kind(of: "a.csv") == .settling)
    }
  }

  @Test func `a file that was away is a new arrival, though it is the same file`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var looker = InboxScanner(folders, terms)
      looker.note(.arrivedWhole("a.csv"))
      #expect(looker.look(at: now).look.readyNames == ["a.csv"])
      #expect(rename(folders.inbox + "/a.csv", folders.root + "/a.csv") == 0)
      #expect(looker.look(at: now).look.ready.isEmpty)
      #expect(rename(folders.root + "/a.csv", folders.inbox + "/a.csv") == 0)
      #expect(looker.look(at: now).look.kind(of: "a.csv") == .settling)
    }
  }

  @Test func `with a marker a file waits for its marker and for nothing else`() async throws {
    try await withInbox { folders in
      let terms = WatchOptions(settle: .seconds(3600), marker: ".done")
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      try folders.drop("b.csv.done", "")
      try folders.drop("stray.csv.done", "")
      var looker = InboxScanner(folders, terms)
      let look = looker.look(at: now).look
      #expect(look.readyNames == ["b.csv"])
      #expect(look.reason(for: "a.csv") == "waiting for a.csv.done")
      #expect(look.kind(of: "b.csv.done") == .marker)
      #expect(look.reason(for: "stray.csv.done") == "marker without its file: stray.csv")
      // A writer that is still at it makes the marker's word a lie.
      let writer = try OtherProcess.writing(to: "b.csv", in: folders.inbox)
      #expect(looker.look(at: now).look.kind(of: "b.csv") == .openForWriting)
      writer.end()
      let ready = try folders.ready("b.csv", terms: terms)
      #expect(ready.marker == "b.csv.done")
      #expect(try folders.claim(ready, as: .example()) != nil)
      #expect(try folders.names(in: folders.inbox) == ["a.csv", "stray.csv.done"])
    }
  }

  @Test func `without a marker in the settings a marker is a file like any other`() async throws {
    try await withInbox { folders in
      try folders.drop("b.csv.done", "")
      #expect(Watcher.lookOnce(folders: folders, terms: .prompt).readyNames == ["b.csv.done"])
    }
  }

  @Test(.enabled(if: geteuid() == 0))
  func `where writers stay unknown, an event does not spare the wait`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .success) { [spool = spool as String] in
        // An ordinary user gets no lease on root's file.
        let folders = InboxFolders(spool: spool, inbox: "clients")
        #expect(chmod(folders.inbox, 0o755) == 0)
        try becomeNobody()
        var looker = InboxScanner(folders, WatchOptions(settle: .seconds(2)))
        let now = FileObservation.Moment.now
        looker.note(.arrivedWhole("a.csv"))
        #expect(looker.look(at: now).look.kind(of: "a.csv") == .settling)
        #expect(looker.look(at: now.later(by: .seconds(3))).look.readyNames == ["a.csv"])
      }
    }
  }

  @Test(.enabled(if: geteuid() == 0))
  func `a file that cannot be read is left where it is, with the reason`() async throws {
    try await withInbox { folders in
      try folders.drop("secret.csv")
      #expect(chmod(folders.inbox + "/secret.csv", 0o600) == 0)
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .success) { [spool = spool as String] in
        let folders = InboxFolders(spool: spool, inbox: "clients")
        #expect(chmod(folders.inbox, 0o755) == 0)
        try becomeNobody()
        let look = Watcher.lookOnce(folders: folders, terms: .prompt)
        #expect(look.ready.isEmpty)
        #expect(
          look.unclaimed == [
            UnreadyFile(name: "secret.csv", kind: .unreadable, reason: "can't be read: permission denied")
          ])
      }
    }
  }

  @Test func `a writer that opens the file while it is asked about does not end the process`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      await #expect(processExitsWith: .success) { [path = folders.inbox + "/a.csv" as String] in
        let writer = Thread {
          while true {
            let descriptor = open(path, O_WRONLY)
            if descriptor >= 0 { close(descriptor) }
          }
        }
        writer.start()
        let descriptor = open(path, O_RDONLY)
        // On a busy machine it takes a while until both threads have met in both orders.
        var seen: Set<OpenWriterCheck> = []
        let deadline = ContinuousClock.now + .seconds(20)
        var count = 0
        while count < 20_000 || seen.count < 2, ContinuousClock.now < deadline {
          seen.insert(OpenWriterCheck(of: descriptor))
          count += 1
        }
        #expect(seen.contains(.some))
        #expect(seen.contains(.none))
      }
    }
  }
}

/// For exit tests that run as root.
func becomeNobody() throws {
  guard setgroups(0, nil) == 0, setgid(65_534) == 0, setuid(65_534) == 0 else { throw Trouble("errno \(errno)") }
}
