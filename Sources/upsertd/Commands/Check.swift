internal import APIs
internal import ArgumentParser
internal import Core
internal import Foundation
internal import Notifying
internal import Operations
internal import Settings

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks the configuration and tries its folders; with --connect, also tries each target.",
    discussion: """
      Reports all errors at once, each with file, line and key. Folders that exist are tried with hidden files that \
      are gone at once. --connect requests a token from each target, and sends a GET with it to the address that items \
      will be sent to; nothing is upserted. --notify sends a test to each receiver of `notify`. --effective prints the \
      configuration as YAML with every default, and without secrets.

      Exit status: 0 no errors; 1 a target gave no token or its address can't be reached (--connect), a receiver did not \
      take the test (--notify), or the configuration has no targets and no inboxes yet (--configured); 2 the configuration or its folders can't be used.

      Example: upsertd check --connect --config upsertd.yaml
      """)

  @OptionGroup var config: ConfigOption

  @Flag(name: .long, help: "Also request an access token from each target, and try the address that items are sent to.")
  var connect = false

  @Flag(name: .long, help: "With --connect: also send a test to each receiver of `notify`.")
  var notify = false

  @Flag(
    name: .long,
    help: "Only check whether the configuration has targets or inboxes yet; do not look for errors.")
  var configured = false

  @Flag(name: .long, help: "Print the configuration with every default, secrets hidden; try nothing.")
  var effective = false

  func validate() throws {
    if effective, connect || configured {
      throw ValidationError("--effective can't be combined with --connect or --configured")
    }
    if notify, !connect { throw ValidationError("--notify needs --connect") }
    if connect, configured { throw ValidationError("--connect and --configured can't be combined") }
  }

  func run() async throws {
    if configured { return try sayWhetherConfigured() }
    if effective { return Console.out(Array(try config.effective().utf8)) }
    let settings = try config.load()
    Console.out(
      "\(settings.path): the configuration is valid: \(counted(settings.inboxes.count, "inbox", "inboxes")), \(counted(settings.targets.count, "target"))"
    )
    var isSound = true
    if connect {
      for target in settings.targets {
        let check = await TargetCheck(target)
        check.lines.forEach { Console.out($0) }
        if !check.isSound { isSound = false }
      }
    }
    if notify {
      if settings.receivers.isEmpty { Console.out("nobody is notified: the configuration has no notify") }
      for receiver in settings.receivers where await !test(receiver, settings) { isSound = false }
    }
    if let reason = AdminServer.trouble(settings) {
      Console.error("warning: the dashboard and metrics would not be served: \(reason)")
    }
    let mappings = settings.inboxes.flatMap(\.routes).compactMap(\.mapping)
    for mapping in Set(mappings.filter(FieldProposal.isUnfinished).map(\.path)).sorted() {
      Console.error(
        "warning: \(mapping): put your own scopes in place of \(FieldProposal.placeholder), which `upsertd inspect` wrote"
          .onOneLine)
    }
    for warning in settings.orderingWarnings { Console.error("warning: \(warning)".onOneLine) }
    // Last: it may give up root's rights.
    let trial = FolderTrial(settings)
    for warning in trial.warnings { Console.error("warning: \(warning)") }
    for fault in trial.faults { Console.error("error: \(fault)") }
    if !trial.faults.isEmpty { throw ExitCode.unusable }
    if !isSound { throw ExitCode.someRejected }
  }

  private func test(_ receiver: Receiver, _ settings: Settings) async -> Bool {
    var reason: String?
    do {
      let client = try ReceiverClient(receiver, spool: settings.spool)
      defer { client.close() }
      reason = await client.test()
    } catch {
      reason = "\(error)"
    }
    Console.out("receiver \(receiver.name): " + (reason.map { "the test failed: \($0)" } ?? "took the test"))
    return reason == nil
  }

  /// The unit's `ExecCondition=`: a freshly installed service waits for its configuration instead of failing.
  private func sayWhetherConfigured() throws {
    guard Settings.isBlank(path: config.config) else { return }
    Console.error(
      "upsertd is not configured yet: \(config.config) has no targets and no inboxes; edit it, then run `systemctl start upsertd`"
    )
    throw ExitCode.someRejected
  }
}
