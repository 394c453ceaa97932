internal import Daemon
internal import Delivery
internal import Foundation
internal import Sandbox
internal import Settings

/// The demo's acts, each waited for: what is told has happened.
///
/// It breaks off with a `DemoFailure` at the first thing that goes otherwise, and with `CancellationError` when its task is
/// cancelled; the daemon is gone in any case when `run` returns.
struct DemoPlay {
  private let folder: DemoFolder
  private let narrator: Narrator
  private let sandbox = Sandbox()
  private var daemon: DaemonProcess?
  private var settings: Settings?
  private var receipts: [ReceiptFile] = []

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
    DemoSummary(receipts: receipts, folder: folder, narrator: narrator).tell()
    try DemoAudit(receipts: receipts, sandbox: sandbox, narrator: narrator).check()
    return port
  }

  // MARK: - The acts

  private mutating func openCurtain() async throws -> UInt16 {
    // Ends with the process; nobody else has a use for it.
    let port = try await sandbox.start()
    guard let addresses = await sandbox.addresses else { throw DemoFailure("the sandbox has no address") }
    try folder.configure(addresses)
    settings = try Settings.load(path: folder.configuration, environment: [:])
    let daemon = try startDaemon()
    narrator.say(
      """
      Files are dropped into folders. upsertd delivers their records to two web APIs, and says of each
      what became of it. All of it is real but the two APIs: this process plays them.

         folder    \(folder.path)
         sandbox   http://127.0.0.1:\(port)
         daemon    \(daemon.commandLine)
      """)
    try await wait("the daemon's folders") { folder.hasInbox("investors") && folder.hasInbox("accounts") ? true : nil }
    return port
  }

  private mutating func dropJSON() async throws {
    narrator.heading("1  JSON for both APIs")
    try drop(.onboarding)
    try drop(.accounts)
    try await takeReceipt(.onboarding)
    try await takeReceipt(.accounts)
  }

  private mutating func meetRateLimit() async throws {
    narrator.heading("2  CSV, and an API that wants it slowly")
    narrator.tell("From now on the sandbox takes 5 requests a second, and answers 429 to more.")
    narrator.tell("The file has column names of its own; transfer-agent.yaml says which fields they fill.")
    sandbox.change { $0.rateLimit = 5 }
    try drop(.transferAgent)
    let receipt = try await takeReceipt(.transferAgent)
    sandbox.change { $0.rateLimit = nil }
    let stats = sandbox.stats.lusid
    guard stats.rateLimited > 0, receipt.retries > 0, stats.malformed > 0 else {
      throw DemoFailure("the rate limit, or the 400, was not met with")
    }
    narrator.tell(
      "429 was the answer to \(stats.rateLimited) of \(receipt.requests) requests. Another \(stats.malformed) got a 400 for one row's sake:"
    )
    narrator.tell("its batch of 100 was sent again in halves, until that row stood alone. The other 99 are in.")
  }

  private mutating func liveThroughOutage() async throws {
    narrator.heading("3  An outage, and a daemon killed in the middle of it")
    narrator.tell("From now on the sandbox answers 503 to everything.")
    sandbox.change { $0.outage = true }
    try drop(.export)
    try await waitForRefusals(3)
    let before = try await waiting()
    narrator.command("upsertd status", "")
    narrator.tell("  " + before.line.fitted(to: narrator.width - 5))
    guard let daemon else { return }
    narrator.command("kill -9 \(daemon.id)", "what waits lies in state/outbox.sqlite")
    daemon.kill()
    try startDaemon()
    narrator.command("upsertd run &", "and again, without a word about what was")
    try await waitForRefusals(sandbox.stats.liquid.unavailable + 2)
    let after = try await waiting()
    guard after.queueItems == before.queueItems else {
      throw DemoFailure("\(before.queueItems) items waited before the kill, and \(after.queueItems) after it")
    }
    narrator.tell("\(after.queueItems) items still wait. Now the outage ends.")
    sandbox.change { $0.outage = false }
    try await takeReceipt(.export)
  }

  private mutating func correctRejects() async throws {
    narrator.heading("4  What was refused, corrected")
    let sample = SampleFile.transferAgent
    guard let receipt = receipts.first(where: { $0.file == sample.name }), let path = folder.rejectsPath(receipt),
      let name = receipt.rejectsFile
    else { throw DemoFailure("there is no rejects file for \(sample.name)") }
    let rejects = try folder.read(path)
    narrator.tell("\(folder.short(path))")
    for line in rejects.split(separator: "\n") { narrator.tell("  " + String(line).fitted(to: narrator.width - 5)) }
    narrator.tell("The rows are put right in this very file, and it is dropped again.")
    let corrected = SampleFile(
      name: name, inbox: sample.inbox, api: sample.api, what: "", text: try sample.corrected(rejects),
      items: sample.faults.count, faults: [])
    try drop(corrected)
    let second = try await takeReceipt(corrected)
    guard let id = second.corrects, name.contains(id) else {
      throw DemoFailure("the receipt of \(name) does not say which file it corrects")
    }
  }

  private mutating func stopDaemon() async throws {
    guard let daemon else { return }
    daemon.terminate()
    self.daemon = nil
    defer { daemon.kill() }
    try await wait("the daemon's end after SIGTERM") { daemon.isRunning ? nil : true }
    guard daemon.exitStatus == 0 else { throw DemoFailure("the daemon did not end with status 0 after SIGTERM") }
  }

  // MARK: - What the acts are made of

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

  /// Waits for a file's receipt, and checks that it says what the file deserves.
  @discardableResult
  private mutating func takeReceipt(_ sample: SampleFile) async throws -> ReceiptFile {
    let began = ContinuousClock.now
    let receipt = try await wait("the receipt of \(sample.name)") {
      try folder.receipt(of: sample.name, in: sample.inbox)
    }
    try sample.check(receipt)
    receipts.append(receipt)
    let seconds = began.duration(to: .now).seconds
    narrator.good(
      "\(sample.name.fitted(to: 24).padded(to: 24))  \(receipt.accepted) accepted, \(receipt.rejected) refused".padded(
        to: 56)
        + Console.styled("after \(Int(seconds * 10) / 10).\(Int(seconds * 10) % 10) s", .dim))
    return receipt
  }

  /// Waits until Liquid has answered 503 that often.
  private func waitForRefusals(_ count: Int) async throws {
    try await wait("an attempt during the outage") { sandbox.stats.liquid.unavailable >= count ? true : nil }
  }

  /// Waits until a status shows that Liquid makes items wait.
  private func waiting() async throws -> StatusReport {
    try await wait("a status with waiting items") {
      let report = try await status()
      return report.queueItems > 0 && report.targets.contains { $0.state != "delivering" } ? report : nil
    }
  }

  /// As `upsertd status` finds it, beside the daemon and without its help.
  private func status() async throws -> StatusReport {
    guard let settings else { throw DemoFailure("there is no configuration yet") }
    return try await Operator.status(settings)
  }

  /// Looks every few milliseconds until `condition` gives a value.
  @discardableResult
  private func wait<Value>(_ what: String, until condition: () async throws -> Value?) async throws -> Value {
    let began = ContinuousClock.now
    var looks = 0
    defer { if looks > 0 { narrator.clearProgress() } }
    while true {
      if let value = try await condition() { return value }
      if let daemon, !daemon.isRunning { throw DemoFailure("the daemon has ended by itself") }
      guard began.duration(to: .now) < .seconds(20) else { throw DemoFailure("\(what) did not come within 20 s") }
      if looks % 10 == 9, settings != nil { narrator.showProgress(try await status().line) }
      looks += 1
      try await Task.sleep(for: .milliseconds(25))
    }
  }
}
