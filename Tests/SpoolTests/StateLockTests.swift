import Foundation
import Testing

@testable import Spool

@Suite struct StateLockTests {
  @Test func `one process at a time holds the lock, and says which it is`() async throws {
    try await withTemporaryFolder { folder in
      let lock = try #require(try StateLock.tryLock(state: folder))
      #expect(StateLock.holder(state: folder) == getpid())
      #expect(try StateLock.tryLock(state: folder) == nil)
      await #expect(processExitsWith: .success) { [folder = folder as String] in
        let lock = try StateLock.tryLock(state: folder)
        #expect(lock == nil)
        #expect(StateLock.holder(state: folder) == getppid())
      }
      _ = consume lock
      #expect(StateLock.holder(state: folder) == nil)
      #expect(try StateLock.tryLock(state: folder) != nil)
    }
  }

  @Test func `nobody else can open the lock, whatever the umask and whoever made it`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/upsertd.lock"
      #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o666]))
      let lock = try StateLock.tryLock(state: folder)
      #expect(lock != nil)
      #expect(FileStatus(path: path)?.kind == .regular)
      var status = stat()
      #expect(stat(path, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
      withExtendedLifetime(lock) {}
    }
  }

  @Test func `a killed process gives up its lock`() async throws {
    try await withTemporaryFolder { folder in
      let other = try OtherProcess(
        #"exec 9>"$1" && flock -n 9 && echo locked && exec sleep 60"#, [folder + "/upsertd.lock"])
      #expect(try StateLock.tryLock(state: folder) == nil)
      other.kill()
      #expect(try StateLock.tryLock(state: folder) != nil)
    }
  }

  @Test func `a state folder that is not there is an error`() throws {
    let error = #expect(throws: InboxError.self) { try StateLock.tryLock(state: "/nonexistent/state") }
    #expect(error?.code == .unusableFolder)
    #expect(error?.description == "lock \"/nonexistent/state/upsertd.lock\": no such file or directory")
  }

  @Test func `free disk is measured where it is asked about`() async throws {
    try await withTemporaryFolder { folder in
      #expect(try FreeDisk.bytes(at: folder) > 0)
      #expect(throws: InboxError.self) { try FreeDisk.bytes(at: folder + "/gone") }
      try syncFolder(folder)
      #expect(throws: InboxError.self) { try syncFolder(folder + "/gone") }
    }
  }
}
