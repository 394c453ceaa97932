package import Calendar
package import Core

/// All entries of `expect`, of all inboxes, with what is known of their files.
///
/// It hands each event to the entries whose `match` fits the file's name, and says what has to be stored: a value, so
/// that a copy can be changed first and replace the old one once the commit is done.
package struct Expectations: Sendable {
  /// What identifies an entry across restarts and changes of the configuration.
  package struct Key: Hashable, Sendable {
    package var inbox: String
    package var match: String
    /// Tells entries of an inbox apart that have the same `match`: 0 for the first.
    package var ordinal: Int

    package init(inbox: String, match: String, ordinal: Int = 0) {
      self.inbox = inbox
      self.match = match
      self.ordinal = ordinal
    }
  }

  private struct Entry {
    var key: Key
    var match: Glob
    var files: ExpectedFiles

    /// Rejects files never count.
    func takes(_ name: [UInt8], in inbox: String) -> Bool {
      key.inbox == inbox && match.matches(name) && RejectsFileName(name) == nil
    }
  }

  private struct ClaimedFile {
    var inbox: String
    var ready: ExpectedFiles.Arrival
  }

  /// In the configuration's order.
  private var entries: [Entry] = []
  /// As in the outbox, entries included that the configuration no longer has.
  private var kept: [Key: ExpectedFiles.Snapshot]
  /// Files in `work/` that an entry waits for.
  private var claimed: [FileID: ClaimedFile] = [:]

  /// - Parameters:
  ///   - inboxes: the entries of each inbox, in the configuration's order.
  ///   - kept: all stored snapshots.
  package init(
    _ inboxes: [(name: String, entries: [ExpectationRule])] = [], from kept: [Key: ExpectedFiles.Snapshot] = [:]
  ) {
    self.kept = kept
    for inbox in inboxes {
      for rule in inbox.entries {
        let ordinal = entries.count { $0.key.inbox == inbox.name && $0.key.match == rule.match }
        let key = Key(inbox: inbox.name, match: rule.match, ordinal: ordinal)
        entries.append(
          Entry(key: key, match: Glob(rule.match), files: ExpectedFiles(rule, from: kept[key])))
      }
    }
  }

  /// Whether there is nothing to expect, and nothing to forget.
  package var isEmpty: Bool { entries.isEmpty && kept.isEmpty }

  // MARK: - Events

  /// A file became ready, by its claim; a file of no interest is ignored.
  package mutating func ready(_ id: FileID, in inbox: String, _ file: ExpectedFiles.Arrival) {
    for index in places(of: file.name, in: inbox) {
      claimed[id] = ClaimedFile(inbox: inbox, ready: file)
      entries[index].files.ready(id, name: file.name, at: file.at)
    }
  }

  /// These files of an inbox are ready and not claimed, and no others.
  package mutating func waiting(_ files: [ExpectedFiles.Arrival], in inbox: String) {
    for index in entries.indices where entries[index].key.inbox == inbox {
      entries[index].files.waiting(files.lazy.filter { [entry = entries[index]] in entry.takes($0.name, in: inbox) })
    }
  }

  /// A claimed file was read to its end, and counts.
  ///
  /// - Parameter items: all of them, rejected ones included.
  package mutating func read(_ id: FileID, items: Int, now: Timestamp) -> [InboxAlarm] {
    guard let file = claimed.removeValue(forKey: id) else { return [] }
    return places(of: file.ready.name, in: file.inbox).flatMap { index in
      change(index) {
        $0.read(id, name: file.ready.name, readyAt: file.ready.at, items: items, now: now)
      }
    }
  }

  /// A claimed file does not count, or went back to its inbox.
  ///
  /// - Parameter reason: why it does not count; nil if it went back.
  package mutating func gone(_ id: FileID, because reason: String? = nil, now: Timestamp) -> [InboxAlarm] {
    guard let file = claimed.removeValue(forKey: id) else { return [] }
    return places(of: file.ready.name, in: file.inbox).flatMap { index in
      change(index) { $0.gone(id, because: reason, now: now) }
    }
  }

  /// The same, without an answer: call `passed` next.
  package mutating func forget(_ id: FileID) {
    guard let file = claimed.removeValue(forKey: id) else { return }
    for index in places(of: file.ready.name, in: file.inbox) { entries[index].files.forget(id) }
  }

  /// Whether an entry waits for the file.
  package func awaits(_ id: FileID) -> Bool { claimed[id] != nil }

  /// Time went on.
  package mutating func passed(_ now: Timestamp) -> [InboxAlarm] {
    entries.indices.flatMap { index in change(index) { $0.passed(now) } }
  }

  // MARK: - Storing

  /// What the outbox does not have yet.
  package func changes(_ alarms: [InboxAlarm] = [], at now: Timestamp) -> ExpectationChanges {
    let known = Set(entries.map(\.key))
    return ExpectationChanges(
      at: now,
      snapshots: entries.lazy.filter { kept[$0.key] != $0.files.snapshot }.map { ($0.key, $0.files.snapshot) },
      forgotten: kept.keys.filter { !known.contains($0) }, alarms: alarms)
  }

  /// All changes are stored.
  package mutating func stored() {
    kept = Dictionary(entries.map { ($0.key, $0.files.snapshot) }) { $1 }
  }

  // MARK: - Queries

  /// The entries of an inbox, in the configuration's order.
  package func states(
    of inbox: String, at now: Timestamp
  ) -> [(key: Key, rule: ExpectationRule, state: ExpectationState)] {
    entries.filter { $0.key.inbox == inbox }.map { ($0.key, $0.files.rule, $0.files.state(at: now)) }
  }

  /// When an alarm may become due by itself; nil without entries.
  package func nextChange(after now: Timestamp) -> Timestamp? {
    entries.map { $0.files.nextChange(after: now) }.min()
  }

  private func places(of name: [UInt8], in inbox: String) -> [Int] {
    entries.indices.filter { entries[$0].takes(name, in: inbox) }
  }

  private mutating func change(
    _ index: Int, _ event: (inout ExpectedFiles) -> [ExpectationAlarm]
  ) -> [InboxAlarm] {
    let key = entries[index].key
    return event(&entries[index].files).map { InboxAlarm(key: key, alarm: $0) }
  }
}

/// An alarm, and the entry that it comes from.
package struct InboxAlarm: Sendable, Hashable {
  package var key: Expectations.Key
  package var alarm: ExpectationAlarm

  package init(key: Expectations.Key, alarm: ExpectationAlarm) {
    self.key = key
    self.alarm = alarm
  }
}

/// What became known of expected files: to be stored in the same commit as what it follows from.
package struct ExpectationChanges: Sendable {
  package var at: Timestamp
  package var snapshots: [(key: Expectations.Key, snapshot: ExpectedFiles.Snapshot)]
  /// Entries that the configuration no longer has.
  package var forgotten: [Expectations.Key]
  /// To be reported, in this order.
  package var alarms: [InboxAlarm]

  package init(
    at: Timestamp, snapshots: [(key: Expectations.Key, snapshot: ExpectedFiles.Snapshot)] = [],
    forgotten: [Expectations.Key] = [], alarms: [InboxAlarm] = []
  ) {
    self.at = at
    self.snapshots = snapshots
    self.forgotten = forgotten
    self.alarms = alarms
  }

  package var isEmpty: Bool { snapshots.isEmpty && forgotten.isEmpty && alarms.isEmpty }
}
