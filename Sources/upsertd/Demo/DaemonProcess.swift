internal import Foundation
internal import Glibc

/// This same program again, as the daemon: `upsertd run`, in a process of its own.
///
/// In the demo's own process the daemon could not be killed, and the demo would not show what a user gets: the
/// configuration read from its file, the log written to standard error, the signals, the restart. Its log goes to a
/// file.
struct DaemonProcess: Sendable {
  private let process: Process
  let commandLine: String

  init(configuration: String, log: String) throws {
    guard let program = Bundle.main.executableURL else { throw DemoFailure("can't determine the program's own path") }
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw DemoFailure("write \"\(log)\": \(String(cString: strerror(errno)))") }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    process = Process()
    process.executableURL = program
    process.arguments = ["run", "--config", configuration]
    // Environment variables set by a service manager or an SDK are not meant for the demo's daemon.
    process.environment = ProcessInfo.processInfo.environment.filter {
      ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"].contains($0.key)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = file
    commandLine = "upsertd run --config \(configuration)"
    do {
      try process.run()
    } catch {
      throw DemoFailure("start \"\(program.path(percentEncoded: false))\": \(error)")
    }
  }

  var id: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  func terminate() { process.terminate() }

  /// The exit status; nil while it runs, or if a signal ended it.
  var exitStatus: Int32? {
    !process.isRunning && process.terminationReason == .exit ? process.terminationStatus : nil
  }

  /// SIGKILL: it is gone when this returns.
  func kill() {
    guard process.isRunning else { return }
    _ = Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
