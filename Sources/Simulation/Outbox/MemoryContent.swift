package import Core
package import Engine

/// The content of an outbox, as plain values in order: no iteration depends on a hash.
package struct MemoryContent: Sendable {
  /// By id.
  package internal(set) var files: [MemoryFile] = []
  /// The stored records of finished files, by id.
  package internal(set) var finished: [HistoryRow] = []
  package internal(set) var clockMark: QueueClock.Mark?
  /// The last known states of the targets, by name.
  package internal(set) var notes: [TargetNote] = []
  package internal(set) var expected: [Expectations.Key: ExpectedFiles.Snapshot] = [:]

  func place(of id: FileID) -> Int? {
    let place = files.partition(behind: id, \.record.id)
    return place < files.count && files[place].record.id == id ? place : nil
  }

  /// The files in the order of the line.
  var inLine: [MemoryFile] {
    files.contains { $0.record.line != nil } ? files.sorted { $0.record.place < $1.record.place } : files
  }

  /// The file that has this place in the line.
  func file(at line: FileID) -> Int? {
    if let place = place(of: line), files[place].record.line == nil { return place }
    return files.firstIndex { $0.record.line == line }
  }

  func firstBatch(of id: FileID) -> MemoryBatch? {
    place(of: id).flatMap { files[$0].isPublished ? files[$0].batches.first : nil }
  }

  func place(of name: BatchName) -> (file: Int, batch: Int)? {
    guard let file = file(at: name.file) else { return nil }
    return files[file].place(of: name.position).map { (file, $0) }
  }
}

package struct MemoryFile: Sendable {
  package internal(set) var record: FileRecord
  package internal(set) var isCancelled = false
  /// By position.
  package internal(set) var batches: [MemoryBatch] = []
  /// By item.
  package internal(set) var rejects: [Reject] = []
  /// By position.
  package internal(set) var settled: [(position: String, batch: SettledBatch)] = []
  /// By their lowest item number.
  package internal(set) var accepted: [AcceptedBatch] = []
  package internal(set) var orders: [FileOrder] = []

  var isPublished: Bool { record.state == .queued }

  func place(of position: String) -> Int? {
    let place = batches.partition(behind: position, \.waiting.name.position)
    return place < batches.count && batches[place].waiting.name.position == position ? place : nil
  }

  var lineFile: LineFile {
    LineFile(
      id: record.place, file: record.id, inbox: record.inbox, name: record.name, successMode: record.facts.successMode,
      ordering: record.facts.ordering, claimedAt: record.claimedAt, isCancelled: isCancelled,
      listsAccepted: record.facts.listsAccepted)
  }
}

package struct MemoryBatch: Sendable {
  package internal(set) var waiting: WaitingBatch
  package internal(set) var target: String
  package internal(set) var content: QueuedBatch
  /// Why it waits; nil if nothing but attempts was written down about it.
  package internal(set) var problem: String?
  /// Whether its row can't be decoded.
  var isDamaged = false
}

package struct HistoryRow: Sendable {
  package var id: FileID
  package var inbox: String
  package var sha256: String?
  package var status: String
  package var counts: FileCounts
  package var receipt: String
  package var owners: [String]
}

package struct TargetNote: Sendable, Equatable {
  package var target: String
  package var state: TargetState
  package var reason: Hindrance?
  package var until: QueueTime?
}

extension Array {
  /// The index of the first element whose `key` is not before `value`; the array is sorted by `key`.
  func partition<Key: Comparable>(behind value: Key, _ key: (Element) -> Key) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if key(self[middle]) < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
