package import Core
internal import Synchronization

/// How far the files that are being read have been read; outlives a reload.
package final class ReadingTracker: Sendable {
  package struct Entry: Sendable, Equatable {
    package var name: String
    /// Bytes read, and the file's size as dropped.
    package var read: Int
    package var size: Int

    package init(name: String, read: Int, size: Int) {
      (self.name, self.read, self.size) = (name, read, size)
    }
  }

  private let entries = Mutex<[FileID: Entry]>([:])

  package init() {}

  package var all: [FileID: Entry] { entries.withLock { $0 } }

  package func note(_ file: FileID, _ entry: Entry) { entries.withLock { $0[file] = entry } }

  /// It is read to its end, or is no longer being read.
  package func ended(_ file: FileID) { entries.withLock { $0[file] = nil } }
}
