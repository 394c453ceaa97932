import Core
import Foundation
import Testing

@testable import Spool

@Suite struct ScanTests {
  @Test(arguments: [
    ".hidden.csv", "a.csv~", "a.tmp", "a.csv.part", "a.partial", "a.filepart", "a.crdownload", ".a.csv.swp", "a.swp",
    "A.TMP",
    "~", ".tmp",
  ]) func `temporary and hidden names are never touched`(text: String) async throws {
    try await withInbox { folders in
      let name = try #require(FileName(text))
      try folders.drop(name)
      let scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.ready.isEmpty)
      #expect(scan.kind(of: name) == .ignored)
      #expect(scan.reason(for: name)?.hasPrefix("ignored: name ") == true)
    }
  }

  @Test(arguments: ["a.tmp.csv", "tmp", "part", "a~.csv", "swp.csv", "atmp"])
  func `names that only look like temporary ones are files like any other`(text: String) async throws {
    try await withInbox { folders in
      let name = try #require(FileName(text))
      try folders.drop(name)
      #expect(Watcher.scanOnce(folders: folders, options: .prompt).readyNames == [name])
    }
  }

  @Test func `the inbox's own patterns are asked with the name's bytes`() async throws {
    try await withInbox { folders in
      let odd = try #require(FileName(bytes: [0xff, 0x61]))
      try folders.drop(odd)
      try folders.drop("b.csv")
      let options = WatchOptions(settle: .zero, ignore: { $0.first == 0xff })
      let scan = Watcher.scanOnce(folders: folders, options: options)
      #expect(scan.readyNames == ["b.csv"])
      #expect(scan.reason(for: odd) == "ignored: matches the inbox's ignore patterns")
    }
  }

  @Test func `what is not a regular file is left alone and does not hold up a scan`() async throws {
    try await withInbox { folders in
      let path = folders.inbox
      try folders.drop("real.csv")
      #expect(symlink("real.csv", path + "/link.csv") == 0)
      #expect(symlink("nowhere", path + "/dangling.csv") == 0)
      #expect(mkfifo(path + "/fifo.csv", 0o666) == 0)
      #expect(mkdir(path + "/folder.csv", 0o777) == 0)
      let socket = try listen(at: path + "/socket.csv")
      defer { close(socket) }
      // Needs CAP_MKNOD; where it is missing, there is one kind less to see.
      let hasDevice = mknod(path + "/device.csv", S_IFCHR | 0o666, 0x103) == 0
      let scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.readyNames == ["real.csv"])
      #expect(scan.reason(for: "link.csv") == "not a regular file: symbolic link")
      #expect(scan.reason(for: "dangling.csv") == "not a regular file: symbolic link")
      #expect(scan.reason(for: "fifo.csv") == "not a regular file: FIFO")
      #expect(scan.reason(for: "folder.csv") == "not a regular file: folder")
      #expect(scan.reason(for: "socket.csv") == "not a regular file: socket")
      if hasDevice { #expect(scan.reason(for: "device.csv") == "not a regular file: device") }
      #expect(scan.unclaimed.allSatisfy { $0.kind == .notRegular })
    }
  }

  private func listen(at path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw Trouble("bind: errno \(errno), \(path.utf8.count) bytes") }
    return descriptor
  }

  @Test func `files are ordered by mtime, then by name`() async throws {
    try await withInbox { folders in
      for name: FileName in ["d.csv", "a.csv", "c.csv", "b.csv"] { try folders.drop(name) }
      try folders.setModified("d.csv", secondsAgo: 300)
      for name: FileName in ["b.csv", "c.csv"] {
        try folders.setModified(name, secondsAgo: 200)
      }
      try folders.setModified("a.csv", secondsAgo: 100)
      let scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.readyNames == ["d.csv", "b.csv", "c.csv", "a.csv"])
    }
  }

  @Test func `what was ready before stays before what is ready now`() async throws {
    try await withInbox { folders in
      var scanner = InboxScanner(folders, .prompt, scansWanted: 1)
      let now = FileObservation.Moment.now
      try folders.drop("first.csv")
      #expect(scanner.scan(at: now).scan.readyNames == ["first.csv"])
      try folders.drop("older.csv")
      try folders.setModified("older.csv", secondsAgo: 3600)
      let scan = scanner.scan(at: now.later(by: .seconds(5))).scan
      #expect(scan.readyNames == ["first.csv", "older.csv"])
      #expect(scan.ready[1].readySince - scan.ready[0].readySince == .seconds(5))
    }
  }

  @Test func `a file that somebody writes to holds nobody up`() async throws {
    try await withInbox { folders in
      try folders.drop("whole.csv")
      let writer = try OtherProcess.writing(to: "partial.csv", in: folders.inbox)
      var scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.readyNames == ["whole.csv"])
      #expect(scan.kind(of: "partial.csv") == .openForWriting)
      #expect(scan.reason(for: "partial.csv") == "open for writing by another process")
      writer.end()
      scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.readyNames.sorted() == ["partial.csv", "whole.csv"])
    }
  }

  @Test func `a folder that is gone is a fault of the scan`() async throws {
    try await withInbox { folders in
      #expect(rmdir(folders.inbox) == 0)
      let scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.fault?.code == .unusableFolder)
      #expect(scan.fault?.description == "list \"\(folders.inbox)\": no such file or directory")
    }
  }

  @Test func `a thousand files are found at once, and claimed`() async throws {
    try await withInbox { folders in
      for number in 0..<1000 { try folders.drop(try #require(FileName("file \(number).csv"))) }
      let scan = Watcher.scanOnce(folders: folders, options: .prompt)
      #expect(scan.ready.count == 1000)
      var ids = FileIDSource()
      let time = Timestamp(milliseconds: 1_763_000_000_000)
      for file in scan.ready {
        let claimed = try folders.claim(file, as: ids.next(at: time), durably: false)
        #expect(claimed?.name == file.name)
      }
      try folders.syncClaims()
      #expect(try folders.workFiles().map(\.dropped) == scan.readyNames)
      #expect(Watcher.scanOnce(folders: folders, options: .prompt).ready.isEmpty)
    }
  }
}
