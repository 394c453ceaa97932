package import Core
package import Engine
package import JSONText
internal import Spool
internal import Synchronization

/// A file that was claimed and has not been read yet.
package struct UnreadFile: Sendable, Equatable {
  package var id: FileID
  package var inbox: String
  package var name: String
  /// Why, human-readable; nil if it is only being read, or if no daemon is running.
  package var reason: String?
  /// Since when it can't be read; otherwise, when its reading began.
  package var since: Timestamp?
  /// When it is retried; nil while it is being read.
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

/// What the daemon knows about unread files, for any caller; outlives a reload.
package final class UnreadFileTracker: Sendable {
  private let files = Mutex<[FileID: UnreadFile]>([:])

  /// In the order of their ids.
  package var all: [UnreadFile] { files.withLock { $0.values.sorted { $0.id < $1.id } } }

  package func set(_ files: [UnreadFile]) {
    self.files.withLock { $0 = Dictionary(files.map { ($0.id, $0) }, uniquingKeysWith: { $1 }) }
  }
}

// As in `status --json`, and as a line over the control socket.
extension UnreadFile {
  package var json: JSONValue {
    JSONValue([
      "file": JSONValue(id.text), "name": JSONValue(name), "inbox": JSONValue(inbox), "reason": JSONValue(reason),
      "since": JSONValue(since?.description), "nextAttempt": JSONValue(nextAttempt?.description),
      "waitingFiles": JSONValue(waitingFiles), "waitingInboxes": .array(waitingInboxes.map { .string($0) }),
    ])
  }

  private init?(json: JSONValue) {
    guard let id = json["file"]?.string.flatMap({ FileID($0) }), let name = json["name"]?.string,
      let inbox = json["inbox"]?.string
    else { return nil }
    self.init(id: id, inbox: inbox, name: name)
    reason = json["reason"]?.string
    since = json["since"]?.string.flatMap { Timestamp(written: $0) }
    nextAttempt = json["nextAttempt"]?.string.flatMap { Timestamp(written: $0) }
    waitingFiles = json["waitingFiles"]?.integer ?? 0
    waitingInboxes = json["waitingInboxes"]?.elements?.compactMap(\.string) ?? []
  }

  /// A line of at most 64 KiB: the files that come first.
  package static func line(_ files: [UnreadFile]) -> [UInt8] { JSONValue.array(files.prefix(50).map(\.json)).document }

  /// Nil if this is not such a line.
  package static func list(line: [UInt8]) -> [UnreadFile]? {
    (try? JSONValue.parse(line, maxNesting: 8))?.elements?.compactMap(UnreadFile.init(json:))
  }
}

extension UnreadFile {
  /// The file of a row that was not published.
  package init(_ record: FileRecord) {
    self.init(id: record.id, inbox: record.inbox, name: FileName(bytes: record.name)?.display ?? "")
  }

  /// Human-readable: `claimed as 01J…, unreadable since …: …; 3 files of a, b are waiting for it`.
  package var text: String {
    var text = "claimed as \(id), "
    if let reason {
      text += "unreadable" + (since.map { " since \($0)" } ?? "") + ": \(reason)"
      if let nextAttempt { text += "; next attempt \(nextAttempt)" }
    } else {
      text += since == nil ? "waiting to be read" : "being read"
    }
    guard waitingFiles > 0 else { return text }
    let inboxes = waitingInboxes.isEmpty ? "" : " of \(waitingInboxes.joined(separator: ", "))"
    return text + "; \(counted(waitingFiles, "file"))\(inboxes) \(waitingFiles == 1 ? "is" : "are") waiting for it"
  }
}

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
