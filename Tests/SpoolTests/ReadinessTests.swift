import Core
import Foundation
import Testing

@testable import Spool

/// What is ready when, with the clocks as arguments.
@Suite struct ReadinessTests {
  private let options = WatchOptions(settle: .seconds(2))
  private let now = FileObservation.Moment.now

  @Test func `a file found at start is ready after two scans and the settle time`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var scanner = InboxScanner(folders, options)
      let first = scanner.scan(at: now)
      #expect(first.scan.kind(of: "a.csv") == .settling)
      let due = try #require(first.due)
      #expect((.milliseconds(1900)...(.seconds(2))).contains(due))
      let second = scanner.scan(at: now.later(by: .seconds(1)))
      #expect(second.scan.kind(of: "a.csv") == .settling)
      #expect(second.scan.reason(for: "a.csv")?.hasSuffix(" s ago, settles after 2 s") == true)
      #expect(scanner.scan(at: now.later(by: .milliseconds(2100))).scan.readyNames == ["a.csv"])
    }
  }

  @Test func `two scans are needed even for a file that is old`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var scanner = InboxScanner(folders, options)
      let later = now.later(by: .seconds(3600))
      #expect(scanner.scan(at: later).scan.kind(of: "a.csv") == .settling)
      #expect(scanner.scan(at: later).scan.readyNames == ["a.csv"])
    }
  }

  @Test func `a change starts the wait again`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var scanner = InboxScanner(folders, options)
      // Far ahead of the file's times by the wall clock, so that only what the scans see counts.
      var time = FileObservation.Moment(steady: now.steady, wall: 0)
      _ = scanner.scan(at: time)
      time = time.later(by: .seconds(3))
      try folders.write("a.csv", in: folders.inbox, "2\n", flags: O_APPEND)
      #expect(scanner.scan(at: time).scan.kind(of: "a.csv") == .settling)
      time = time.later(by: .seconds(1))
      #expect(scanner.scan(at: time).scan.kind(of: "a.csv") == .settling)
      time = time.later(by: .seconds(1))
      #expect(scanner.scan(at: time).scan.readyNames == ["a.csv"])
      // So does another file under the same name.
      try folders.drop("b.tmp", "id\n1\n2\n")
      #expect(rename(folders.inbox + "/b.tmp", folders.inbox + "/a.csv") == 0)
      #expect(scanner.scan(at: time).scan.kind(of: "a.csv") == .settling)
    }
  }

  @Test func `a time in the future holds a file up for no longer than the settle time`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.setModified("a.csv", secondsAgo: -86_400 * 365)
      var scanner = InboxScanner(folders, options)
      #expect(scanner.scan(at: now).scan.kind(of: "a.csv") == .settling)
      #expect(scanner.scan(at: now.later(by: .seconds(1))).scan.kind(of: "a.csv") == .settling)
      #expect(scanner.scan(at: now.later(by: .seconds(2))).scan.readyNames == ["a.csv"])
    }
  }

  @Test func `times from another machine's clock do not shorten the wait`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let status = try #require(FileStatus(path: folders.inbox + "/a.csv"))
      let first = FileObservation.Moment(steady: now.steady, wall: now.wall + 3_600_000_000_000)
      var sighting = FileObservation(status, at: first, scan: 1)
      func calm(after delay: Duration, hasOurTimes: Bool) -> FileObservation.Calm {
        sighting.calm(at: first.later(by: delay), settle: .seconds(2), scansWanted: 2, hasOurTimes: hasOurTimes)
      }
      sighting.see(status, at: first, scan: 2)
      #expect(calm(after: .zero, hasOurTimes: true) == .settled)
      #expect(calm(after: .seconds(1), hasOurTimes: false) == .settling(age: .seconds(1), due: .seconds(1)))
      #expect(calm(after: .seconds(2), hasOurTimes: false) == .settled)
    }
  }

  @Test func `an event that tells of a whole arrival spares the wait`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      var scanner = InboxScanner(folders, options)
      scanner.note(.arrivedWhole("a.csv"))
      scanner.note(.arrivedWhole("b.csv"))
      scanner.note(.appeared("b.csv"))
      let scan = scanner.scan(at: now).scan
      #expect(scan.readyNames == ["a.csv"])
      #expect(scan.kind(of: "b.csv") == .settling)
    }
  }

  @Test func `lost events make the wait necessary again`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      var scanner = InboxScanner(folders, options)
      scanner.note(.arrivedWhole("a.csv"))
      _ = scanner.scan(at: now)
      scanner.note(.arrivedWhole("b.csv"))
      scanner.note(.lost)
      #expect(scanner.scan(at: now).scan.unclaimed.map(\.kind) == [.settling, .settling])
    }
  }

  @Test func `an event counts for its own file, not for the next one of that name`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var scanner = InboxScanner(folders, options)
      scanner.note(.arrivedWhole("a.csv"))
      #expect(scanner.scan(at: now).scan.readyNames == ["a.csv"])
      // While no events come.
      try folders.drop("b.tmp", "other")
      #expect(rename(folders.inbox + "/b.tmp", folders.inbox + "/a.csv") == 0)
      #expect(scanner.scan(at: now).scan.kind(of: "a.csv") == .settling)
      #expect(unlink(folders.inbox + "/a.csv") == 0)
      _ = scanner.scan(at: now)
      try folders.drop("a.csv")
      #expect(scanner.scan(at: now).scan.kind(of: "a.csv") == .settling)
    }
  }

  @Test func `a file that was away is a new arrival, though it is the same file`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var scanner = InboxScanner(folders, options)
      scanner.note(.arrivedWhole("a.csv"))
      #expect(scanner.scan(at: now).scan.readyNames == ["a.csv"])
      #expect(rename(folders.inbox + "/a.csv", folders.root + "/a.csv") == 0)
      #expect(scanner.scan(at: now).scan.ready.isEmpty)
      #expect(rename(folders.root + "/a.csv", folders.inbox + "/a.csv") == 0)
      #expect(scanner.scan(at: now).scan.kind(of: "a.csv") == .settling)
    }
  }

  @Test func `with a marker a file waits for its marker and for nothing else`() async throws {
    try await withInbox { folders in
      let options = WatchOptions(settle: .seconds(3600), marker: ".done")
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      try folders.drop("b.csv.done", "")
      try folders.drop("stray.csv.done", "")
      var scanner = InboxScanner(folders, options)
      let scan = scanner.scan(at: now).scan
      #expect(scan.readyNames == ["b.csv"])
      #expect(scan.reason(for: "a.csv") == "waiting for a.csv.done")
      #expect(scan.kind(of: "b.csv.done") == .marker)
      #expect(scan.reason(for: "stray.csv.done") == "marker without its file: stray.csv")
      // A writer that is still writing makes the marker wrong.
      let writer = try OtherProcess.writing(to: "b.csv", in: folders.inbox)
      #expect(scanner.scan(at: now).scan.kind(of: "b.csv") == .openForWriting)
      writer.end()
      let ready = try folders.ready("b.csv", options: options)
      #expect(ready.marker == "b.csv.done")
      #expect(try folders.claim(ready, as: .example()) != nil)
      #expect(try folders.names(in: folders.inbox) == ["a.csv", "stray.csv.done"])
    }
  }

  @Test func `without a marker in the settings a marker is a file like any other`() async throws {
    try await withInbox { folders in
      try folders.drop("b.csv.done", "")
      #expect(Watcher.scanOnce(folders: folders, options: .prompt).readyNames == ["b.csv.done"])
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
        var scanner = InboxScanner(folders, WatchOptions(settle: .seconds(2)))
        let now = FileObservation.Moment.now
        scanner.note(.arrivedWhole("a.csv"))
        #expect(scanner.scan(at: now).scan.kind(of: "a.csv") == .settling)
        #expect(scanner.scan(at: now.later(by: .seconds(3))).scan.readyNames == ["a.csv"])
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
        let scan = Watcher.scanOnce(folders: folders, options: .prompt)
        #expect(scan.ready.isEmpty)
        #expect(
          scan.unclaimed == [
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
