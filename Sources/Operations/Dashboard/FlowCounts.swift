internal import Metrics
package import Telemetry

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
