import Foundation
import Testing

@testable import Spool

@Suite struct ResultFileTests {
  @Test func `what was appended last can be taken back, written out or not`() async throws {
    try await withInbox { folders in
      let file = try ResultFile(folder: folders.receipts, name: "a")
      try file.append("kept")
      for size in [3, 70_000, 200_000] {
        let mark = file.count
        try file.append(String(repeating: "x", count: size))
        try file.append("tail")
        #expect(file.count == mark + size + 4)
        try file.cut(to: mark)
        #expect(file.count == mark)
        try file.append("|")
      }
      try file.publish()
      #expect(try String(contentsOfFile: folders.receipts + "/a", encoding: .utf8) == "kept|||")
    }
  }

  @Test func `a result appears whole, and not before it is published`() async throws {
    try await withInbox { folders in
      let file = try ResultFile(folder: folders.receipts, name: "a.receipt.json")
      try file.append("{\"version\": 1")
      try file.append([UInt8](repeating: 0x20, count: 200_000))
      try file.append("}")
      let before = try folders.names(in: folders.receipts)
      #expect(before.count == 1)
      #expect(before.allSatisfy { $0.display.hasPrefix(".") })
      try file.publish()
      #expect(try folders.names(in: folders.receipts) == ["a.receipt.json"])
      let text = try folders.contents("a.receipt.json", in: folders.receipts)
      #expect(text.utf8.count == 200_014)
      #expect(text.hasPrefix("{\"version\": 1 ") && text.hasSuffix(" }"))
      file.abandon()
      #expect(try folders.names(in: folders.receipts) == ["a.receipt.json"])
    }
  }

  @Test func `a result's group may read it, others not`() async throws {
    try await withInbox { folders in
      let file = try ResultFile(folder: folders.receipts, name: "a")
      try file.publish()
      var status = stat()
      #expect(stat(folders.receipts + "/a", &status) == 0)
      #expect(status.st_mode & 0o7777 == 0o640)
    }
  }

  @Test func `an abandoned or forgotten result leaves nothing, and what it was to replace stays`() async throws {
    try await withInbox { folders in
      try folders.write("a", in: folders.receipts, "first")
      let abandoned = try ResultFile(folder: folders.receipts, name: "a")
      try abandoned.append("second")
      abandoned.abandon()
      try ResultFile(folder: folders.receipts, name: "a").append("third")
      #expect(try folders.names(in: folders.receipts) == ["a"])
      #expect(try folders.contents("a", in: folders.receipts) == "first")
      let again = try ResultFile(folder: folders.receipts, name: "a")
      try again.append("fourth")
      try again.publish()
      #expect(try folders.contents("a", in: folders.receipts) == "fourth")
    }
  }

  @Test func `what a crash left half written goes at the next start`() async throws {
    try await withInbox { folders in
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .signal(SIGKILL)) { [spool = spool as String] in
        let file = try ResultFile(folder: InboxFolders(spool: spool, inbox: "clients").rejected, name: "a.csv")
        try file.append([UInt8](repeating: 0x61, count: 100_000))
        kill(getpid(), SIGKILL)
      }
      try folders.write(".somebody-elses.part", in: folders.rejected, "")
      #expect(try folders.names(in: folders.rejected).count == 2)
      try folders.prepare()
      #expect(try folders.names(in: folders.rejected) == [".somebody-elses.part"])
    }
  }

  @Test func `what is being written outlives a preparation`() async throws {
    try await withInbox { folders in
      let file = try ResultFile(folder: folders.rejected, name: "a.csv")
      try file.append("text")
      try folders.prepare()
      try file.publish()
      #expect(try folders.names(in: folders.rejected) == ["a.csv"])
    }
  }

  @Test func `a disk that takes no more is an error, and nothing half written stays`() async throws {
    try await withInbox { folders in
      let spool = String(folders.root.dropLast("/clients".count))
      await #expect(processExitsWith: .success) { [spool = spool as String] in
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
        #expect(setrlimit(__rlimit_resource_t(1), &limit) == 0)
        let folders = InboxFolders(spool: spool, inbox: "clients")
        let file = try ResultFile(folder: folders.rejected, name: "a.csv")
        let error = #expect(throws: InboxError.self) {
          for _ in 0..<100 { try file.append([UInt8](repeating: 0x61, count: 10_000)) }
          try file.publish()
        }
        #expect(error?.act == "write")
        #expect(error?.path == folders.rejected + "/a.csv")
        file.abandon()
        #expect(try folders.names(in: folders.rejected).isEmpty)
      }
    }
  }
}
