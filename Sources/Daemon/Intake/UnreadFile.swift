package import Delivery
internal import Synchronization

/// A file that was claimed and is not read yet.
package struct UnreadFile: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  package var name: String
  /// Why, for people; nil where it is only being read, or where no daemon runs.
  package var reason: String?
  /// Since when it can't be read; otherwise, when its reading began.
  package var since: Timestamp?
  /// When it is tried again; nil while it is being read.
  package var nextAttempt: Timestamp?
  /// How many files were read and wait for this one, and of which inboxes.
  package var waitingFiles = 0
  package var waitingInboxes: [String] = []

  package init(id: FileID, inbox: String, name: String) {
    self.id = id
    self.inbox = inbox
    self.name = name
  }
}

/// What the daemon knows of unread files, for whoever asks; outlives a reload.
final class UnreadLedger: Sendable {
  private let files = Mutex<[FileID: UnreadFile]>([:])

  /// In the order of their ids.
  var all: [UnreadFile] { files.withLock { $0.values.sorted { $0.id < $1.id } } }

  func set(_ files: [UnreadFile]) {
    self.files.withLock { $0 = Dictionary(files.map { ($0.id, $0) }, uniquingKeysWith: { $1 }) }
  }
}
