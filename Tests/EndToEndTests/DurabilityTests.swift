import Testing
import TestKit

/// What the daemon asks the disk for, and in which order: a power loss after any call leaves nothing that contradicts
/// what was reported before.
@Suite struct `Durability` {
  static let files: [(name: String, content: String, rejects: Bool)] = [
    (
      "a.csv",
      """
      scope,displayName,identifiers.InvestorRecord/Test/Id
      s,first,1
      s,,2

      """, true
    ), ("b.json", array([record("1")]), false),
  ]

  @Test(arguments: files.indices)
  func `each step reaches the disk before the next one relies on it`(_ index: Int) async throws {
    let file = Self.files[index]
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let preload = try await Preload(world)
      try world.drop(file.name, in: "investors", file.content)
      let (status, _, log) = try await world.run(["run", "--once"], environment: preload.environment)
      #expect(status == (file.rejects ? 1 : 0), "\(log)")
      try world.checkResults("investors", files: 1)
      let record = Record(try preload.calls())
      try record.checkClaim(of: file.name)
      try record.checkResults(of: file.name, hasRejects: file.rejects)
    }
    await api.stop()
  }

  /// The calls of one run with one file.
  struct Record {
    let calls: [Preload.Call]
    private let inbox = "spool/investors/"

    init(_ calls: [Preload.Call]) { self.calls = calls.filter(\.isDone) }

    /// The first call like this that ended after another.
    private func first(
      _ name: String, after start: Int = -1, _ what: String, location: SourceLocation,
      where fits: (Preload.Call) -> Bool
    ) throws -> Int {
      let found = calls.indices.first { $0 > start && calls[$0].name == name && fits(calls[$0]) }
      return try #require(found, "no \(name) \(what) after call \(start)", sourceLocation: location)
    }

    private func sync(_ path: String, after start: Int, location: SourceLocation) throws -> Int {
      try first("sync", after: start, "of \(path)", location: location) { $0.path == path }
    }

    func checkClaim(of name: String, location: SourceLocation = #_sourceLocation) throws {
      let claim = try first("rename", "of \(name)", location: location) { $0.path == inbox + "inbox/" + name }
      #expect(calls[claim].newPath?.hasPrefix(inbox + "work/") == true, sourceLocation: location)
      let content = try sync(inbox + "inbox/" + name, after: -1, location: location)
      #expect(content < claim, "its content may be lost", sourceLocation: location)
      let sent = try first("connect", "to the API", location: location) { _ in true }
      for folder in ["inbox", "work"] {
        let synced = try sync(inbox + folder, after: claim, location: location)
        #expect(synced < sent, "\(folder) was synced after something was sent", sourceLocation: location)
        // Nothing about the file is stored before that either.
        let written = try first("write", after: claim, "of the outbox", location: location) { $0.path == Self.log }
        #expect(synced < written, "\(folder) was synced after the outbox was told", sourceLocation: location)
      }
    }

    private static let log = "state/outbox.sqlite-wal"

    func checkResults(of name: String, hasRejects: Bool, location: SourceLocation = #_sourceLocation) throws {
      let receipt = try checkResult(in: "outbox/receipts", location: location)
      var appearing = receipt.rename
      if hasRejects {
        let rejects = try checkResult(in: "outbox/rejected", location: location)
        #expect(rejects.synced < receipt.rename, "the receipt appeared before its rejects", sourceLocation: location)
        appearing = rejects.rename
      }
      // What the results report can't be taken back any more.
      let written = calls[..<appearing].lastIndex { $0.name == "write" && $0.path == Self.log } ?? -1
      let secured = try sync(Self.log, after: written, location: location)
      #expect(secured < appearing, "the outbox was not synced before the results appeared", sourceLocation: location)

      let archived = try first("rename", "to the archive", location: location) {
        $0.newPath?.hasPrefix(inbox + "archive/") == true && !$0.path.contains("/.upsertd-")
      }
      #expect(receipt.synced < archived, "the original went before the receipt was safe", sourceLocation: location)
      // The outbox forgets the file.
      let forgotten = try first("write", after: archived, "of the outbox", location: location) { $0.path == Self.log }
      for folder in ["archive", "work"] {
        let synced = try sync(inbox + folder, after: archived, location: location)
        #expect(synced < forgotten, "the outbox forgot the file before \(folder) was synced", sourceLocation: location)
      }
    }

    /// A result is written under a hidden name, synced, renamed, and its folder synced.
    private func checkResult(
      in folder: String, location: SourceLocation
    ) throws -> (rename: Int, synced: Int) {
      let path = inbox + folder
      let created = try first("create", "in \(folder)", location: location) { $0.path.hasPrefix(path + "/.upsertd-") }
      let hidden = calls[created].path
      let rename = try first("rename", after: created, "of \(hidden)", location: location) { $0.path == hidden }
      #expect(calls[rename].newPath?.hasPrefix(path + "/") == true, sourceLocation: location)
      let written = try first("write", after: created, "of \(hidden)", location: location) { $0.path == hidden }
      #expect(written < rename, sourceLocation: location)
      let lastWrite = calls[..<rename].lastIndex { $0.name == "write" && $0.path == hidden } ?? rename
      let content = try sync(hidden, after: lastWrite, location: location)
      #expect(content < rename, "\(folder): renamed before its content was safe", sourceLocation: location)
      return (rename, try sync(path, after: rename, location: location))
    }
  }
}
