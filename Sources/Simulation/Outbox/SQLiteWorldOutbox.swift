package import Core
package import Engine
internal import Foundation
internal import Outbox

/// The real outbox, in a folder of its own, for some of the worlds.
///
/// A crash leaves what a killed process leaves: the files as they are, opened by a new process. A power cut loses the
/// last commits: their frames are cut off the log, down to what was durable.
package final class SQLiteWorldOutbox: WorldOutbox {
  private let folder: String
  private var lives = 0
  private var outbox: Outbox
  /// How many commits in the log are known to be on the disk.
  private var durable = LogPosition()

  private struct LogPosition {
    var salt: [UInt8] = []
    var frames = 0
  }

  /// - Parameter folder: used by nobody else; removed with the world.
  package init(folder: String) throws {
    self.folder = folder
    let first = "\(folder)/0"
    try FileManager.default.createDirectory(atPath: first, withIntermediateDirectories: true)
    outbox = try Outbox(path: first + "/outbox.sqlite")
    becameDurable()
  }

  package var store: any (DispatchStore & IntakeStore & ResultStore) { outbox }

  private var path: String { "\(folder)/\(lives)/outbox.sqlite" }

  package func knows(_ file: FileID) async throws -> FileKnowledge {
    if let record = try await outbox.file(file) { return record.state == .reading ? .reading : .read }
    return try await outbox.finished(file) == nil ? .unknown : .finished
  }

  package func becameDurable() {
    guard let log = WriteAheadLog(ofDatabase: path) else { return }
    durable = LogPosition(salt: log.salt, frames: log.frames.count)
  }

  package func crash() throws { try open { _ in } }

  package func cutPower(commits: Int, fraction: Double) throws -> Bool {
    guard let log = WriteAheadLog(ofDatabase: path) else {
      try crash()
      return false
    }
    // Frames folded into the database were on the disk before, and so was everything before a log that was started
    // again.
    let kept = max(log.folded, log.salt == durable.salt ? durable.frames : 0)
    let ends = log.frames.indices.filter { log.frames[$0].isCommit }.map { $0 + 1 }.filter { $0 >= kept }
    let lost = min(commits, ends.count - 1)
    guard lost > 0 else {
      try crash()
      return false
    }
    let frames = ends[ends.count - 1 - lost]
    try open { folder in
      let descriptor = FileHandle(forWritingAtPath: folder + "/outbox.sqlite-wal")
      try descriptor?.truncate(atOffset: UInt64(log.bytes(ofFrames: frames)))
      try descriptor?.close()
    }
    return true
  }

  /// A new process opens what is left: copies, which `change` may still change.
  private func open(_ change: (String) throws -> Void) throws {
    let next = "\(folder)/\(lives + 1)"
    try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: true)
    for name in ["outbox.sqlite", "outbox.sqlite-wal"] {
      let old = "\(folder)/\(lives)/\(name)"
      if FileManager.default.fileExists(atPath: old) {
        try FileManager.default.copyItem(atPath: old, toPath: "\(next)/\(name)")
      }
    }
    try change(next)
    try outbox.close()
    try FileManager.default.removeItem(atPath: "\(folder)/\(lives)")
    lives += 1
    outbox = try Outbox(path: path)
    becameDurable()
  }

  package func close() {
    try? outbox.close()
    try? FileManager.default.removeItem(atPath: folder)
  }
}

/// The valid frames of a write-ahead log (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>).
private struct WriteAheadLog {
  struct Frame {
    var isCommit: Bool
  }

  private(set) var salt: [UInt8] = []
  private(set) var frames: [Frame] = []
  /// How many of them are already in the database.
  private(set) var folded = 0
  private let pageSize: Int

  /// Nil if there is none.
  init?(ofDatabase path: String) {
    guard let log = FileManager.default.contents(atPath: path + "-wal"), log.count >= 32 else { return nil }
    let bytes = Array(log)
    func number(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    pageSize = number(8)
    salt = Array(bytes[16..<24])
    var offset = 32
    while offset + 24 + pageSize <= bytes.count, Array(bytes[offset + 8..<offset + 16]) == salt {
      frames.append(Frame(isCommit: number(offset + 4) > 0))
      offset += 24 + pageSize
    }
    // Frames behind the last commit were never committed.
    while let last = frames.last, !last.isCommit { frames.removeLast() }
    // `nBackfill` of the index, in the machine's byte order.
    if let index = FileManager.default.contents(atPath: path + "-shm"), index.count >= 100 {
      folded = Int(Array(index[96..<100]).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
  }

  func bytes(ofFrames count: Int) -> Int { 32 + count * (24 + pageSize) }
}
