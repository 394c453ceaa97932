import Core
import Engine
import Foundation
import Outbox
import TestKit
import Testing

@Suite struct OpeningTests {
  @Test func `a killed process leaves what it had published and nothing of what it was reading`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
        let outbox = try Outbox(path: path)
        let ids = World.ids(2)
        try World(outbox: outbox, path: path, id: ids[0]).publish()
        try World(outbox: outbox, path: path, id: ids[1]).stage()
        kill(getpid(), SIGKILL)
      }
      let again = try Outbox(path: path)
      #expect(try await again.queue().batches == 2)
      #expect(try await again.line(for: "t", after: nil, limit: 10).batches.count == 2)
      #expect(try await again.unreadFiles().map(\.id) == [World.ids(2)[1]])
    }
  }

  /// What `kill -9` leaves while the database is created: pages of it, and the journal that takes them back.
  private func cutOffCreation(_ path: String) throws {
    let program = """
      import os, signal, sqlite3, sys
      c = sqlite3.connect(sys.argv[1], isolation_level=None)
      c.executescript("PRAGMA page_size = 8192; PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN; CREATE TABLE t (a BLOB)")
      for _ in range(200): c.execute("INSERT INTO t VALUES (zeroblob(8000))")
      os.kill(os.getpid(), signal.SIGKILL)
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program, path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    for end in ["", "-journal"] {
      let bytes = try FileManager.default.attributesOfItem(atPath: path + end)[.size] as? Int ?? 0
      #expect(bytes > 512, "\(end)")
    }
  }

  @Test func `an outbox whose creation was cut off is created anew`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      try cutOffCreation(path)
      let outbox = try Outbox(path: path)
      #expect(outbox.isNew)
      try World(outbox: outbox, path: path, id: World.ids(1)[0]).publish()
      #expect(try await outbox.queue().files == 1)
      try outbox.close()
      #expect(try OutboxHealth.examine(path)?.isSound == true)
    }
  }

  @Test func `who looks at an outbox whose creation was cut off sees none, and leaves it as it is`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      try cutOffCreation(path)
      let before = try ["", "-journal"].map { try Data(contentsOf: URL(fileURLWithPath: path + $0)) }
      #expect(try Outbox.ifAny(reading: path) == nil)
      #expect(try OutboxHealth.examine(path)?.isSound == true)
      #expect(try ["", "-journal"].map { try Data(contentsOf: URL(fileURLWithPath: path + $0)) } == before)
    }
  }

  @Test func `an outbox of an older program keeps its times, its waits and what it told`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      try World.sql(path, version4Dump)
      let done = FileID(at: Timestamp(milliseconds: 1_794_000_000_000), entropy: 7)
      try World.sql(
        path,
        """
        INSERT INTO history (file_id, inbox, name, status, received_at_ms, completed_at_ms, items, accepted, rejected)
          VALUES ('\(done)', 'i', x'61', 'rejected', 1, 2, 0, 0, 0);
        INSERT INTO recent (file_id, completed_at_ms, receipt)
          VALUES ('\(done)', 2, '{"error": {"code": "malformed-csv", "message": "no end", "line": 3}}');
        """)
      let salvage = try Salvage(path)
      var found: [Salvage.File] = []
      try salvage.files(each: { _, _ in }) { found.append($0) }
      #expect(salvage.sourceKey == nil)
      salvage.close()
      #expect(found.map(\.isWhole) == [true])
      #expect(found.first?.record.claimedAt == QueueTime(milliseconds: 1_795_000_000_000))
      #expect(salvage.damagedTables.isEmpty)
      let outbox = try Outbox(path: path)
      let page = try await outbox.postponed(for: "t", after: nil, limit: 10)
      #expect(page.batches.map(\.count) == [2])
      #expect(page.batches.first?.retryState == World.retryState(due: 1_795_000_005_000))
      #expect(page.files.values.map(\.claimedAt) == [QueueTime(milliseconds: 1_795_000_000_000)])
      let file = try #require(page.files.keys.first)
      #expect(try outbox.settled(file).map(\.ranges) == [[]])
      #expect(try await outbox.clockMark() == nil)
      #expect(throws: Never.self, "it gets a key") { try outbox.sourceKey() }
      let facts = try #require(try await outbox.file(file)).facts
      #expect(facts.dialect == nil && facts.completeness == nil && facts.replayOf == nil)
      #expect(!facts.listsAccepted && facts.warnings == [])
      #expect(try await outbox.replays().isEmpty)
      #expect(try await outbox.summary(of: done)?.problem == "no end, line 3")
      try outbox.close()
      #expect(try OutboxHealth.examine(path)?.findings == [])
    }
  }

  @Test func `a database of a newer program is rejects and left as it is`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      try Outbox(path: path).close()
      try World.sql(path, "INSERT INTO grdb_migrations VALUES ('999')")
      #expect { try Outbox(path: path) } throws: { ($0 as? OutboxError)?.code == .newer }
      #expect { try Outbox(reading: path) } throws: { ($0 as? OutboxError)?.code == .newer }
    }
  }

  @Test func `a file that is no database is told as damaged`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      let file = try #require(fopen(path, "w"))
      for _ in 0..<1000 { fputs("this is not a database. ", file) }
      fclose(file)
      #expect { try Outbox(path: path) } throws: { ($0 as? OutboxError)?.code == .damaged }
    }
  }
}
