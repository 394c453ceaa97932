import APIs
import Core
import Engine
import Foundation
import Logging
import Outbox
import Settings
import Spool
import Synchronization
import Testing
import TestKit
@testable import Intake
@testable import Runtime
@testable import Telemetry

/// Inboxes that are watched, claimed and read in this process, on a real outbox and real folders; nothing is sent.
///
/// Inboxes `a` and `b` are for target `lusid`, `c` is for `other`.
struct IntakeWorld: Sendable {
  let folder: String
  let settings: Settings
  let outbox: Outbox
  let store: FailingStore
  let clock: TestClock
  /// The names of targets for which something was published, in order.
  let published = Guarded<[String]>([])
  /// Kinds of the alarms about expected files, in order.
  let alarms = Guarded<[String]>([])

  init(folder: String, queue: String = "{min_free_disk: 1KiB}", limits: String = "{}", inbox: String = "") throws {
    self.folder = folder
    let token = "auth: {access_token: t}"
    let yaml = """
      spool: \(folder)/spool
      state: \(folder)/state
      watch: {poll_interval: 20ms, settle: 20ms}
      queue: \(queue)
      retry: {initial: 20ms, max: 40ms}
      limits: \(limits)
      admin: false
      targets:
        lusid: {api: lusid, url: "http://127.0.0.1:1/api", \(token)}
        other: {api: lusid, url: "http://127.0.0.1:2/api", \(token)}
      inboxes:
        - {name: a, target: lusid\(inbox)}
        - {name: b, target: lusid}
        - {name: c, target: other}
      """
    let path = folder + "/upsertd.yaml"
    _ = FileManager.default.createFile(
      atPath: path, contents: Data(yaml.utf8), attributes: [.posixPermissions: 0o600])
    settings = try Settings.load(path: path, environment: [:])
    try FileManager.default.createDirectory(atPath: settings.state, withIntermediateDirectories: true)
    outbox = try Outbox(path: settings.state + "/outbox.sqlite")
    store = FailingStore(outbox)
    clock = TestClock()
    for inbox in settings.inboxes { try folders(inbox.name).prepare() }
  }

  func folders(_ inbox: String) -> InboxFolders { InboxFolders(spool: settings.spool, inbox: inbox) }

  /// Drops a file by a rename, so that it is ready at once.
  func drop(_ name: String, in inbox: String, _ text: String, size: Int? = nil) throws {
    let path = folders(inbox).inbox + "/" + name
    try Data(text.utf8).write(to: URL(filePath: path + ".tmp"))
    if let size { try #require(truncate(path + ".tmp", off_t(size)) == 0) }
    try #require(rename(path + ".tmp", path) == 0)
  }

  static func items(_ count: Int = 1) -> String {
    let items = (1...count).map {
      """
      {"scope": "T", "displayName": "n", "identifiers": {"InvestorRecord/T/Id": {"key": "InvestorRecord/T/Id", \
      "value": {"labelValue": "\($0)"}}}, "investor": {"investorType": "Person", "identifiers": {"P/T/Id": "\($0)"}}}
      """
    }
    return "[\(items.joined(separator: ","))]"
  }

  /// The claimed file of that name.
  func claimed(_ name: String, in inbox: String) throws -> FileID? {
    try folders(inbox).workFiles().first { $0.dropped.display == name }?.id
  }

  /// Drops a file that is read for a while, and returns its id once that has begun.
  func claimSlowFile(_ name: String, in inbox: String) async throws -> FileID {
    // One line of holes: they do not count as spaces.
    try drop(name, in: inbox, "", size: 512 << 20)
    try await eventually("the reading of \(name)") { running.tracker.all.contains { $0.name == name } }
    return try #require(running.tracker.all.first { $0.name == name }?.id)
  }

  /// What the outbox has of the claimed file of that name.
  func record(_ name: String, in inbox: String) async throws -> FileRecord? {
    guard let id = try claimed(name, in: inbox) else { return nil }
    return try await outbox.file(id)
  }

  func wait(
    for name: String, in inbox: String, toBe state: FileRecord.State, location: SourceLocation = #_sourceLocation
  ) async throws {
    try await eventually("\(inbox)/\(name) to be \(state)") { try await record(name, in: inbox)?.state == state }
  }

  /// What is reported about an unread file; waits until it is reported.
  func unread(_ name: String) async throws -> UnreadFile {
    try await eventually("\(name) to be unread") {
      running.tracker.all.contains { $0.name == name && $0.reason != nil }
    }
    return try #require(running.tracker.all.first { $0.name == name })
  }

  let running = Running()

  /// What the inboxes of one run have in common.
  final class Running: Sendable {
    private let parts = Mutex<(intakes: [String: Intake], tracker: UnreadFileTracker)>(([:], UnreadFileTracker()))
    var intakes: [String: Intake] { parts.withLock { $0.intakes } }
    var tracker: UnreadFileTracker { parts.withLock { $0.tracker } }
    func set(_ intakes: [String: Intake], _ tracker: UnreadFileTracker) { parts.withLock { $0 = (intakes, tracker) } }
  }

  func intake(_ inbox: String) throws -> Intake { try #require(running.intakes[inbox]) }

  /// Runs the inboxes, as a pipeline does, while `body` looks.
  func run(_ body: (IntakeWorld) async throws -> Void) async throws {
    let instruments = Instruments()
    let stopFlag = StopFlag()
    let (published, told) = (published, alarms)
    let publisher = Publisher(
      store: store, tracker: instruments.unread,
      expectations: Expectations(settings.inboxes.map { ($0.name, $0.expect) }, from: try await outbox.expected()),
      onPublished: { files in published.withLock { $0 += files.map(\.target) } }, onFinishing: {},
      onAlarms: { alarms in told.withLock { $0 += alarms.map(\.alarm.kind.rawValue) } })
    let watch = ExpectationWatch(
      publisher: publisher, activeFailures: instruments.activeFailures,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let clock = clock
    let context = Intake.Context(
      settings: settings, outbox: outbox, store: store, key: try outbox.sourceKey(), publisher: publisher,
      admission: AdmissionControl(outbox: outbox, settings: settings), instruments: instruments, stopFlag: stopFlag,
      now: { clock.now })
    let underWay = try await outbox.filesUnderWay()
    if let newest = underWay.newest { await publisher.skip(past: newest) }
    let rows = try await outbox.unreadFiles()
    var intakes: [String: Intake] = [:]
    for inbox in settings.inboxes {
      let intake = Intake(
        inbox, folders: folders(inbox.name), context: context, isPaused: false,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, strayInterval: .milliseconds(50))
      try await intake.takeOver(known: underWay.ids, rows: rows)
      intakes[inbox.name] = intake
    }
    running.set(intakes, instruments.unread)
    try await withThrowingTaskGroup(of: Void.self) { [intakes] group in
      for intake in intakes.values { group.addTask { await intake.run() } }
      let watching = Task { await watch.run() }
      let result: Result<Void, any Error>
      do { result = .success(try await body(self)) } catch { result = .failure(error) }
      stopFlag.raise()
      watching.cancel()
      await watching.value
      for intake in intakes.values { await intake.stop() }
      try await group.waitForAll()
      try result.get()
    }
  }
}

/// Builds a world in a folder of its own.
func withIntakeWorld(
  queue: String = "{min_free_disk: 1KiB}", limits: String = "{}", inbox: String = "",
  _ body: (IntakeWorld) async throws -> Void
) async throws {
  try await withTemporaryFolder { folder in
    let world = try IntakeWorld(folder: "\(folder)", queue: queue, limits: limits, inbox: inbox)
    try await body(world)
    try world.outbox.close()
  }
}

/// The queue's clock, which stands still until it is moved.
final class TestClock: Sendable {
  private let time = Mutex(QueueTime(milliseconds: 1_000_000_000))
  var now: QueueTime { time.withLock { $0 } }
  func advance(by delay: Duration) { time.withLock { $0 = $0 + delay } }
}

/// An outbox that takes no batches of certain files, or publishes nothing, as a full disk would have it.
final class FailingStore: IntakeStore {
  private let outbox: Outbox
  private let faults = Mutex<(names: Set<String>, publishes: Bool)>(([], true))
  private let count = Mutex(0)

  init(_ outbox: Outbox) { self.outbox = outbox }

  func takeNothing(of name: String) { faults.withLock { _ = $0.names.insert(name) } }
  func publishNothing() { faults.withLock { $0.publishes = false } }
  /// How often batches were not taken.
  var rejects: Int { count.withLock { $0 } }
  func mend() { faults.withLock { $0 = ([], true) } }

  func commit<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value {
    let (names, publishes) = faults.withLock { $0 }
    return try outbox.commit { inner in
      let commit = FailingCommit(commit: inner, names: names, publishes: publishes)
      defer { if commit.hasRefused { count.withLock { $0 += 1 } } }
      return try body(commit)
    }
  }

  func commitLarge<Value>(_ body: (any IntakeCommit) throws -> Value) throws(OutboxError) -> Value { try commit(body) }

  func discardStaged(of id: FileID, onProgress: () -> Void) throws(OutboxError) {
    try outbox.discardStaged(of: id, onProgress: onProgress)
  }
  func unreadFiles() async throws(OutboxError) -> [FileRecord] { try await outbox.unreadFiles() }
  func release(
    _ id: FileID, as line: FileID, order: FileOrder, at now: QueueTime
  ) async throws(OutboxError) -> Bool {
    try await outbox.release(id, as: line, order: order, at: now)
  }
  func keep(_ mark: QueueClock.Mark) async throws(OutboxError) { try await outbox.keep(mark) }
  func clockMark() async throws(OutboxError) -> QueueClock.Mark? { try await outbox.clockMark() }
  func expected() async throws(OutboxError) -> [Expectations.Key: ExpectedFiles.Snapshot] {
    try await outbox.expected()
  }
}

private final class FailingCommit: IntakeCommit {
  private let commit: any IntakeCommit
  private let names: Set<String>
  private let publishes: Bool
  private var failing: Set<FileID> = []
  private(set) var hasRefused = false

  init(commit: any IntakeCommit, names: Set<String>, publishes: Bool) {
    self.commit = commit
    self.names = names
    self.publishes = publishes
  }

  private var full: OutboxError { OutboxError(.failing, path: "outbox.sqlite", reason: "database or disk is full") }

  func begin(_ file: NewFile) throws {
    if names.contains(String(decoding: file.name, as: UTF8.self)) { failing.insert(file.id) }
    try commit.begin(file)
  }

  func stage(
    _ batches: [(ordinal: Int, batch: QueuedBatch)], rejects: [Reject], of id: FileID, target: String
  ) throws {
    if failing.contains(id) {
      hasRefused = true
      throw full
    }
    try commit.stage(batches, rejects: rejects, of: id, target: target)
  }

  func publish(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws {
    guard publishes else { throw full }
    try commit.publish(id, facts: facts, items: items, rejected: rejected)
  }

  func hold(_ id: FileID, facts: FileFacts, items: Int, rejected: Int) throws {
    try commit.hold(id, facts: facts, items: items, rejected: rejected)
  }

  func fail(_ id: FileID, facts: FileFacts, fault: FileFault) throws {
    try commit.fail(id, facts: facts, fault: fault)
  }

  func forget(_ id: FileID) throws { try commit.forget(id) }

  func original(sha256: String, inbox: String, before id: FileID) throws -> (id: FileID, wasUsed: Bool)? {
    try commit.original(sha256: sha256, inbox: inbox, before: id)
  }

  func keep(_ changes: ExpectationChanges) throws {
    guard publishes else { throw full }
    try commit.keep(changes)
  }
}
