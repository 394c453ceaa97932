internal import Foundation
internal import Glibc

/// Prints what the demo does: steps, commands as a shell would show them, and their results.
///
/// The reader may go away half-way (`upsertd demo | head`): then the rest is discarded.
struct Narrator: Sendable {
  /// Columns that lines keep to; file names and paths may be longer.
  let width = Console.outIsTerminal ? min(96, max(72, Console.width - 1)) : 96
  /// Only on a terminal can printed text be removed again.
  let showsProgress = Console.outIsTerminal
  private static let indent = 3

  func heading(_ text: String) { write("\n" + Console.styled(text, .bold) + "\n") }

  /// Prints what happens, wrapped between words; `label` precedes the first line, and all lines are indented past it.
  func narrate(_ text: String, behind label: String = "") {
    var start = label
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, Self.indent + label.count + line.count + 1 + word.count > width {
        printLine(start + line)
        start = String(repeating: " ", count: label.count)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    printLine(start + line)
  }

  /// Prints a line as it is.
  func printLine(_ text: String) { write(String(repeating: " ", count: Self.indent) + text + "\n") }

  /// Prints a quoted line, such as one from a file: indented further, and cut if it is too long.
  func quote(_ text: some StringProtocol) {
    printLine("  " + Console.styled(String(text).fitted(to: width - Self.indent - 2), .dim))
  }

  func command(_ text: String, _ note: String = "") {
    let remark = note.isEmpty ? "" : String(repeating: " ", count: max(2, 48 - text.count)) + Console.styled(note, .dim)
    printLine(Console.styled("$ ", .dim) + text + remark)
  }

  func good(_ text: String) { printLine(Console.styled("✓", .green) + " " + text) }

  func bad(_ text: String) { printLine(Console.styled("✗", .red) + " " + text) }

  /// Shows the state while waiting; `clearProgress` removes it.
  func showProgress(_ text: String) {
    write("\r\u{1B}[K   " + Console.styled("… " + text.fitted(to: Console.width - 6), .dim))
  }

  func clearProgress() {
    if showsProgress { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }

  /// Right-aligned, as for numbers.
  func flushRight(to width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }

  /// Cut if it is longer.
  func fitted(to width: Int) -> String { count <= width ? self : prefix(Swift.max(0, width - 1)) + "…" }
}

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
