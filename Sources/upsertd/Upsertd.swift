internal import ArgumentParser
internal import Foundation
internal import Telemetry

/// The command line: arguments, what is printed, and exit statuses.
///
/// Results go to standard output, everything else to standard error. 0: done. 1: done, but items were rejected, or a
/// target issued no token. 2: usage, configuration, or an unusable state. 75 (EX_TEMPFAIL): items are left queued.
@main
struct Upsertd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upsertd",
    abstract: "Sends the items in dropped JSON and CSV files to a web API, and reports the outcome of each.",
    discussion: """
      Drop a file into <spool>/<inbox>/inbox; find its receipt in <spool>/<inbox>/outbox/receipts, and rejected items, \
      ready to be corrected and dropped again, in <spool>/<inbox>/outbox/rejected.

      `upsertd demo` demonstrates all of this with a built-in sandbox.
      """,
    version: Version.text,
    subcommands: [
      Run.self, Check.self, Preview.self, Inspect.self, Status.self, Queue.self, Show.self, Find.self,
      ReceiptsCommand.self, Retry.self, Cancel.self, ReplayCommand.self, Release.self, Pause.self, Resume.self,
      Verify.self, DoctorCommand.self, SandboxCommand.self, Demo.self,
    ])

  static func main() async {
    do {
      var command = try await asyncParseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code == .success {
        // Help and version are what was requested.
        print(message)
        Foundation.exit(0)
      }
      Console.error(message)
      Foundation.exit(2)
    }
  }
}

extension ExitCode {
  static let someRejected = ExitCode(1)
  static let unusable = ExitCode(2)
  static let leftQueued = ExitCode(75)
}
