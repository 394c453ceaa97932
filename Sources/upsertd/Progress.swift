internal import Core
internal import Foundation
internal import Operations
internal import Synchronization

/// The line at the bottom of a terminal while `run --once` is running, and the log above it.
final class Progress: Sendable {
  private struct State {
    var progress = RunProgress()
    /// Cut to the terminal's width; empty if none is shown.
    var shown = ""
  }

  private static let erase = "\r\u{1B}[K"
  private let state = Mutex(State())

  func show(_ sample: RunProgress.Sample) {
    state.withLock { state in
      state.progress.note(sample)
      state.shown = String(state.progress.line.prefix(max(1, Console.width - 1)))
      write(Self.erase + state.shown)
    }
  }

  /// Writes a line of the log, with its end, above the line of progress.
  func log(_ line: String) {
    state.withLock { state in
      write(state.shown.isEmpty ? line : Self.erase + line + state.shown)
    }
  }

  /// Takes the line away; the log may go on.
  func end() {
    state.withLock { state in
      if !state.shown.isEmpty { write(Self.erase) }
      state.shown = ""
    }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
