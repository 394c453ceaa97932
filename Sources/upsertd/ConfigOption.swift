internal import APIs
internal import ArgumentParser
internal import Core
internal import Foundation
internal import Logging
internal import Operations
internal import Settings
internal import Telemetry

/// `--config`, which every command takes.
struct ConfigOption: ParsableArguments {
  static let standardPath = "/etc/upsertd/upsertd.yaml"

  @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "F"), completion: .configurations)
  var config = Self.standardPath

  /// Reads and checks the configuration; prints every fault, one per line.
  ///
  /// - Parameter withSecrets: false for a command that sends nothing, whose user need not be allowed to read them.
  /// - Throws: `ExitCode.unusable` if it can't be used.
  func load(withSecrets: Bool = true) throws -> Settings {
    do {
      return try Settings.load(
        path: config, environment: ProcessInfo.processInfo.environment, withSecrets: withSecrets)
    } catch {
      Console.error("\(error)")
      adviseOnFile()
      throw ExitCode.unusable
    }
  }

  private var isRefused: Bool { access(config, R_OK) != 0 && errno == EACCES }

  private var isMissing: Bool { access(config, F_OK) != 0 && errno == ENOENT }

  /// Says which command may read the configuration, if this user may not, or how to name another one.
  private func adviseOnFile() {
    if config == Self.standardPath, isMissing {
      Console.error("name your configuration file with --config, or see `upsertd demo`")
    }
    guard isRefused else { return }
    let environment = ProcessInfo.processInfo.environment
    let state = Settings.readableState(path: config, environment: environment)
    explain(Denial(reason: "read \"\(config)\": permission denied", state: state))
  }

  /// The configuration with every default, as YAML; prints every fault, one per line.
  ///
  /// - Throws: `ExitCode.unusable` if it can't be used.
  func effective() throws -> String {
    do {
      return try Settings.effectiveConfiguration(path: config, environment: ProcessInfo.processInfo.environment)
    } catch {
      Console.error("\(error)")
      adviseOnFile()
      throw ExitCode.unusable
    }
  }

  /// The settings for a command that looks or gives orders. Its user need not be allowed to read the daemon's secrets,
  /// so nothing can be sent with them.
  ///
  /// If the configuration can't be used, the running daemon is asked for the settings that it has in effect: after a
  /// rejected reload, this is when people look.
  /// - Throws: `ExitCode.unusable`, after printing every fault, if no daemon answers this user either.
  func settingsInEffect() throws -> (settings: Settings, isFromDaemon: Bool) {
    let environment = ProcessInfo.processInfo.environment
    do {
      return (try Settings.load(path: config, environment: environment, withSecrets: false), false)
    } catch {
      let state = Settings.readableState(path: config, environment: environment)
      guard let settings = Operator.settingsInEffect(state: state) else {
        Console.error("\(error)")
        if let denial = Operator.denial(state: state) {
          explain(denial)
        } else if isRefused || isMissing {
          adviseOnFile()
        } else {
          Console.error(
            "upsertd: no daemon answers at \"\(state)\", which could say what was in effect before; correct the configuration (`upsertd check`)"
              .onOneLine)
        }
        throw ExitCode.unusable
      }
      Console.error(
        (isRefused
          ? "note: you may not read \(config); this is what the daemon has in effect"
          : "note: \(config) can't be used as it is (see `upsertd check`); the daemon continues with what it read before")
          .onOneLine)
      return (settings, true)
    }
  }
}

extension Logger {
  /// To standard error, in the configured form; systemd's journal gets priorities and fields.
  ///
  /// - Parameter sink: takes the lines in place of standard error.
  static func upsertd(_ log: Settings.Log, sink: (@Sendable (_ line: String) -> Void)? = nil) -> Logger {
    let environment = ProcessInfo.processInfo.environment
    let isJournal = log.format == .text && JournalSocket.standardErrorIsJournal(environment: environment)
    let form: LineLog.Form =
      log.format == .json ? .json : isJournal ? .journal(JournalSocket(environment: environment)) : .text
    let level = Logger.Level(rawValue: log.level.rawValue) ?? .info
    return Logger(label: "upsertd") { _ in LineLog(form: form, level: level, sink: sink) }
  }

  /// For commands: only problems.
  static var quiet: Logger {
    Logger(label: "upsertd") { _ in LineLog(form: .text, level: .error) }
  }
}

/// Says what this user may not do, and the command that may.
private func explain(_ denial: Denial) {
  Console.error("upsertd: \(denial)".onOneLine)
  if let command = denial.command(Array(CommandLine.arguments.dropFirst())) {
    Console.error("run: \(command)".onOneLine)
  }
}

/// Runs `body`; if something is unusable, that is printed, and the exit status is 2.
func reportingTrouble<Value>(_ body: () async throws -> Value) async throws -> Value {
  do {
    return try await body()
  } catch let code as ExitCode {
    throw code
  } catch let denial as Denial {
    explain(denial)
    throw ExitCode.unusable
  } catch {
    Console.error("upsertd: \(error)")
    throw ExitCode.unusable
  }
}
