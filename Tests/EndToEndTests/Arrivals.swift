import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// When each request reached a test's server, and what a test wants its server to do next.
final class Arrivals: Sendable {
  private let times = Mutex<[ContinuousClock.Instant]>([])
  private let isWell = Mutex(false)

  func note() { times.withLock { $0.append(.now) } }

  var all: [ContinuousClock.Instant] { times.withLock { $0 } }

  /// The time between request `number`, from 1, and the next one.
  func gap(after number: Int) -> Duration? {
    let times = all
    return times.count > number ? times[number] - times[number - 1] : nil
  }

  /// Whether the trouble that a test plays is over.
  var isOver: Bool {
    get { isWell.withLock { $0 } }
    set { isWell.withLock { $0 = newValue } }
  }

  /// Blocks the caller, for half a minute at most: keeps a request waiting for its answer.
  func waitUntilOver() {
    let deadline = ContinuousClock.now + .seconds(30)
    while !isOver, .now < deadline { usleep(5000) }
  }
}

extension World {
  /// Waits until `status --json` shows a target in `state`; returns the reason.
  @discardableResult
  func waitFor(target: String, toBe state: String, file: String = #fileID, line: Int = #line) async throws -> String {
    var reason = ""
    try await eventually("the state \(state) of target \(target)", within: .seconds(20), file: file, line: line) {
      let targets = try await status()["targets"]?.elements ?? []
      let shown = targets.first { $0["name"]?.string == target }
      reason = shown?["reason"]?.string ?? ""
      return shown?["state"]?.string == state
    }
    return reason
  }
}
