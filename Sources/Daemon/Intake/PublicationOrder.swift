internal import Delivery

/// Keeps files in the order of their claim where it matters, though several inboxes read at the same time.
///
/// A file becomes sendable only when every file that was claimed before it, and that may be for the same target, has
/// been read; so a small file never overtakes a large one with the same keys.
actor PublicationOrder {
  private var reading: [FileID: Set<String>] = [:]
  private var isEnded = false
  private var waiting: [(id: FileID, targets: Set<String>, turn: CheckedContinuation<Void, Never>)] = []

  /// Takes note of a file that has just been claimed and the targets it may be for.
  func enter(_ id: FileID, targets: Set<String>) { reading[id] = targets }

  func enter(_ files: [(id: FileID, targets: Set<String>)]) {
    for file in files { reading[file.id] = file.targets }
  }

  /// Waits until nothing claimed before `id` can still come for the same targets.
  func turn(of id: FileID, targets: Set<String>) async {
    reading[id] = targets
    guard !isEnded, isBlocked(id, targets) else { return }
    await withCheckedContinuation { waiting.append((id, targets, $0)) }
  }

  /// The file is published, put away or given back.
  func leave(_ id: FileID) { leave([id]) }

  func leave(_ ids: [FileID]) {
    for id in ids { reading[id] = nil }
    let freed = waiting.filter { !isBlocked($0.id, $0.targets) }
    waiting.removeAll { waiter in freed.contains { $0.id == waiter.id } }
    for waiter in freed { waiter.turn.resume() }
  }

  /// Ends all waiting, since what is waited for will not be read: the daemon stops, and nothing more may be published.
  func end() {
    isEnded = true
    for waiter in waiting { waiter.turn.resume() }
    waiting = []
  }

  private func isBlocked(_ id: FileID, _ targets: Set<String>) -> Bool {
    reading.contains { $0.key < id && !$0.value.isDisjoint(with: targets) }
  }
}
