import CLinux
import Core
import Foundation
import Testing

@testable import Spool

@Suite struct WatcherTests {
  /// So slow that only an event can make a scan come, and only an event can spare the wait.
  private let slow = WatchOptions(pollInterval: .seconds(3600), settle: .seconds(3600))

  @Test func `a file that is written and closed is ready at once`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        try folders.drop("a.csv")
        let scan = try await watcher.scan { !$0.ready.isEmpty }
        #expect(scan.readyNames == ["a.csv"])
      }
    }
  }

  @Test func `a file that is renamed into the folder, or within it, is ready at once`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        try folders.write("a.csv", in: folders.root, "id\n")
        #expect(rename(folders.root + "/a.csv", folders.inbox + "/a.csv") == 0)
        try folders.drop("b.csv.tmp")
        #expect(rename(folders.inbox + "/b.csv.tmp", folders.inbox + "/b.csv") == 0)
        let scan = try await watcher.scan { $0.ready.count == 2 }
        #expect(Set(scan.readyNames) == ["a.csv", "b.csv"])
      }
    }
  }

  @Test func `a file that another process has open is ready once it is closed`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        let writer = try OtherProcess.writing("id", to: "a.csv", in: folders.inbox)
        let scan = try await watcher.scan { !$0.unclaimed.isEmpty }
        #expect(scan.ready.isEmpty)
        writer.end()
        #expect(try await watcher.scan { !$0.ready.isEmpty }.readyNames == ["a.csv"])
      }
    }
  }

  @Test func `with two writers a file is ready when the second is done`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        let first = try OtherProcess.writing("id", to: "a.csv", in: folders.inbox)
        let second = try OtherProcess.writing("id", to: "a.csv", in: folders.inbox)
        first.end()
        #expect(try await watcher.scan { $0.kind(of: "a.csv") == .openForWriting }.ready.isEmpty)
        second.end()
        #expect(try await watcher.scan { !$0.ready.isEmpty }.readyNames == ["a.csv"])
      }
    }
  }

  @Test func `what was there at the start settles, without losing a poll interval`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let options = WatchOptions(pollInterval: .seconds(3600), settle: .milliseconds(200))
      try await withWatcher(folders, options) { watcher in
        let began = ContinuousClock.now
        let scan = try await watcher.scan { !$0.ready.isEmpty }
        #expect(scan.readyNames == ["a.csv"])
        #expect(ContinuousClock.now - began < .seconds(10))
      }
    }
  }

  @Test func `polls alone find a file whose events say nothing`() async throws {
    try await withInbox { folders in
      let options = WatchOptions(pollInterval: .milliseconds(50), settle: .milliseconds(100))
      try await withWatcher(folders, options) { watcher in
        // A hard link is neither a completed write nor a rename.
        try folders.write("a.csv", in: folders.root, "id\n")
        #expect(link(folders.root + "/a.csv", folders.inbox + "/a.csv") == 0)
        #expect(try await watcher.scan { !$0.ready.isEmpty }.readyNames == ["a.csv"])
        // Looks go on without events, and list again what nobody took.
        for _ in 0..<3 { #expect(try await watcher.scan { _ in true }.readyNames == ["a.csv"]) }
      }
    }
  }

  @Test func `a marker makes its file ready at once`() async throws {
    try await withInbox { folders in
      var options = slow
      options.marker = ".done"
      try folders.drop("a.csv")
      try await withWatcher(folders, options) { watcher in
        #expect(try await watcher.scan { _ in true }.kind(of: "a.csv") == .waitingForMarker)
        try folders.drop("a.csv.done", "")
        #expect(try await watcher.scan { !$0.ready.isEmpty }.readyNames == ["a.csv"])
      }
    }
  }

  @Test func `a file that is given back waits to be left alone, and a new arrival does not`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        try folders.drop("a.csv")
        let scan = try await watcher.scan { !$0.ready.isEmpty }
        let claimed = try #require(try folders.claim(scan.ready[0], as: .example()))
        try folders.giveBack(claimed)
        #expect(await watcher.scanNow().kind(of: "a.csv") == .settling)
        #expect(await watcher.scanNow().kind(of: "a.csv") == .settling)
        // Its writer comes back and ends what it does.
        try folders.write("a.csv", in: folders.inbox, "2\n", flags: O_APPEND)
        #expect(await watcher.scanNow().readyNames == ["a.csv"])
      }
    }
  }

  @Test func `a ready file that a writer opens again is found out by claiming it`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        try folders.drop("a.csv")
        let scan = try await watcher.scan { !$0.ready.isEmpty }
        let writer = try OtherProcess.writing(to: "a.csv", in: folders.inbox)
        #expect(try folders.claim(scan.ready[0], as: .example()) == nil)
        #expect(await watcher.scanNow().kind(of: "a.csv") == .settling)
        writer.end()
        #expect(await watcher.scanNow().readyNames == ["a.csv"])
      }
    }
  }

  @Test func `a ready file whose owner closes it to others is looked at again`() async throws {
    try await withInbox { folders in
      var scanner = InboxScanner(folders, WatchOptions(settle: .zero), scansWanted: 1)
      try folders.drop("a.csv")
      #expect(scanner.scan(at: .now, hasEvents: true).scan.readyNames == ["a.csv"])
      let writer = try OtherProcess.writing(to: "a.csv", in: folders.inbox)
      // Without a word from the kernel it is not opened again, and with one it is.
      #expect(scanner.scan(at: .now, hasEvents: true).scan.readyNames == ["a.csv"])
      scanner.note(.touched("a.csv"))
      #expect(scanner.scan(at: .now, hasEvents: true).scan.kind(of: "a.csv") == .openForWriting)
      writer.end()
      // Without events each scan asks.
      #expect(scanner.scan(at: .now).scan.readyNames == ["a.csv"])
      let other = try OtherProcess.writing(to: "a.csv", in: folders.inbox)
      #expect(scanner.scan(at: .now).scan.kind(of: "a.csv") == .openForWriting)
      other.end()
    }
  }

  @Test func `a folder that is made anew is watched anew`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        #expect(rename(folders.inbox, folders.root + "/old") == 0)
        #expect(await watcher.scanNow().fault?.code == .unusableFolder)
        #expect(mkdir(folders.inbox, 0o770) == 0)
        #expect(await watcher.scanNow().fault == nil)
        try folders.drop("a.csv")
        #expect(try await watcher.scan { !$0.ready.isEmpty }.readyNames == ["a.csv"])
      }
    }
  }

  @Test func `folders that are moved away stay away, whenever the watcher scans`() async throws {
    try await withInbox { folders in
      let away = folders.root + "-away"
      try await withWatcher(folders, WatchOptions(pollInterval: .milliseconds(1), settle: .zero)) { watcher in
        for _ in 0..<2_000 {
          try #require(rename(folders.root, away) == 0)
          #expect(await watcher.scanNow().fault != nil)
          // Onto another folder's name, even an empty one's, this fails.
          try #require(clinux_rename_new(away, folders.root) == 0)
        }
      }
    }
  }

  @Test func `preparing folders again makes no inbox in the place of one that was moved away`() async throws {
    try await withInbox { folders in
      try #require(rename(folders.root, folders.root + "-away") == 0)
      #expect(throws: InboxError.self) { try folders.prepare(createsInbox: false) }
      #expect(access(folders.root, F_OK) != 0)
    }
  }

  @Test func `more events than the queue holds make files settle, and lose none`() async throws {
    let limit = try String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
    let most = try #require(Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)))
    try await withInbox { folders in
      let events = try #require(FolderEvents(folders.inbox))
      defer { close(events.descriptor) }
      let descriptor = open(folders.inbox + "/a.csv", O_CREAT | O_WRONLY, 0o644)
      // The kernel merges an event with an equal one just before it, so the modes alternate with times.
      for _ in 0..<(most / 2 + 10) {
        fchmod(descriptor, 0o600)
        #expect(link(folders.inbox + "/a.csv", folders.inbox + "/b.csv") == 0)
        #expect(unlink(folders.inbox + "/b.csv") == 0)
      }
      close(descriptor)
      let seen = events.drain()
      #expect(seen.contains(.lost))
      // The same queue goes on.
      try folders.drop("c.csv")
      #expect(events.drain().contains(.arrivedWhole("c.csv")))
    }
  }

  @Test func `a stream of events does not make the scans fill the time`() async throws {
    try await withInbox { folders in
      try await withWatcher(folders, slow) { watcher in
        for number in 0..<500 { try folders.drop(try #require(FileName("\(number).csv"))) }
        let scan = try await watcher.scan { $0.ready.count == 500 }
        #expect(scan.unclaimed.isEmpty)
      }
    }
  }

  @Test func `after its end, or when it is forgotten, a watcher scans no more and keeps no descriptor`() async throws {
    try await withInbox { folders in
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .success) { [spool = spool as String] in
        let folders = InboxFolders(spool: spool, inbox: "clients")
        let options = WatchOptions(pollInterval: .milliseconds(5))
        for ends in [true, true, false, false] {
          let watcher = Watcher(folders: folders, options: options)
          await watcher.start()
          await watcher.start()
          #expect(try inotifies() == 1)
          if ends {
            await watcher.stop()
            var count = 0
            for await _ in watcher.scans { count += 1 }
            #expect(count <= 1)
          }
          _ = consume watcher
          let deadline = ContinuousClock.now + .seconds(10)
          while try inotifies() > 0, ContinuousClock.now < deadline { await Task.yield() }
          #expect(try inotifies() == 0)
        }
      }
    }
  }
}

/// How many inotify descriptors this process has open.
private func inotifies() throws -> Int {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)) == "anon_inode:inotify"
  }
}
