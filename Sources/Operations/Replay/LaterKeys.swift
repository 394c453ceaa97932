internal import APIs
package import Core
internal import Engine
internal import Glibc
internal import Intake
internal import Outbox
internal import Runtime
package import Settings
internal import Spool

/// Which records of a file that is to be dropped again were in later files, too: their older values would be sent after
/// the newer ones.
///
/// Nothing keeps the keys of finished files, so these are read again, by the configuration as it is now. What is gone,
/// can't be read, or is not reached in the time counts as unknown.
package struct LaterKeys: Sendable, Equatable {
  /// How many keys the file has.
  package var keys = 0
  /// How many of them later files had.
  package var overtaken = 0
  /// The later files that had some, in order.
  package var files: [FileID] = []
  /// How many later files might have had some: nobody knows.
  package var unknown = 0
  /// Whether there are even more of these.
  package var isCut = false

  package init() {}
}

extension LaterKeys {
  /// The most later files that are looked at.
  private static let mostFiles = 10_000

  /// - Parameters:
  ///   - rejects: whether its rejects file is to be dropped again.
  ///   - isWhole: whether the settings are a whole configuration; if not, no file can be read.
  ///   - limit: how long the reading may take.
  /// - Returns: nil if there is nothing to compare: no such finished file, no original, or one that is unusable.
  /// - Throws: `StartError`, `InboxError`, `OutboxError` if that can't be seen.
  package static func find(
    _ id: FileID, rejects: Bool, settings: Settings, isWhole: Bool, within limit: Duration = .seconds(60)
  ) async throws -> LaterKeys? {
    try await Operator.looking(at: settings) { outbox in
      guard let outbox, let file = try await outbox.finished(id), let inbox = settings.inbox(named: file.inbox),
        let dropped = FileName(bytes: file.name)
      else { return nil }
      let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
      let names = ResultNames(dropped: dropped, id: id)
      guard let place = try rejects ? folders.rejects(of: names) : folders.original(of: names) else { return nil }
      let later = try await outbox.filesSent(after: id, limit: mostFiles + 1)
      return try await StatusReport.folderQueue.run { () throws -> LaterKeys? in
        var found = LaterKeys()
        found.isCut = later.count > mostFiles
        guard isWhole else {
          found.unknown = min(later.count, mostFiles)
          return found
        }
        let reading = KeyReading(settings: settings, until: ContinuousClock.now + limit)
        guard let own = try reading.keys(of: place, as: rejects ? place.name : dropped, inbox: inbox) else {
          return nil
        }
        found.keys = own.values.reduce(0) { $0 + $1.count }
        guard found.keys > 0 else { return found }
        var overtaken: [String: Set<KeyHash>] = [:]
        for other in later.prefix(mostFiles) {
          guard let inbox = settings.inbox(named: other.inbox), let name = FileName(bytes: other.name) else {
            found.unknown += 1
            continue
          }
          guard reading.targets(of: name, inbox: inbox).contains(where: { own[$0] != nil }) else { continue }
          let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
          let names = ResultNames(dropped: name, id: other.id)
          let place = try other.isUnderWay ? folders.claimed(names) : folders.original(of: names)
          guard let place, let keys = try reading.keys(of: place, as: name, inbox: inbox, among: own) else {
            found.unknown += 1
            continue
          }
          if keys.contains(where: { !$1.isEmpty }) { found.files.append(other.id) }
          overtaken.merge(keys) { $0.union($1) }
        }
        found.overtaken = overtaken.values.reduce(0) { $0 + $1.count }
        return found
      }
    }
  }

  /// Human-readable; nil if no later file had any of the keys.
  package var warning: String? {
    guard overtaken > 0 else { return nil }
    let some = "\(overtaken) of its \(counted(keys, "key"))"
    return "\(some) were in \(counted(files.count, "later file")), the first of them \(files.first?.text ?? "")"
  }

  /// What could not be found out; nil if nothing.
  package var doubt: String? {
    guard unknown > 0 || isCut else { return nil }
    let more = isCut ? " and more" : ""
    return "\(counted(unknown, "later file"))\(more) can't be read any more, and may have had some of its keys"
  }
}

/// Reads files for the keys of their items, until a moment.
private struct KeyReading {
  let settings: Settings
  let until: ContinuousClock.Instant

  private struct OutOfTime: Error {}

  func targets(of name: FileName, inbox: Inbox) -> Set<String> {
    inbox.route(for: name.bytes).map { RouteTargets($0, settings: settings).targetNames } ?? []
  }

  /// The keys by target, or those of them that are in `wanted`; nil if the file can't be used or read, or the time is over.
  ///
  /// - Throws: `InboxError` if this user may not read it.
  func keys(
    of place: (folder: String, name: FileName), as name: FileName, inbox: Inbox,
    among wanted: [String: Set<KeyHash>]? = nil
  ) throws -> [String: Set<KeyHash>]? {
    guard ContinuousClock.now < until else { return nil }
    guard let (descriptor, size) = try InboxFolders.openRegular(place) else { return nil }
    defer { close(descriptor) }
    var sink = KeySink(wanted: wanted)
    var reading = FileReading(
      inbox: inbox, settings: settings, name: name.bytes, path: place.folder + "/" + place.name.display,
      descriptor: descriptor, size: size, refersToFile: false
    ) { [until] _ in
      if until < ContinuousClock.now { throw OutOfTime() }
    }
    // A disk that fails, or the time that is over: it is not known.
    guard let result = try? reading.run(into: &sink), result.fault == nil else { return nil }
    return sink.keys
  }
}

private struct KeySink: ReadingSink {
  let wanted: [String: Set<KeyHash>]?
  var keys: [String: Set<KeyHash>] = [:]

  mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {
    let target = destination.target.name
    for case let key? in batch.items.lazy.map(\.key) where wanted.map({ $0[target]?.contains(key) == true }) ?? true {
      keys[target, default: []].insert(key)
    }
  }

  mutating func reject(_ reject: Reject) {}
}
