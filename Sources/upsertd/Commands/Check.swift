internal import ArgumentParser
internal import Delivery
internal import Foundation
internal import Operations
internal import Settings

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks the configuration, and with --connect asks each target for a token.",
    discussion: """
      All faults are told in one go, each with file, line and key. Nothing is sent but the requests for tokens.

      Exit status: 0 all is well; 1 a target gave no token (--connect), or the configuration is not begun yet \
      (--configured); 2 the configuration can't be used.

      Example: upsertd check --connect --config upsertd.yaml
      """)

  @OptionGroup var config: ConfigOption

  @Flag(name: .long, help: "Also ask each target for an access token.")
  var connect = false

  @Flag(
    name: .long,
    help: "Only say whether the configuration names targets and inboxes yet; its faults are not looked for.")
  var configured = false

  func validate() throws {
    if connect, configured { throw ValidationError("--connect and --configured do not go together") }
  }

  func run() async throws {
    if configured { return try sayWhetherConfigured() }
    let settings = try config.load()
    Console.out(
      "\(settings.path): the configuration is good: \(counted(settings.inboxes.count, "inbox", "inboxes")), \(counted(settings.targets.count, "target"))"
    )
    for advice in Operator.folderAdvice(settings) { Console.error("warning: \(advice)") }
    guard connect else { return }
    var allGood = true
    for target in settings.targets {
      switch await Connectivity.check(target) {
      case nil: Console.out("target \(target.name): got an access token for \(target.url)")
      case let reason?:
        allGood = false
        Console.out("target \(target.name): no access token: \(reason)")
      }
    }
    if !allGood { throw ExitCode.someRejected }
  }
  /// The unit's `ExecCondition=`: a freshly installed service waits for its configuration instead of failing.
  private func sayWhetherConfigured() throws {
    guard Settings.isBlank(path: config.config) else { return }
    Console.error(
      "upsertd is not configured yet: \(config.config) names no targets and no inboxes; edit it, then `systemctl start upsertd`"
    )
    throw ExitCode.someRejected
  }
}
