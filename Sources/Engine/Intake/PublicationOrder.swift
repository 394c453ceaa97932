package import Core

/// Decides in which order files become sendable, although several inboxes are read at the same time.
///
/// A claimed file that is not read yet may hold any key. So a file that was read is published only when every file that
/// was claimed before it, and may be for its target, was read. Files of one target are published in the order of their
/// ids. No file waits for another's delivery, nor for the publication of a file of another target. Inboxes with
/// `ordering: none` neither wait nor are waited for.
///
/// Events in:
/// - `claimed`: the file has an id, and its place. Report it before the claim's rename, and before a later id is
///   assigned.
/// - `read`: it can be published once its turn has come: check `publishable` after each event. Its content is staged
///   meanwhile.
/// - `unread`: what was read is lost, or could not be staged; it has to be read again, and keeps its place.
/// - `left`: it is published, was given back to its inbox, or is gone.
///
/// Answers out: `publishable`, and for display `waiting(for:)` and `blockers(of:)`.
///
/// The publisher has to take `publishable` from its start, and must not skip a file that fails: those behind it may be
/// for the same target. A file stays publishable until it `left`.
///
/// Each event and answer costs the logarithm of the number of files, plus the size of the result.
package struct PublicationOrder: Sendable {
  private enum State {
    case unread(targets: Set<String>)
    /// Nil: nothing in it is sent.
    case read(target: String?)
  }

  private struct File {
    var state: State
    var isOrdered: Bool
  }

  private var files: [FileID: File] = [:]
  /// By target, the ordered files that may turn out to be for it.
  private var unread: [String: SortedIDs] = [:]
  /// By target, the ordered files that were read and are not published.
  private var read: [String: SortedIDs] = [:]
  /// Files that were read and wait for no other.
  private var free = SortedIDs()

  package init() {}

  // MARK: - Events

  /// A file is about to be claimed, or was claimed by an earlier run.
  ///
  /// - Parameter targets: the targets that it may be for.
  package mutating func claimed(_ id: FileID, targets: Set<String>, isOrdered: Bool) {
    left(id)
    enter(id, File(state: .unread(targets: targets), isOrdered: isOrdered))
  }

  /// A file was read to its end, or is known to be unusable in any case.
  ///
  /// - Parameter target: nil if nothing in it is sent. The file then neither waits nor is waited for.
  package mutating func read(_ id: FileID, target: String?) {
    guard let file = files[id] else { return }
    left(id)
    enter(id, File(state: .read(target: target), isOrdered: file.isOrdered))
  }

  /// A file has to be read again. Its target, once known, remains the only possible one.
  package mutating func unread(_ id: FileID) {
    guard let file = files[id], case .read(let target) = file.state else { return }
    left(id)
    enter(id, File(state: .unread(targets: target.map { [$0] } ?? []), isOrdered: file.isOrdered))
  }

  /// A file is published, was given back, or is gone.
  package mutating func left(_ id: FileID) {
    guard let file = files.removeValue(forKey: id) else { return }
    switch file.state {
    case .unread(let targets):
      guard file.isOrdered else { return }
      for target in targets { Self.remove(id, from: &unread, target) }
    case .read(let target?) where file.isOrdered: Self.remove(id, from: &read, target)
    case .read: free.remove(id)
    }
  }

  private mutating func enter(_ id: FileID, _ file: File) {
    files[id] = file
    switch file.state {
    case .unread(let targets):
      guard file.isOrdered else { return }
      for target in targets { unread[target, default: SortedIDs()].insert(id) }
    case .read(let target?) where file.isOrdered: read[target, default: SortedIDs()].insert(id)
    case .read: free.insert(id)
    }
  }

  private static func remove(_ id: FileID, from lists: inout [String: SortedIDs], _ target: String) {
    lists[target]?.remove(id)
    if lists[target]?.first == nil { lists[target] = nil }
  }

  // MARK: - Queries

  /// The files that may be published now, in this order.
  package func publishable(limit: Int = .max) -> [FileID] {
    var ready = Array(free.all.prefix(limit))
    for (target, ids) in read {
      guard let first = unread[target]?.first else {
        ready += ids.all.prefix(limit)
        continue
      }
      ready += ids.all.prefix(limit).prefix { $0 < first }
    }
    return Array(ready.sorted().prefix(limit))
  }

  /// Whether a file was read and its turn has come.
  package func isPublishable(_ id: FileID) -> Bool {
    guard let file = files[id], case .read(let target) = file.state else { return false }
    guard let target, file.isOrdered, let first = unread[target]?.first else { return true }
    return id < first
  }

  /// Files that were read and whose turn has not come.
  package var waitingCount: Int {
    read.reduce(0) { count, line in
      guard let first = unread[line.key]?.first else { return count }
      return count + line.value.all.count - line.value.place(of: first)
    }
  }

  /// The files that were read and wait for this one to be read, in order.
  package func waiting(for id: FileID) -> [FileID] {
    guard let file = files[id], file.isOrdered, case .unread(let targets) = file.state else { return [] }
    return targets.flatMap { target in read[target].map { $0.all.dropFirst($0.place(of: id)) } ?? [] }.sorted()
  }

  /// The unread files that this one waits for, in order; empty if it waits for none or is not read itself.
  package func blockers(of id: FileID) -> [FileID] {
    guard let file = files[id], file.isOrdered, case .read(let target?) = file.state else { return [] }
    return unread[target].map { Array($0.all.prefix($0.place(of: id))) } ?? []
  }
}

/// Ids in ascending order; most are added at the end and removed from the front.
private struct SortedIDs {
  private var ids: [FileID] = []
  /// Those before it are removed.
  private var start = 0

  var all: ArraySlice<FileID> { ids[start...] }
  var first: FileID? { all.first }

  /// How many of them are smaller.
  func place(of id: FileID) -> Int { index(of: id) - start }

  /// The index of the first one that is not smaller.
  private func index(of id: FileID) -> Int {
    var (low, high) = (start, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func insert(_ id: FileID) {
    guard let last = ids.last, start < ids.count, id <= last else { return ids.append(id) }
    let index = index(of: id)
    if ids[index] != id { ids.insert(id, at: index) }
  }

  mutating func remove(_ id: FileID) {
    let index = index(of: id)
    guard index < ids.count, ids[index] == id else { return }
    guard index == start else {
      ids.remove(at: index)
      return
    }
    start += 1
    if start > 64, start > ids.count / 2 {
      ids.removeFirst(start)
      start = 0
    }
  }
}

/// A file that has something to send now.
package struct PublishedFile: Sendable, Equatable {
  package var id: FileID
  package var target: String
  /// Whether its inbox preserves order.
  package var isOrdered: Bool

  package init(id: FileID, target: String, isOrdered: Bool) {
    self.id = id
    self.target = target
    self.isOrdered = isOrdered
  }
}
