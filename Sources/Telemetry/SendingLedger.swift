package import Core
package import Engine
internal import JSONText
internal import Synchronization

/// What the daemon's requests carry right now, for any caller; outlives a reload.
package final class SendingLedger: Sendable {
  /// What of one file is in requests.
  package struct Part: Sendable, Equatable {
    package var batches: Int
    package var items: Int

    package init(batches: Int = 0, items: Int = 0) {
      self.batches = batches
      self.items = items
    }
  }

  private let parts = Mutex<[FileID: Part]>([:])

  package init() {}

  package var all: [FileID: Part] { parts.withLock { $0 } }

  /// Zero if nothing of the file is in a request.
  package func part(of file: FileID) -> Part { parts.withLock { $0[file] ?? Part() } }

  /// A request with these batches begins.
  package func began(_ batches: [WaitingBatch]) {
    parts.withLock { parts in
      for batch in batches {
        parts[batch.name.file, default: Part()].batches += 1
        parts[batch.name.file, default: Part()].items += batch.count
      }
    }
  }

  /// It has ended, and what follows from its answer is written down.
  package func ended(_ batches: [WaitingBatch]) {
    parts.withLock { parts in
      for batch in batches {
        guard var part = parts[batch.name.file] else { continue }
        part.batches -= 1
        part.items -= batch.count
        parts[batch.name.file] = part.batches > 0 ? part : nil
      }
    }
  }
}

// As a line over the control socket.
extension SendingLedger {
  /// The most files in a line; a request that many small files share may hold more.
  private static let mostFiles = 500

  /// A line of at most 64 KiB: the files that come first.
  package var line: [UInt8] {
    let files = all.sorted { $0.key < $1.key }.prefix(Self.mostFiles)
    return JSONValue.array(
      files.map { file, part in
        JSONValue([
          "file": JSONValue(file.text), "batches": JSONValue(part.batches), "items": JSONValue(part.items),
        ])
      }
    ).document
  }

  /// Nil if this is not such a line.
  package static func parts(line: [UInt8]) -> [FileID: Part]? {
    guard let files = (try? JSONValue.parse(line, maxNesting: 8))?.elements else { return nil }
    return Dictionary(
      files.compactMap { file -> (FileID, Part)? in
        guard let id = file["file"]?.string.flatMap({ FileID($0) }) else { return nil }
        return (id, Part(batches: file["batches"]?.integer ?? 0, items: file["items"]?.integer ?? 0))
      }, uniquingKeysWith: { $1 })
  }
}
