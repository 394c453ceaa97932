internal import Delivery
internal import Engine

/// A claimed file, and what its inbox was configured to do with it then.
struct ClaimedFile {
  var id: FileID
  /// In the plan.
  var file: Int
  var inbox: Int
  var target: Int
  var ordering: Ordering
  var isKeyed: Bool
  var successMode: SuccessMode

  /// What orders one of its items.
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

/// What a file's receipt says.
struct Receipt: Equatable {
  var record: FileRecord
  var settled: [SettledBatch]
  var refused: [Refusal]
  var orders: [FileOrder]
}

/// The folders of the spool. What is in them outlives everything.
struct Folders {
  /// Dropped and not claimed, by inbox, in order.
  var inboxes: [[Int]]
  /// In `work/`, in the order of their ids.
  var work: [ClaimedFile] = []
  /// By file of the plan.
  var receipts: [Int: Receipt] = [:]
  /// Whose bytes are not what they were when they were read.
  var changed: Set<Int> = []
  /// Which can't be read before this time.
  var hiddenUntil: [Int: Int64] = [:]

  func claimed(_ id: FileID) -> ClaimedFile? { work.first { $0.id == id } }
}
