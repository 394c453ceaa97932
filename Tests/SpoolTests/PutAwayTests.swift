import Core
import Foundation
import Testing

@testable import Spool

@Suite struct PutAwayTests {
  @Test func `an original goes to the archive once, however often it is told to`() async throws {
    try await withInbox { folders in
      try folders.drop("clients.csv", "id\n1\n")
      let work = try folders.claim("clients.csv").work
      let name = ResultNames(dropped: work.dropped, id: work.id).archive
      for _ in 0..<2 { try folders.archive(work, as: name) }
      #expect(try folders.names(in: folders.archive) == [name])
      #expect(try folders.contents(name, in: folders.archive) == "id\n1\n")
      #expect(try folders.names(in: folders.work).isEmpty)
    }
  }

  @Test func `a file that could not be used is set aside whole`() async throws {
    try await withInbox { folders in
      try folders.drop("clients.csv.gz", "not gzip")
      let work = try folders.claim("clients.csv.gz").work
      let name = ResultNames(dropped: work.dropped, id: work.id).unusable
      for _ in 0..<2 { try folders.setAside(work, as: name) }
      #expect(name.display == "clients.\(work.id).csv.gz")
      #expect(try folders.contents(name, in: folders.rejected) == "not gzip")
    }
  }

  @Test func `a file that is nowhere is missed`() async throws {
    try await withInbox { folders in
      let work = WorkFile(id: .example(), name: "gone", dropped: "gone.csv")
      let error = #expect(throws: InboxError.self) { try folders.archive(work, as: "gone.csv") }
      #expect(error?.code == .missing)
      #expect(error?.description == "archive \"\(folders.work)/gone\": no such file or directory")
    }
  }

  @Test func `the archive loses what is older than it is to be kept, and nothing that is not ours`() async throws {
    try await withInbox { folders in
      try folders.drop("clients.csv")
      try folders.drop("plain")
      for (number, name) in (["clients.csv", "plain"] as [FileName]).enumerated() {
        let work = try folders.claim(name, as: .example(UInt128(number))).work
        try folders.archive(work, as: ResultNames(dropped: name, id: work.id).archive)
      }
      try folders.write("mine.csv", in: folders.archive, "somebody's own")
      let now = Timestamp(milliseconds: FileObservation.Moment.now.wall / 1_000_000)
      let age = Duration.seconds(30 * 86_400)
      #expect(try folders.discard(from: folders.archive, olderThan: age, now: now + .seconds(29 * 86_400)) == 0)
      #expect(try folders.discard(from: folders.archive, olderThan: age, now: now + .seconds(31 * 86_400)) == 2)
      #expect(try folders.names(in: folders.archive) == ["mine.csv"])
    }
  }

  @Test func `the folders get modes that a group can work with, and that keep its members apart`() async throws {
    try await withInbox { folders in
      func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
      }
      #expect(mode(folders.inbox) == 0o3770)
      #expect(mode(folders.receipts) == 0o3770)
      #expect(mode(folders.rejected) == 0o2770)
      #expect(mode(folders.archive) == 0o2750)
      #expect(mode(folders.work) == 0o700)
      #expect(folders.rejected == folders.root + "/outbox/rejected")
      #expect(mode(folders.accepted) == 0, "only an inbox that lists accepted items has it")
      let listing = InboxFolders(
        spool: folders.root + "/..", inbox: String(folders.root.split(separator: "/").last ?? ""), listsAccepted: true)
      try listing.prepare()
      #expect(mode(folders.accepted) == 0o2750)
      #expect(rmdir(folders.accepted) == 0)
      try folders.prepareAccepted()
      #expect(mode(folders.accepted) == 0o2750)
      #expect(folders.advice == [])
      // Folders of an earlier version had others.
      for folder in [folders.inbox, folders.receipts] { #expect(chmod(folder, 0o2770) == 0) }
      #expect(chmod(folders.work, 0o755) == 0)
      #expect(folders.advice.count == 3)
      try folders.prepare()
      #expect(mode(folders.inbox) == 0o3770)
      #expect(mode(folders.receipts) == 0o3770)
      #expect(mode(folders.work) == 0o700)
      #expect(folders.advice == [])
      for folder in [folders.inbox, folders.work, folders.receipts, folders.rejected, folders.archive] {
        #expect(try folders.names(in: folder).isEmpty)
      }
    }
  }

  @Test func `folders are given to the group that drops files, but for work/`() async throws {
    try #require(geteuid() == 0, "this test needs root, to give folders to a group")
    try await withInbox { folders in
      try folders.prepare(group: 61_002)
      for folder in folders.modes where folder.path != folders.accepted {
        var status = stat()
        #expect(stat(folder.path, &status) == 0)
        #expect(status.st_mode & 0o7777 == folder.mode, "\(folder.path)")
        #expect((status.st_gid == 61_002) == (folder.path != folders.work), "\(folder.path)")
      }
    }
  }

  @Test func `a folder that is somebody else's keeps its mode, and the advice names the command`() async throws {
    try #require(geteuid() == 0, "this test needs root, to give folders away")
    try await withInbox { folders in
      #expect(chmod(folders.inbox, 0o777) == 0 && chown(folders.inbox, 61_003, 61_003) == 0)
      try folders.prepare(group: 61_002)
      var status = stat()
      #expect(stat(folders.inbox, &status) == 0)
      #expect(status.st_mode & 0o7777 == 0o777 && status.st_gid == 61_003)
      let advice = try #require(folders.advice.first)
      #expect(folders.advice.count == 1)
      #expect(advice.contains("has mode 0777") && advice.hasSuffix("run chmod 3770 \"\(folders.inbox)\""), "\(advice)")
    }
  }

  /// /dev/shm is a filesystem of its own; the temporary folder may be on it, too.
  private static var hasTwoFilesystems: Bool {
    FileStatus(path: "/dev/shm/.")?.device != FileStatus(path: NSTemporaryDirectory() + "/.")?.device
  }

  @Test(.enabled(if: hasTwoFilesystems)) func `folders on two filesystems are refused`() async throws {
    try await withTemporaryFolder { folder in
      let elsewhere = "/dev/shm/upsertd-inbox-" + UUID().uuidString
      #expect(mkdir(elsewhere, 0o700) == 0)
      defer { rmdir(elsewhere) }
      let folders = InboxFolders(spool: folder, inbox: "clients")
      #expect(mkdir(folders.root, 0o755) == 0)
      #expect(symlink(elsewhere, folders.archive) == 0)
      let error = #expect(throws: InboxError.self) { try folders.prepare() }
      #expect(error?.code == .notOneFilesystem)
      #expect(error?.path == folders.archive)
      #expect(error?.reason.hasSuffix("all of \"\(folders.root)\" must be on the same one") == true)
      let left = try folders.names(in: folders.rejected)
      #expect(left.isEmpty)
    }
  }

  @Test func `a file where a folder should be is refused`() async throws {
    try await withTemporaryFolder { folder in
      let folders = InboxFolders(spool: folder, inbox: "clients")
      #expect(mkdir(folders.root, 0o755) == 0)
      try folders.write("work", in: folders.root, "")
      let error = #expect(throws: InboxError.self) { try folders.prepare() }
      #expect(error?.code == .unusableFolder)
      #expect(error?.description == "prepare \"\(folders.work)\": is not a folder")
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func `a folder that cannot be written to is refused`() async throws {
    try await withInbox { folders in
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .success) { [spool = spool as String] in
        let folders = InboxFolders(spool: spool, inbox: "clients")
        for folder in [folders.inbox, folders.work, folders.receipts, folders.rejected] {
          #expect(chown(folder, 65_534, 65_534) == 0)
        }
        #expect(chmod(folders.archive, 0o755) == 0)
        try becomeNobody()
        let error = #expect(throws: InboxError.self) { try folders.prepare() }
        #expect(error?.code == .unusableFolder)
        #expect(error?.path == folders.archive)
        #expect(error?.reason.hasPrefix("permission denied; ") == true)
      }
    }
  }

  @Test func `a rejects file is found under each name that it may have, to be dropped again`() async throws {
    try await withInbox { folders in
      let names = ResultNames(dropped: "positions.dat.gz", id: .example())
      #expect(try folders.rejects(of: names, formats: ["csv"]) == nil)
      for name in [
        names.rejected(format: nil), names.rejected(format: nil, marksGzip: true), names.rejected(format: "csv"),
        names.rejected(format: "csv", marksGzip: true),
      ] {
        try folders.write(name, in: folders.rejected, "x", flags: O_CREAT)
        #expect(try folders.rejects(of: names, formats: ["csv"])?.name == name)
        #expect(unlink(name.path(in: folders.rejected)) == 0)
      }
    }
  }
}
