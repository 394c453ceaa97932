import Core
import Foundation
import Testing

@testable import Spool

@Suite struct LookTests {
  @Test(arguments: [
    ".hidden.csv", "a.csv~", "a.tmp", "a.csv.part", "a.partial", "a.filepart", "a.crdownload", ".a.csv.swp", "a.swp",
    "A.TMP",
    "~", ".tmp",
  ]) func `temporary and hidden names are never touched`(text: String) async throws {
    try await withInbox { folders in
      let name = try #require(FileName(text))
      try folders.drop(name)
      let look = Watcher.lookOnce(folders: folders, terms: .prompt)
      #expect(look.ready.isEmpty)
      #expect(look.kind(of: name) == .ignored)
      #expect(look.reason(for: name)?.hasPrefix("ignored: name ") == true)
    }
  }

  @Test(arguments: ["a.tmp.csv", "tmp", "part", "a~.csv", "swp.csv", "atmp"])
  func `names that only look like temporary ones are files like any other`(text: String) async throws {
    try await withInbox { folders in
      let name = try #require(FileName(text))
      try folders.drop(name)
      #expect(Watcher.lookOnce(folders: folders, terms: .prompt).readyNames == [name])
    }
  }

  @Test func `the inbox's own patterns are asked with the name's bytes`() async throws {
    try await withInbox { folders in
      let odd = try #require(FileName(bytes: [0xff, 0x61]))
      try folders.drop(odd)
      try folders.drop("b.csv")
      let terms = WatchOptions(settle: .zero, ignore: { $0.first == 0xff })
      let look = Watcher.lookOnce(folders: folders, terms: terms)
      #expect(look.readyNames == ["b.csv"])
      #expect(look.reason(for: odd) == "ignored: matches the inbox's ignore patterns")
    }
  }

  @Test func `what is not a regular file is left alone and does not hold up a look`() async throws {
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
      let look = Watcher.lookOnce(folders: folders, terms: .prompt)
      #expect(look.readyNames == ["real.csv"])
      #expect(look.reason(for: "link.csv") == "not a regular file: symbolic link")
      #expect(look.reason(for: "dangling.csv") == "not a regular file: symbolic link")
      #expect(look.reason(for: "fifo.csv") == "not a regular file: FIFO")
      #expect(look.reason(for: "folder.csv") == "not a regular file: folder")
      #expect(look.reason(for: "socket.csv") == "not a regular file: socket")
      if hasDevice { #expect(look.reason(for: "device.csv") == "not a regular file: device") }
      #expect(look.unclaimed.allSatisfy { $0.kind == .notRegular })
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
      let look = Watcher.lookOnce(folders: folders, terms: .prompt)
      #expect(look.readyNames == ["d.csv", "b.csv", "c.csv", "a.csv"])
    }
  }

  @Test func `what was ready before stays before what is ready now`() async throws {
    try await withInbox { folders in
      var looker = InboxScanner(folders, .prompt, looksWanted: 1)
      let now = FileObservation.Moment.now
      try folders.drop("first.csv")
      #expect(looker.look(at: now).look.readyNames == ["first.csv"])
      try folders.drop("older.csv")
      try folders.setModified("older.csv", secondsAgo: 3600)
      let look = looker.look(at: now.later(by: .seconds(5))).look
      #expect(look.readyNames == ["first.csv", "older.csv"])
      #expect(look.ready[1].readySince - look.ready[0].readySince == .seconds(5))
    }
  }

  @Test func `a file that somebody writes to holds nobody up`() async throws {
    try await withInbox { folders in
      try folders.drop("whole.csv")
      let writer = try OtherProcess.writing(to: "partial.csv", in: folders.inbox)
      var look = Watcher.lookOnce(folders: folders, terms: .prompt)
      #expect(look.readyNames == ["whole.csv"])
      #expect(look.kind(of: "partial.csv") == .openForWriting)
      #expect(look.reason(for: "partial.csv") == "open for writing by another process")
      writer.end()
      look = Watcher.lookOnce(folders: folders, terms: .prompt)
      #expect(look.readyNames.sorted() == ["partial.csv", "whole.csv"])
    }
  }

  @Test func `a folder that is gone is a fault of the look`() async throws {
    try await withInbox { folders in
      #expect(rmdir(folders.inbox) == 0)
      let look = Watcher.lookOnce(folders: folders, terms: .prompt)
      #expect(look.fault?.code == .unusableFolder)
      #expect(look.fault?.description == "list \"\(folders.inbox)\": no such file or directory")
    }
  }

  @Test func `a thousand files are found at once, and claimed`() async throws {
    try await withInbox { folders in
      for number in 0..<1000 { try folders.drop(try #require(FileName("file \(number).csv"))) }
      let look = Watcher.lookOnce(folders: folders, terms: .prompt)
      #expect(look.ready.count == 1000)
      var ids = FileIDSource()
      let time = Timestamp(milliseconds: 1_763_000_000_000)
      for file in look.ready {
        let claimed = try folders.claim(file, as: ids.next(at: time), durably: false)
        #expect(claimed?.name == file.name)
      }
      try folders.syncClaims()
      #expect(try folders.workFiles().map(\.dropped) == look.readyNames)
      #expect(Watcher.lookOnce(folders: folders, terms: .prompt).ready.isEmpty)
    }
  }
}
