internal import Core
internal import Foundation
internal import Operations
internal import Synchronization

/// The line at the bottom of a terminal while `run --once` is running: files, items, rate, and what waits and why.
final class Progress: Sendable {
  private struct State {
    var began = ContinuousClock.now
    var isShown = false
  }

  private let state = Mutex(State())

  func show(_ report: StatusReport, doneItems: Int) {
    state.withLock { state in
      let seconds = max(0.001, state.began.duration(to: .now).seconds)
      let settled = doneItems
      var line =
        "\(counted(report.queueFiles, "file")) under way, \(counted(settled, "item")) done, \(Int(Double(settled) / seconds)) items/s"
      line += ", \(report.queueItems) waiting"
      if let slow = report.targets.first(where: { $0.state != .delivering }) {
        line += " (\(slow.name) \(slow.state.rawValue): \(slow.reason ?? ""))"
      }
      let shown = String(line.prefix(Console.width - 1))
      FileHandle.standardError.write(Data("\r\u{1B}[K\(shown)".utf8))
      state.isShown = true
    }
  }

  func end() {
    state.withLock { state in
      if state.isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
  }
}
