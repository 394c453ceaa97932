import Core
import Foundation
import Testing

@testable import Spool

@Suite struct ClaimTests {
  @Test func `a claimed file is in work under its id, open at its start`() async throws {
    try await withInbox { folders in
      try folders.drop("clients.csv", "id\n1\n")
      let claimed = try folders.claim("clients.csv")
      #expect(try folders.names(in: folders.inbox).isEmpty)
      #expect(try folders.names(in: folders.work) == [claimed.workName])
      #expect(claimed.workName.display == "\(FileID.example()).clients.csv")
      #expect(claimed.size == 5)
      var bytes = [UInt8](repeating: 0, count: 10)
      #expect(read(claimed.descriptor, &bytes, 10) == 5)
      #expect(fcntl(claimed.descriptor, F_GETFD) & FD_CLOEXEC != 0)
      #expect(!claimed.hasChanged())
    }
  }

  @Test func `a file that vanished since the scan is not claimed`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let ready = try folders.ready("a.csv")
      #expect(unlink(folders.inbox + "/a.csv") == 0)
      #expect(try folders.claim(ready, as: .example()) == nil)
      #expect(try folders.names(in: folders.work).isEmpty)
    }
  }

  @Test(arguments: ["link", "fifo", "folder"])
  func `what took a file's place since the scan is not claimed and not followed`(kind: String) async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.write("outside.csv", in: folders.root, "id\n1\n")
      let ready = try folders.ready("a.csv")
      let path = folders.inbox + "/a.csv"
      #expect(unlink(path) == 0)
      switch kind {
      case "link": #expect(symlink("../outside.csv", path) == 0)
      case "fifo": #expect(mkfifo(path, 0o666) == 0)
      default: #expect(mkdir(path, 0o777) == 0)
      }
      #expect(try folders.claim(ready, as: .example()) == nil)
      #expect(try folders.names(in: folders.inbox) == ["a.csv"])
      #expect(try folders.names(in: folders.work).isEmpty)
      #expect(try folders.contents("outside.csv", in: folders.root) == "id\n1\n")
    }
  }

  @Test func `a file that was swapped or written to since the scan is judged anew`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv", "id\n1\n")
      let swapped = try folders.ready("a.csv")
      try folders.drop("b.tmp", "id\n1\n")
      #expect(rename(folders.inbox + "/b.tmp", folders.inbox + "/a.csv") == 0)
      #expect(try folders.claim(swapped, as: .example()) == nil)
      let grown = try folders.ready("a.csv")
      try folders.write("a.csv", in: folders.inbox, "2\n", flags: O_APPEND)
      #expect(try folders.claim(grown, as: .example()) == nil)
      #expect(try folders.contents("a.csv", in: folders.inbox) == "id\n1\n2\n")
      #expect(try folders.names(in: folders.work).isEmpty)
    }
  }

  @Test func `a file that a writer has opened since the scan is put back`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("a.csv.done", "")
      let ready = try folders.ready("a.csv", options: WatchOptions(marker: ".done"))
      let writer = try OtherProcess.writing(to: "a.csv", in: folders.inbox)
      #expect(try folders.claim(ready, as: .example()) == nil)
      #expect(try folders.names(in: folders.inbox) == ["a.csv", "a.csv.done"])
      writer.end()
      #expect(try folders.claim(ready, as: .example()) != nil)
      #expect(try folders.names(in: folders.inbox).isEmpty)
    }
  }

  @Test func `claiming never overwrites what is in work`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv", "new")
      let ready = try folders.ready("a.csv")
      try folders.write(ResultNames(dropped: "a.csv", id: .example()).work, in: folders.work, "old")
      #expect(throws: InboxError.self) { try folders.claim(ready, as: .example()) }
      #expect(try folders.contents("a.csv", in: folders.inbox) == "new")
    }
  }

  @Test(arguments: [228, 229, 255]) func `a name too long for work is kept whole all the same`(
    length: Int
  ) async throws {
    try await withInbox { folders in
      let name = try #require(FileName(String(repeating: "n", count: length - 4) + ".csv"))
      try folders.drop(name)
      let claimed = try folders.claim(name)
      #expect(claimed.name == name)
      #expect(claimed.workName.bytes.count == min(255, length + 27))
      #expect(try folders.names(in: folders.work).count == (length > 228 ? 2 : 1))
      #expect(try folders.workFiles() == [claimed.work])
      // A start finds it like that, and cleans up nothing that is needed.
      try folders.prepare()
      let stray = WorkFile.sideFile(of: .example(9))
      try folders.write(stray, in: folders.work, "a name that nobody needs any more")
      try folders.removeStrayNames(olderThan: .seconds(60))
      #expect(try folders.names(in: folders.work).contains(stray))
      try folders.removeStrayNames(olderThan: .zero)
      #expect(try !folders.names(in: folders.work).contains(stray))
      #expect(try folders.workFiles() == [claimed.work])
      if length == 229 {
        try folders.giveBack(claimed)
        #expect(try folders.names(in: folders.inbox) == [name])
      } else {
        try folders.archive(claimed.work, as: ResultNames(dropped: name, id: claimed.id).archive)
      }
      #expect(try folders.names(in: folders.work).isEmpty)
    }
  }

  @Test func `the next start finds what was claimed, by id, and can open it`() async throws {
    try await withInbox { folders in
      for (number, name) in (["c.csv", "a.csv", "b.csv"] as [FileName]).enumerated() {
        try folders.drop(name)
        _ = try folders.claim(name, as: .example(UInt128(number)))
      }
      try folders.write("notes.txt", in: folders.work, "somebody's own")
      #expect(mkfifo(folders.work + "/\(FileID.example(9)).fifo.csv", 0o600) == 0)
      let found = try folders.workFiles()
      #expect(found.map(\.dropped) == ["c.csv", "a.csv", "b.csv"])
      let reopened = try #require(try folders.reopen(found[0]))
      #expect(reopened.size == 5)
      #expect(!reopened.hasChanged())
      #expect(unlink(found[1].name.path(in: folders.work)) == 0)
      #expect(try folders.reopen(found[1]) == nil)
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func `a claimed file that may not be read any more is not taken for gone`()
    async throws
  {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let work = try folders.claim("a.csv").work
      #expect(chmod(folders.work, 0o755) == 0)
      #expect(chmod(folders.work + "/" + work.name.display, 0o600) == 0)
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .success) { [spool = spool as String] in
        let folders = InboxFolders(spool: spool, inbox: "clients")
        try becomeNobody()
        let work = try #require(try folders.workFiles().first)
        let error = #expect(throws: InboxError.self) { try folders.reopen(work) }
        #expect(error?.reason == "permission denied")
        #expect(error?.mayPass == false)
      }
    }
  }

  @Test func `a marker that a crash left behind goes when its file is opened again`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      let work = try [folders.claim("a.csv", as: .example(1)).work, folders.claim("b.csv", as: .example(2)).work]
      try folders.drop("a.csv.done", "")
      // This one belongs to a file that was dropped since.
      try folders.drop("b.csv.done", "")
      try folders.drop("b.csv")
      for file in work { #expect(try folders.reopen(file, marker: ".done") != nil) }
      #expect(try folders.names(in: folders.inbox) == ["b.csv", "b.csv.done"])
    }
  }

  @Test func `a file that is written to while it is read has changed`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let claimed = try folders.claim("a.csv")
      // Nothing written yet, but about to be.
      let writer = try OtherProcess.writing(to: claimed.workName, in: folders.work)
      #expect(claimed.hasChanged())
      writer.end()
      #expect(!claimed.hasChanged())
      try folders.write(claimed.workName, in: folders.work, "3\n", flags: O_APPEND)
      #expect(claimed.hasChanged())
    }
  }

  @Test func `a file that is deleted or replaced while it is read has changed`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let claimed = try folders.claim("a.csv")
      #expect(link(claimed.workName.path(in: folders.work), folders.root + "/second name") == 0)
      try folders.write("other", in: folders.work, "id\n1\n")
      #expect(rename(folders.work + "/other", folders.work + "/" + claimed.workName.display) == 0)
      #expect(claimed.hasChanged())
      #expect(unlink(claimed.workName.path(in: folders.work)) == 0)
      #expect(claimed.hasChanged())
    }
  }

  @Test func `a file is given back under its name, unless that is taken`() async throws {
    try await withInbox { folders in
      let name = try #require(FileName(bytes: [0x61, 0xff, 0x0a]))
      try folders.drop(name, "first")
      let claimed = try folders.claim(name)
      try folders.drop(name, "second")
      #expect(throws: InboxError.self) { try folders.giveBack(claimed) }
      #expect(try folders.contents(name, in: folders.inbox) == "second")
      #expect(try folders.workFiles() == [claimed.work])
      #expect(unlink(name.path(in: folders.inbox)) == 0)
      try folders.giveBack(claimed)
      #expect(try folders.contents(name, in: folders.inbox) == "first")
      #expect(try folders.workFiles().isEmpty)
    }
  }

  @Test(arguments: ["taken", "removed", "no work", "no inbox"])
  func `why a file is not given back is told`(what: String) async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let claimed = try folders.claim("a.csv")
      let inWork = claimed.workName.path(in: folders.work)
      switch what {
      case "taken": try folders.drop("a.csv", "second")
      case "removed": #expect(unlink(inWork) == 0)
      case "no work": #expect(rename(folders.work, folders.root + "/elsewhere") == 0)
      default: #expect(rmdir(folders.inbox) == 0)
      }
      #expect(folders.isGone(claimed.work) == (what == "removed"))
      let error = #expect(throws: InboxError.self) { try folders.giveBack(claimed) }
      switch what {
      case "taken":
        #expect(error?.code == .taken)
        #expect(error?.description == "put back \"\(folders.inbox)/a.csv\": the file changed, and its name is taken")
      case "removed":
        #expect(error?.code == .missing)
        #expect(error?.path == folders.work + "/" + claimed.workName.display)
      default:
        #expect(error?.code == .unusableFolder, "a disk may come back, with the file on it")
        #expect(error?.path == folders.inbox + "/a.csv")
      }
    }
  }
}
