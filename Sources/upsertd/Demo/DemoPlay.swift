internal import APIs
internal import Core
internal import Foundation
internal import Operations
internal import Sandbox
internal import Settings

/// The demo's acts. Each is awaited: whatever is narrated has happened.
///
/// It stops with a `DemoFailure` at the first unexpected result, and with `CancellationError` when its task is
/// cancelled; the daemon is gone in any case when `run` returns.
struct DemoPlay {
  private let folder: DemoFolder
  private let narrator: Narrator
  private let sandbox = Sandbox()
  private var daemon: DaemonProcess?
  private var settings: Settings?
  private var receipts: [ReceiptFile] = []

  /// Longer than any act takes on a busy machine; the demo's own deadline limits all of them together.
  private static let patience = Duration.seconds(25)

  init(folder: DemoFolder, narrator: Narrator) {
    self.folder = folder
    self.narrator = narrator
  }

  /// - Returns: the sandbox's port.
  mutating func run() async throws -> UInt16 {
    defer { daemon?.kill() }
    let port = try await openCurtain()
    try await dropJSON()
    try await meetRateLimit()
    try await liveThroughOutage()
    try await correctRejects()
    try await stopDaemon()
    DemoSummary(receipts: receipts, folder: folder, narrator: narrator).show()
    try DemoAudit(receipts: receipts, folder: folder, sandbox: sandbox, narrator: narrator).check()
    return port
  }

  // MARK: - The acts

  private mutating func openCurtain() async throws -> UInt16 {
    // Ends with the process; nothing else uses it.
    let port = try await sandbox.start()
    guard let addresses = await sandbox.addresses else { throw DemoFailure("the sandbox has no address") }
    try folder.configure(addresses)
    settings = try Settings.load(path: folder.configuration, environment: [:])
    let daemon = try startDaemon()
    let titles = SandboxDemo.all.map(\.title).joined(separator: " and ")
    narrator.heading("upsertd demo: drop files into folders, get receipts in return")
    narrator.narrate(
      "Items go from JSON and CSV files to two web APIs, \(titles). Everything is real except the APIs: "
        + "this process simulates them.")
    narrator.printLine("folder    \(folder.path)")
    narrator.printLine("sandbox   http://127.0.0.1:\(port)")
    narrator.printLine("daemon    \(daemon.commandLine)")
    try await wait("the daemon's folders") { SandboxDemo.all.allSatisfy { folder.hasInbox($0.inbox) } ? true : nil }
    return port
  }

  private mutating func dropJSON() async throws {
    narrator.heading("1  JSON for both APIs")
    let began = ContinuousClock.now
    try drop(.onboarding)
    try drop(.accounts)
    try await takeReceipt(.onboarding, since: began)
    try await takeReceipt(.accounts, since: began)
  }

  private mutating func meetRateLimit() async throws {
    narrator.heading("2  600 CSV rows, and an API with a rate limit")
    narrator.narrate(
      "The sandbox now accepts 3 requests per second and answers 429 to the rest. The file has its own column names; "
        + "transfer-agent.yaml maps each one to a field.")
    sandbox.change { $0.rateLimit = 3 }
    let began = ContinuousClock.now
    try drop(.transferAgent)
    let receipt = try await takeReceipt(.transferAgent, since: began)
    sandbox.change { $0.rateLimit = nil }
    let figures = sandbox.stats[SampleFile.transferAgent.api]
    guard figures.rateLimited > 0, figures.malformed > 0 else {
      throw DemoFailure("the sandbox did not answer 429, or did not answer 400")
    }
    narrator.narrate(
      """
      It took \(receipt.requests) requests. Some got a 429 and were sent again when the API allowed it. \
      \(figures.malformed) got a 400 because of one bad row: its batch was sent again in halves until that row was \
      alone, and all other rows were accepted.
      """)
  }

  private mutating func liveThroughOutage() async throws {
    narrator.heading("3  An outage, and the daemon is killed during it")
    narrator.narrate("The sandbox now answers 503 to everything.")
    sandbox.change { $0.outage = true }
    let began = ContinuousClock.now
    try drop(.export)
    try await waitForRefusals(3)
    let before = try await waiting()
    narrator.command("upsertd status")
    narrator.quote("…")
    for line in StatusTable(before).queueAndTargets { narrator.quote(line) }
    guard let daemon else { throw DemoFailure("there is no daemon to kill") }
    narrator.command("kill -9 \(daemon.id)", "waiting items are in state/outbox.sqlite")
    daemon.kill()
    narrator.command("upsertd run")
    try startDaemon()
    try await waitForRefusals(sandbox.stats[SampleFile.export.api].unavailable + 6)
    let after = try await waiting()
    guard after.queueItems == before.queueItems else {
      throw DemoFailure("\(before.queueItems) items waited before the kill, and \(after.queueItems) after it")
    }
    narrator.narrate("The same \(after.queueItems) items are waiting and are retried. Now the outage ends.")
    sandbox.change { $0.outage = false }
    try await takeReceipt(.export, since: began)
  }

  private mutating func correctRejects() async throws {
    narrator.heading("4  Rejected items are fixed and dropped again")
    let sample = SampleFile.transferAgent
    guard let receipt = receipts.first(where: { $0.file == sample.name }), let path = folder.rejectsPath(receipt),
      let name = receipt.rejectsFile
    else { throw DemoFailure("there is no rejects file for \(sample.name)") }
    let rejects = try folder.read(path)
    narrator.command("head -3 spool/\(receipt.inbox)/outbox/rejected/\(name)")
    for line in rejects.split(separator: "\n").prefix(3) { narrator.quote(line) }
    narrator.narrate("The \(receipt.rejected) rows are fixed in that same file. Its first three columns can stay.")
    var corrected = sample
    (corrected.name, corrected.what, corrected.text) = (name, "", try sample.corrected(rejects))
    (corrected.items, corrected.faults) = (sample.faults.count, [])
    let began = ContinuousClock.now
    try drop(corrected)
    let second = try await takeReceipt(corrected, since: began)
    guard let id = second.corrects, name.contains(id) else {
      throw DemoFailure("the receipt of \(name) does not say which file it corrects")
    }
  }

  private mutating func stopDaemon() async throws {
    guard let daemon else { return }
    daemon.terminate()
    self.daemon = nil
    defer { daemon.kill() }
    try await wait("the daemon to exit after SIGTERM") { daemon.isRunning ? nil : true }
    guard daemon.exitStatus == 0 else { throw DemoFailure("the daemon did not exit with status 0 after SIGTERM") }
    let left = try await status().queueFiles
    guard left == 0 else { throw DemoFailure("\(left) files are still queued") }
  }

  // MARK: - Building blocks of the acts

  @discardableResult
  private mutating func startDaemon() throws -> DaemonProcess {
    let daemon = try DaemonProcess(configuration: folder.configuration, log: folder.log)
    self.daemon = daemon
    return daemon
  }

  private func drop(_ sample: SampleFile) throws {
    try folder.drop(sample.name, in: sample.inbox, sample.text)
    narrator.command("mv \(sample.name) spool/\(sample.inbox)/inbox/", sample.what)
  }

  /// Waits for a file's receipt, and checks that it says what the file should get.
  @discardableResult
  private mutating func takeReceipt(
    _ sample: SampleFile, since began: ContinuousClock.Instant
  ) async throws -> ReceiptFile {
    let receipt = try await wait("the receipt of \(sample.name)") {
      try folder.receipt(of: sample.name, in: sample.inbox)
    }
    try sample.check(receipt)
    receipts.append(receipt)
    let milliseconds = began.duration(to: .now).milliseconds
    let time = milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds / 100 % 10) s"
    narrator.good(
      "receipt: \(receipt.accepted) accepted, \(receipt.rejected) rejected".padded(to: 48)
        + Console.styled("\(sample.name.fitted(to: 24)), after \(time)", .dim))
    return receipt
  }

  /// Waits until the API of the export has answered 503 this many times.
  private func waitForRefusals(_ count: Int) async throws {
    try await wait("an attempt during the outage") {
      sandbox.stats[SampleFile.export.api].unavailable >= count ? true : nil
    }
  }

  /// Waits until a status shows waiting items.
  private func waiting() async throws -> StatusReport {
    try await wait("a status with waiting items") {
      let report = try await status()
      return report.queueItems > 0 && report.targets.contains { $0.state != .delivering } ? report : nil
    }
  }

  /// As `upsertd status` finds it, beside the daemon and without its help.
  private func status() async throws -> StatusReport {
    guard let settings else { throw DemoFailure("there is no configuration yet") }
    return try await Operator.status(settings)
  }

  /// Checks every few milliseconds until `condition` gives a value.
  @discardableResult
  private func wait<Value>(_ what: String, until condition: () async throws -> Value?) async throws -> Value {
    let began = ContinuousClock.now
    var looks = 0
    defer { narrator.clearProgress() }
    while true {
      if let value = try await condition() { return value }
      if let daemon, !daemon.isRunning { throw DemoFailure("the daemon exited unexpectedly") }
      guard began.duration(to: .now) < Self.patience else {
        throw DemoFailure("timed out after \(Self.patience) waiting for \(what)")
      }
      looks += 1
      // Only for display: it is not an error if there is nothing to show yet.
      if looks % 10 == 0, narrator.showsProgress, let report = try? await status() {
        narrator.showProgress(report.line)
      }
      try await Task.sleep(for: .milliseconds(25))
    }
  }
}
