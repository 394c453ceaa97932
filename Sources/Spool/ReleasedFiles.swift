import Synchronization

/// The names of files that were given back to `inbox/` because they changed.
///
/// Giving back is a rename, and inotify reports any rename into the folder as a complete arrival. This lets the watcher
/// tell them apart.
final class ReleasedFiles: Sendable {
  private let names = Mutex<Set<FileName>>([])

  func insert(_ name: FileName) { names.withLock { _ = $0.insert(name) } }

  /// Whether the name was in the set; it no longer is.
  func remove(_ name: FileName) -> Bool { names.withLock { $0.remove(name) != nil } }

  func removeAll() { names.withLock { $0.removeAll() } }
}
