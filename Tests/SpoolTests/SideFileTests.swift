import Core
import Foundation
import Synchronization
import Testing

@testable import Spool

@Suite struct SideFileTests {
  private let now = FileObservation.Moment.now
  private static let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  /// Files that end in `.csv` have a SHA-256 beside them, those in `.dat` an MD5.
  private func options(settle: Duration = .zero, marker: String? = nil) -> WatchOptions {
    WatchOptions(
      settle: settle, marker: marker,
      checksum: { name in
        if name.suffix(4).elementsEqual(".csv".utf8) { return .sha256 }
        return name.suffix(4).elementsEqual(".dat".utf8) ? .md5 : nil
      })
  }

  private func claim(_ name: FileName, _ folders: InboxFolders) throws -> ClaimedFile {
    try #require(try folders.claim(try folders.ready(name, options: options()), as: .example()))
  }

  // MARK: - Readiness

  @Test func `a file waits for its side file, and holds nobody up`() async throws {
    try await withInbox { folders in
      for name: FileName in ["a.csv", "b.csv", "b.csv.sha256", "c.dat", "c.dat.md5", "d.json"] {
        try folders.drop(name)
      }
      let scan = Watcher.scanOnce(folders: folders, options: options())
      #expect(scan.readyNames.sorted() == ["b.csv", "c.dat", "d.json"])
      #expect(scan.kind(of: "a.csv") == .waitingForChecksum)
      #expect(scan.reason(for: "a.csv") == "waiting for its side file a.csv.sha256")
      #expect(scan.unclaimed.contains { $0.isArriving } == false, "a run that ends does not wait for it")
      #expect(scan.ready.first { $0.name == "b.csv" }?.sideFile?.name == "b.csv.sha256")
      #expect(scan.ready.first { $0.name == "c.dat" }?.sideFile?.kind == .md5)
      #expect(scan.ready.first { $0.name == "d.json" }?.sideFile == nil)
      #expect(scan.reason(for: "b.csv.sha256") == "side file of b.csv")
    }
  }

  @Test func `a side file is never a dropped file, not even before its file comes`() async throws {
    try await withInbox { folders in
      // The others are not what their routes ask for.
      for name: FileName in ["a.csv.sha256", "b.dat.md5", "c.csv.md5", "d.sha256", ".sha256"] { try folders.drop(name) }
      let scan = Watcher.scanOnce(folders: folders, options: options())
      #expect(scan.readyNames.sorted() == ["c.csv.md5", "d.sha256"])
      #expect(scan.kind(of: "a.csv.sha256") == .checksum)
      #expect(scan.reason(for: "b.dat.md5") == "side file without its file: b.dat")
    }
  }

  @Test func `a rejects file under another name needs none, and others are looked into once`() async throws {
    try await withInbox { folders in
      let asked = Mutex<[String]>([])
      var options = options()
      options.isRejectsFile = { name, start in
        asked.withLock { $0.append("\(String(decoding: name, as: UTF8.self)) \(start.count)") }
        return start.starts(with: Array("_error_code".utf8))
      }
      var scanner = InboxScanner(folders, options)
      try folders.drop("fixed.csv", "_error_code,a\n" + String(repeating: "x", count: 9000))
      try folders.drop("waits.csv", "a\n1\n")
      try folders.drop("has.csv", "_error_code,a\n")
      try folders.drop("has.csv.sha256", Self.sha256)
      try folders.drop("other.json", "[]")
      var scan = scanner.scan(at: now).scan
      for step in 1...4 { scan = scanner.scan(at: now.later(by: .seconds(Int64(step)))).scan }
      #expect(scan.readyNames.sorted() == ["fixed.csv", "has.csv", "other.json"])
      #expect(scan.kind(of: "waits.csv") == .waitingForChecksum)
      #expect(scan.ready.first { $0.name == "fixed.csv" }?.sideFile == nil)
      #expect(scan.ready.first { $0.name == "has.csv" }?.sideFile != nil)
      #expect(asked.withLock { $0.sorted() } == ["fixed.csv 4096", "waits.csv 4"])
      // Another content, another answer.
      try folders.drop("waits.csv", "_error_code,a\n1\n")
      for step in 5...8 { scan = scanner.scan(at: now.later(by: .seconds(Int64(step)))).scan }
      #expect(scan.readyNames.contains("waits.csv"))
    }
  }

  @Test func `a file that may be a rejects file is awaited until it is complete`() async throws {
    try await withInbox { folders in
      var options = options(settle: .seconds(3600))
      options.isRejectsFile = { _, _ in
        Issue.record("it is not complete")
        return true
      }
      try folders.drop("a.csv", "_error_code,a\n")
      let scan = Watcher.scanOnce(folders: folders, options: options)
      #expect(scan.kind(of: "a.csv") == .settling)
    }
  }

  @Test func `a corrected rejects file needs none`() async throws {
    try await withInbox { folders in
      let name = try #require(FileName("a.\(FileID.example()).rejected.csv"))
      try folders.drop(name)
      let ready = try folders.ready(name, options: options())
      #expect(ready.sideFile == nil)
    }
  }

  @Test func `the side file itself must have settled, in whatever order the two come`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      var scanner = InboxScanner(folders, options(settle: .seconds(2)))
      scanner.note(.arrivedWhole("a.csv"))
      #expect(scanner.scan(at: now).scan.kind(of: "a.csv") == .waitingForChecksum)
      try folders.drop("a.csv.sha256")
      let findings = scanner.scan(at: now.later(by: .milliseconds(500)))
      #expect(findings.scan.kind(of: "a.csv") == .settling)
      #expect(findings.scan.reason(for: "a.csv")?.hasPrefix("its side file a.csv.sha256: changed ") == true)
      #expect(try #require(findings.due) <= .seconds(2))
      // An event shows that it is whole.
      scanner.note(.arrivedWhole("a.csv.sha256"))
      #expect(scanner.scan(at: now.later(by: .milliseconds(600))).scan.readyNames == ["a.csv"])
      // Its event comes before its file.
      try folders.drop("b.csv.sha256")
      scanner.note(.arrivedWhole("b.csv.sha256"))
      #expect(scanner.scan(at: now.later(by: .milliseconds(700))).scan.kind(of: "b.csv.sha256") == .checksum)
      try folders.drop("b.csv")
      scanner.note(.arrivedWhole("b.csv"))
      #expect(scanner.scan(at: now.later(by: .milliseconds(800))).scan.readyNames == ["a.csv", "b.csv"])
    }
  }

  @Test func `a side file that somebody writes to is not taken`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      let writer = try OtherProcess.writing("abc", to: "a.csv.sha256", in: folders.inbox)
      let scan = Watcher.scanOnce(folders: folders, options: options())
      #expect(scan.kind(of: "a.csv") == .openForWriting)
      #expect(scan.reason(for: "a.csv") == "its side file a.csv.sha256: open for writing by another process")
      writer.end()
      #expect(Watcher.scanOnce(folders: folders, options: options()).readyNames == ["a.csv"])
    }
  }

  @Test func `the side file is left alone for min_age, too`() async throws {
    try await withInbox { folders in
      var options = options()
      options.minAge = .seconds(10)
      try folders.drop("a.csv")
      let later = now.later(by: .seconds(3600))
      var scanner = InboxScanner(folders, options)
      #expect(scanner.scan(at: later).scan.kind(of: "a.csv") == .waitingForChecksum)
      try folders.drop("a.csv.sha256")
      let then = FileObservation.Moment.now
      var other = InboxScanner(folders, options)
      #expect(other.scan(at: then).scan.kind(of: "a.csv") == .minAge)
      #expect(other.scan(at: then.later(by: .seconds(11))).scan.readyNames == ["a.csv"])
    }
  }

  @Test(arguments: ["link", "fifo", "folder"]) func `what is not a regular file is no side file`(
    kind: String
  ) async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.write("outside", in: folders.root, "abc")
      let path = folders.inbox + "/a.csv.sha256"
      switch kind {
      case "link": #expect(symlink("../outside", path) == 0)
      case "fifo": #expect(mkfifo(path, 0o666) == 0)
      default: #expect(mkdir(path, 0o777) == 0)
      }
      let scan = Watcher.scanOnce(folders: folders, options: options())
      #expect(scan.kind(of: "a.csv") == .waitingForChecksum)
      #expect(scan.kind(of: "a.csv.sha256") == .notRegular)
    }
  }

  @Test func `a file may need a marker and a side file`() async throws {
    try await withInbox { folders in
      let options = options(marker: ".done")
      try folders.drop("a.csv")
      try folders.drop("a.csv.sha256")
      #expect(Watcher.scanOnce(folders: folders, options: options).kind(of: "a.csv") == .waitingForMarker)
      try folders.drop("a.csv.done", "")
      let ready = try folders.ready("a.csv", options: options)
      #expect(ready.marker == "a.csv.done")
      #expect(try folders.claim(ready, as: .example())?.sideFile != nil)
      #expect(try folders.names(in: folders.inbox).isEmpty)
      try folders.drop("b.csv")
      try folders.drop("b.csv.done", "")
      #expect(Watcher.scanOnce(folders: folders, options: options).kind(of: "b.csv") == .waitingForChecksum)
    }
  }

  @Test(.enabled(if: geteuid() == 0)) func `a side file that can't be read is told`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("a.csv.sha256")
      #expect(chmod(folders.inbox + "/a.csv.sha256", 0o600) == 0)
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .success) { [spool = spool as String] in
        let folders = InboxFolders(spool: spool, inbox: "clients")
        #expect(chmod(folders.inbox, 0o755) == 0)
        try becomeNobody()
        let options = WatchOptions(settle: .zero, checksum: { $0.suffix(4).elementsEqual(".csv".utf8) ? .sha256 : nil })
        let scan = Watcher.scanOnce(folders: folders, options: options)
        #expect(scan.kind(of: "a.csv") == .unreadable)
        #expect(scan.reason(for: "a.csv") == "its side file a.csv.sha256: can't be read: permission denied")
      }
    }
  }

  // MARK: - Claims

  @Test func `a claim brings the side file along under a name that no claimed file has`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("a.csv.sha256", "\(Self.sha256)  a.csv\n")
      let claimed = try claim("a.csv", folders)
      #expect(claimed.sideFile?.digest == Self.sha256)
      #expect(claimed.sideFile?.name == "a.csv.sha256")
      #expect(try folders.names(in: folders.inbox).isEmpty)
      #expect(
        try folders.names(in: folders.work).map(\.display) == [".\(claimed.id).sha256", "\(claimed.id).a.csv"])
      #expect(try folders.workFiles() == [claimed.work])
      // A start cleans up nothing that is needed.
      try folders.prepare()
      try folders.removeStrayNames(olderThan: .zero)
      #expect(try folders.names(in: folders.work).count == 2)
      let again = try #require(try folders.reopen(claimed.work, checksum: .sha256))
      #expect(again.sideFile == claimed.sideFile)
      #expect(try folders.reopen(claimed.work)?.sideFile == nil, "who asks for none gets none")
    }
  }

  @Test func `claims of several files bring each its own`() async throws {
    try await withInbox { folders in
      for name: FileName in ["a.csv", "b.dat", "c.txt"] { try folders.drop(name) }
      try folders.drop("a.csv.sha256", String(repeating: "a", count: 64))
      try folders.drop("b.dat.md5", String(repeating: "b", count: 32))
      let ready = Watcher.scanOnce(folders: folders, options: options()).ready.sorted { $0.name < $1.name }
      let claims = try folders.claim(ready.enumerated().map { ($1, .example(UInt128($0))) }).map { try $0.get() }
      #expect(claims.map { $0?.sideFile?.digest?.first } == ["a", "b", nil])
      #expect(try folders.names(in: folders.inbox).isEmpty)
      #expect(try folders.names(in: folders.work).count == 5)
    }
  }

  @Test func `a side file that was replaced or removed since the scan is judged anew`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("a.csv.sha256", "old")
      let ready = try folders.ready("a.csv", options: options())
      try folders.drop("new.tmp", "new")
      #expect(rename(folders.inbox + "/new.tmp", folders.inbox + "/a.csv.sha256") == 0)
      #expect(try folders.claim(ready, as: .example()) == nil)
      #expect(unlink(folders.inbox + "/a.csv.sha256") == 0)
      #expect(try folders.claim(ready, as: .example()) == nil)
      #expect(try folders.names(in: folders.inbox) == ["a.csv"])
      #expect(try folders.names(in: folders.work).isEmpty)
    }
  }

  @Test func `a file that a writer has opened since the scan goes back, and its side file stays`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("a.csv.sha256")
      let ready = try folders.ready("a.csv", options: options())
      let writer = try OtherProcess.writing(to: "a.csv", in: folders.inbox)
      #expect(try folders.claim(ready, as: .example()) == nil)
      #expect(try folders.names(in: folders.inbox) == ["a.csv", "a.csv.sha256"])
      #expect(try folders.names(in: folders.work).isEmpty)
      writer.end()
    }
  }

  @Test func `a side file that a crash left in the inbox is found, unless it is a newer file's`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("b.csv")
      let work = try [folders.claim("a.csv", as: .example(1)).work, folders.claim("b.csv", as: .example(2)).work]
      try folders.drop("a.csv.sha256", Self.sha256)
      try folders.drop("b.csv.sha256", Self.sha256)
      try folders.drop("b.csv")
      #expect(try folders.reopen(work[0], checksum: .sha256)?.sideFile?.digest == Self.sha256)
      #expect(try folders.reopen(work[1], checksum: .sha256)?.sideFile == nil)
      #expect(try folders.names(in: folders.inbox) == ["b.csv", "b.csv.sha256"])
      #expect(try folders.names(in: folders.work).count == 3)
    }
  }

  @Test func `a file that is given back takes its side file with it`() async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("a.csv.sha256", "of the first")
      try folders.giveBack(try claim("a.csv", folders))
      #expect(try folders.names(in: folders.inbox) == ["a.csv", "a.csv.sha256"])
      #expect(try folders.contents("a.csv.sha256", in: folders.inbox) == "of the first")
      #expect(try folders.names(in: folders.work).isEmpty)
      // A newer one stays.
      let again = try claim("a.csv", folders)
      try folders.drop("a.csv.sha256", "newer")
      try folders.giveBack(again)
      #expect(try folders.contents("a.csv.sha256", in: folders.inbox) == "newer")
      #expect(try folders.names(in: folders.work).isEmpty)
      // A file whose name is taken keeps its side file.
      let third = try claim("a.csv", folders)
      try folders.drop("a.csv")
      #expect(throws: InboxError.self) { try folders.giveBack(third) }
      #expect(try folders.names(in: folders.inbox) == ["a.csv"])
      #expect(try folders.names(in: folders.work).count == 2)
    }
  }

  @Test func `nothing of a side file is left when its file is put away, or gone`() async throws {
    try await withInbox { folders in
      for name: FileName in ["a.csv", "a.csv.sha256"] { try folders.drop(name) }
      let work = try claim("a.csv", folders).work
      try folders.archive(work, as: ResultNames(dropped: "a.csv", id: work.id).archive)
      #expect(try folders.names(in: folders.work).isEmpty)
      let stray = WorkFile.sideFile(of: .example(9), .md5)
      try folders.write(stray, in: folders.work, "")
      try folders.removeStrayNames(olderThan: .seconds(60))
      #expect(try folders.names(in: folders.work) == [stray])
      #expect(try folders.leftovers(olderThan: .zero).map(\.name) == [stray])
      try folders.removeStrayNames(olderThan: .zero)
      #expect(try folders.names(in: folders.work).isEmpty)
    }
  }

  // MARK: - Contents

  private static let upper = String(repeating: "0A", count: 32)
  private static let lower = String(repeating: "0a", count: 32)

  @Test(arguments: [
    lower, upper, "\(lower)\n", "\(lower)\r\n", "\(lower)  a.csv\n", "\(upper) *a.csv\r\n", "\u{FEFF}\(lower)  a.csv",
    "\\\(lower)  a\\nb.csv\n", "  \(lower)\t\n\n", "\(lower)  " + String(repeating: "x", count: 5000),
  ])
  func `hexadecimal digits are a digest, alone or in a line of sha256sum`(text: String) async throws {
    try await withInbox { folders in
      try folders.drop("a.csv")
      try folders.drop("a.csv.sha256", text)
      let side = try claim("a.csv", folders).sideFile
      #expect(side?.digest == Self.lower)
      #expect(side?.fault == nil)
      #expect(try #require(side).content.count <= 4096)
    }
  }

  @Test func `what PowerShell writes is read`() {
    let units = Array("\u{FEFF}\(Self.upper)\r\n".utf16)
    let little = units.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    for content in [little, big] {
      #expect(SideFile(kind: .sha256, name: "a.sha256", content: content).digest == Self.lower)
    }
  }

  @Test(arguments: [
    "", "\n", "no digest", lower.dropLast() + "", lower + "0", lower.dropLast() + "g", "\(lower)x  a.csv",
    "\(lower)  a.csv\n\(upper)  b.csv\n", "SHA256 (a.csv) = \(lower)", String(repeating: "a", count: 32), "\u{FEFF}",
    "\u{FF10}" + lower.dropFirst(),
  ])
  func `anything else is none, and the fault says so`(text: String) {
    let side = SideFile(kind: .sha256, name: "a.csv.sha256", content: Array(text.utf8))
    #expect(side.digest == nil)
    #expect(side.fault?.code == .checksumMismatch)
    #expect(side.fault?.message.hasPrefix("what the side file a.csv.sha256 holds is no SHA-256 digest (64 hex") == true)
    #expect(side.fault.map { $0.message.utf8.count < 1000 } == true)
  }

  @Test func `an MD5 has half as many digits`() {
    let text = String(repeating: "Ab", count: 16)
    #expect(SideFile(kind: .md5, name: "a.md5", content: Array("\(text)  a\n".utf8)).digest == text.lowercased())
    #expect(SideFile(kind: .md5, name: "a.md5", content: Array(Self.lower.utf8)).digest == nil)
  }

  @Test func `both digests are those that everybody computes`() {
    var digest = Digest(withMD5: true)
    digest.update(Array("ab".utf8).span)
    digest.update(Array("c".utf8).span)
    #expect(digest.hexadecimal(.md5) == "900150983cd24fb0d6963f7d28e17f72")
    #expect(digest.hexadecimal(.sha256) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest().hexadecimal(.md5) == nil)
  }
}
