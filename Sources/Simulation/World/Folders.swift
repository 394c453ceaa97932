internal import Core
internal import Engine

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
