internal import Core
internal import Engine
internal import Synchronization

/// A claimed file, and what its inbox was configured to do with it at that time.
struct SimulatedFile {
  var id: FileID
  /// Its index in the plan.
  var file: Int
  var inbox: Int
  var target: Int
  var ordering: Ordering
  var isKeyed: Bool
  var successMode: SuccessMode

  /// The keys that order one of its items.
  func orderKeys(of key: Int) -> [KeyHash] {
    let own = isKeyed ? ItemPlan.hash(of: key) : KeyHash(inbox: inboxName)
    switch ordering {
    case .none: return []
    case .key: return [own]
    case .file: return isKeyed ? [own, KeyHash(inbox: inboxName)] : [own]
    }
  }

  var inboxName: String { "i\(inbox)" }
}

extension ItemPlan {
  static func hash(of key: Int) -> KeyHash { KeyHash(stored: UInt64(key) + 1000) }
}

/// The content of a file's receipt.
struct Receipt: Equatable {
  var record: FileRecord
  var settled: [SettledBatch]
  var rejects: [Reject]
  var orders: [FileOrder]
}

/// The folders of the spool. Their content outlives everything.
struct Folders {
  /// Dropped and not claimed files, by inbox, in order.
  var inboxes: [[Int]]
  /// In `work/`, in id order.
  var work: [SimulatedFile] = []
  /// By the plan's file index.
  var receipts: [Int: Receipt] = [:]
  /// Files whose bytes have changed since they were read.
  var changed: Set<Int> = []
  /// Files that can't be read before this time.
  var hiddenUntil: [Int: Int64] = [:]

  func claimed(_ id: FileID) -> SimulatedFile? { work.first { $0.id == id } }
}

/// Human-readable names: files as the plan numbers them.
extension World {
  func text(_ name: BatchName) -> String { "f\(checker.number(of: name.file))/\(name.position)" }

  func text(_ read: DispatchState.Read) -> String {
    switch read {
    case .line(let after, let limit): "\(limit) of the line behind \(after.map(text) ?? "its beginning")"
    case .late(let file, let after, let limit):
      "\(limit) of f\(checker.number(of: file)) behind \(after ?? "its beginning")"
    case .named(let names): "\(names.map(text))"
    case .postponed(let after, let limit):
      "\(limit) of the postponed behind \(after.map { "\($0.due.milliseconds) \(text($0.name))" } ?? "all")"
    case .oldestFile(let last): "the oldest file\(last.map { " behind f\(checker.number(of: $0))" } ?? "")"
    case .files: "what files there are"
    }
  }

  func text(_ found: DispatchState.Found) -> String {
    switch found {
    case .page(let page): "\(page.batches.map { text($0.name) })\(page.isEnd ? ", which is the end" : "")"
    case .files(let files):
      (files.newestOrdered.map { "f\(checker.number(of: $0)) as the newest" } ?? "no file")
        + files.cancelled.map { ", f\(checker.number(of: $0)) as cancelled" }.joined()
    case .oldestFile(let file): file.map { "f\(checker.number(of: $0.id))" } ?? "no file"
    }
  }
}

/// A value shared by a type that has to be `Sendable`, although only one task at a time uses it.
final class Guarded<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: Value) { mutex = Mutex(value) }

  var value: Value {
    get { mutex.withLock { $0 } }
    set { mutex.withLock { $0 = newValue } }
  }
}

/// The machine's clocks.
struct Machine {
  private var boots = 1
  private var bootedAt: Int64 = -5_000_000
  /// What the wall clock was set to, in addition to the time that passes.
  private var wallOffset: Int64 = 1_795_000_000_000

  func wall(at now: Int64) -> Timestamp { Timestamp(milliseconds: wallOffset + now) }

  func reading(at now: Int64) -> QueueClock.Reading {
    QueueClock.Reading(bootID: "boot \(boots)", sinceBoot: now - bootedAt, wall: wall(at: now))
  }

  var hasBootedAgain: Bool { boots > 1 }

  mutating func setWallClock(by step: Int64) { wallOffset += step }

  mutating func boot(at now: Int64) {
    boots += 1
    bootedAt = now
  }
}
