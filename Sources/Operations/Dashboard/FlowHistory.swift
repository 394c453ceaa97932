package import Core
internal import JSONText
internal import Metrics
package import Outbox
internal import Synchronization
package import Telemetry

/// The last hour in minutes: what flowed in each, and how deep the queue was at its end.
///
/// In memory only, so a restart begins with an empty history; use Prometheus for more. Sampling reads the outbox once a
/// minute.
package final class FlowHistory: Sendable {
  struct Minute: Sendable, Equatable {
    /// The end of the minute.
    var at: Timestamp
    var flow: FlowCounts
    var queuedFiles: Int
    var queuedItems: Int
    var queuedBytes: Int
  }

  private struct State {
    var minutes: [Minute] = []
    var last: (at: Timestamp, counts: FlowCounts)
  }

  static let length = 60

  private let state: Mutex<State>

  package init(from start: Timestamp, counts: FlowCounts) { state = Mutex(State(last: (start, counts))) }

  package func isDue(at now: Timestamp) -> Bool { state.withLock { now - $0.last.at >= .seconds(60) } }

  package func end(at now: Timestamp, counts: FlowCounts, queue: QueueCounts) {
    state.withLock { state in
      state.minutes.append(Minute(since: state.last.counts, at: now, counts: counts, queue: queue))
      if state.minutes.count > Self.length { state.minutes.removeFirst() }
      state.last = (now, counts)
    }
  }

  /// The completed minutes, oldest first, and the current one.
  func minutes(at now: Timestamp, counts: FlowCounts, queue: QueueCounts) -> [Minute] {
    state.withLock { state in
      state.minutes + [Minute(since: state.last.counts, at: now, counts: counts, queue: queue)]
    }
  }
}

extension FlowHistory.Minute {
  init(since earlier: FlowCounts, at now: Timestamp, counts: FlowCounts, queue: QueueCounts) {
    at = now
    flow = counts - earlier
    queuedFiles = queue.files
    queuedItems = queue.items
    queuedBytes = queue.bytes
  }

  var json: JSONValue {
    JSONValue([
      "at": JSONValue(at.description), "read": .counts(flow.read), "accepted": .counts(flow.accepted),
      "rejected": .counts(flow.rejected), "queuedFiles": JSONValue(queuedFiles), "queuedItems": JSONValue(queuedItems),
      "queuedBytes": JSONValue(queuedBytes),
    ])
  }
}

/// What has flowed since the daemon's start; the numbers never decrease.
package struct FlowCounts: Sendable, Equatable {
  /// Items that were read, by inbox.
  var read: [String: Int] = [:]
  /// Items with this outcome, by target.
  var accepted: [String: Int] = [:]
  var rejected: [String: Int] = [:]

  package init(read: [String: Int] = [:], accepted: [String: Int] = [:], rejected: [String: Int] = [:]) {
    self.read = read
    self.accepted = accepted
    self.rejected = rejected
  }

  /// What flowed from `earlier` until now.
  static func - (later: FlowCounts, earlier: FlowCounts) -> FlowCounts {
    FlowCounts(
      read: difference(later.read, earlier.read), accepted: difference(later.accepted, earlier.accepted),
      rejected: difference(later.rejected, earlier.rejected))
  }

  private static func difference(_ later: [String: Int], _ earlier: [String: Int]) -> [String: Int] {
    // Most are zero most of the time, and missing entries count as zero.
    later.reduce(into: [:]) { changes, count in
      let change = count.value - (earlier[count.key] ?? 0)
      if change != 0 { changes[count.key] = change }
    }
  }
}

extension FlowCounts {
  package init(_ metrics: DaemonMetrics) {
    for (labels, counter) in metrics.readItems.all { read[labels[0]] = counter.value }
    for (labels, counter) in metrics.items.all where counter.value > 0 {
      // inbox, target, outcome
      if labels[2] == "accepted" {
        accepted[labels[1], default: 0] += counter.value
      } else {
        rejected[labels[1], default: 0] += counter.value
      }
    }
  }
}
