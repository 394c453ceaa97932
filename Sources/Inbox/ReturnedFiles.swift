import Synchronization

/// The names of files that were given back to `inbox/` while they changed.
///
/// Giving back is a rename, and to inotify any rename into the folder is a complete arrival. This is how the watcher
/// knows better.
final class ReturnedFiles: Sendable {
  private let names = Mutex<Set<FileName>>([])

  func insert(_ name: FileName) { names.withLock { _ = $0.insert(name) } }

  /// Whether it was in; it is not any more.
  func remove(_ name: FileName) -> Bool { names.withLock { $0.remove(name) != nil } }

  func removeAll() { names.withLock { $0.removeAll() } }
}
