internal import Core
internal import Engine
internal import Metrics
internal import Outbox
internal import Runtime
internal import Settings
internal import Spool
internal import Telemetry

/// The answer of `/metrics`: what was counted, and what can be looked up now.
struct MetricsPage {
  /// Nil if the outbox can't be read; the counters are reported anyway.
  let report: StatusReport?
  let backlogs: [String: TargetBacklog]
  let settings: Settings
  let instruments: Instruments

  var text: String {
    var text = Exposition()
    text.family("upsertd_build_info", "The running version.", [([("version", Version.text)], 1)])
    instruments.metrics.registry.write(to: &text)
    if let report {
      write(report.queue, to: &text)
      write(report.targets, to: &text)
      write(report.inboxes, to: &text)
      write(report.receivers, to: &text)
    }
    writeDaemon(to: &text)
    ProcessFacts.write(to: &text)
    return text.text
  }

  private func write(_ queue: QueueCounts, to text: inout Exposition) {
    text.family("upsertd_queue_files", "Files claimed but not yet done.", Double(queue.files))
    text.family("upsertd_queue_batches", "Batches waiting.", Double(queue.batches))
    text.family("upsertd_queue_items", "Items waiting.", Double(queue.items))
    text.family("upsertd_queue_bytes", "Bytes of the waiting request bodies.", Double(queue.bytes))
    text.family(
      "upsertd_queue_max_bytes", "Waiting bytes above which no file is claimed (queue.max_bytes).",
      Double(settings.queue.maxBytes))
    text.family(
      "upsertd_queue_oldest_age_seconds", "Age of the oldest file that is not done.", Self.age(queue.oldestAt))
    text.family(
      "upsertd_max_age_seconds", "Age at which waiting items are rejected (retry.max_age).",
      settings.retry.maxAge.seconds)
  }

  private func write(_ targets: [StatusReport.TargetStatus], to text: inout Exposition) {
    // A target that a reload removed from the configuration may still have something waiting.
    let names = targets.map(\.name)
    func each(_ name: String, _ help: String, _ value: (TargetBacklog) -> Double) {
      text.family(name, help, names.map { ([("target", $0)], value(backlogs[$0] ?? TargetBacklog())) })
    }
    each("upsertd_target_queue_batches", "Batches waiting for the target.") { Double($0.batches) }
    each("upsertd_target_queue_items", "Items waiting for the target.") { Double($0.items) }
    each("upsertd_target_queue_bytes", "Bytes of the request bodies waiting for the target.") { Double($0.bytes) }
    each(
      "upsertd_target_oldest_item_age_seconds", "Age of the target's oldest waiting item, since its file was claimed."
    ) { Self.age($0.oldestAt) }
    text.family(
      "upsertd_target_state", "1 for the target's current state.",
      targets.flatMap { target in
        TargetState.allCases.map {
          ([("target", target.name), ("state", $0.rawValue)], target.state == $0 ? 1 : 0)
        }
      })
    text.family(
      "upsertd_target_unreachable", "1 while nothing reaches the target's server, or that of its tokens.",
      targets.map { ([("target", $0.name)], $0.isUnreachable ? 1 : 0) })
    text.family(
      "upsertd_target_outside_window", "1 if nothing is sent now because of the target's send window.",
      targets.map { ([("target", $0.name)], $0.hasClosedWindow ? 1 : 0) })
  }

  private func write(_ inboxes: [StatusReport.InboxStatus], to text: inout Exposition) {
    func each(_ name: String, _ help: String, _ value: (StatusReport.InboxStatus) -> Int) {
      text.family(name, help, inboxes.map { ([("inbox", $0.name)], Double(value($0))) })
    }
    each("upsertd_inbox_waiting_files", "Files in the inbox that are ready or still arriving.") { $0.waiting }
    each("upsertd_inbox_unread_files", "Claimed files waiting to be read.") { $0.unreadCount }
    each("upsertd_inbox_unreleased_files", "Files that were read and wait for their release.") { $0.unreleasedCount }
    each("upsertd_inbox_paused", "1 if an operator paused the inbox.") { $0.isPaused ? 1 : 0 }
    func eachKind(_ name: String, _ help: String, _ value: (StatusReport.InboxStatus, UnclaimedFile.Kind) -> Double) {
      text.family(
        name, help,
        inboxes.flatMap { inbox in
          UnclaimedFile.Kind.allCases.map { ([("inbox", inbox.name), ("reason", $0.rawValue)], value(inbox, $0)) }
        })
    }
    eachKind("upsertd_inbox_unclaimed_files", "Files that stay in the inbox, by reason.") {
      Double($0.unclaimedCounts[$1] ?? 0)
    }
    let oldest = Dictionary(inboxes.map { ($0.name, instruments.tracker.oldest(inbox: $0.name)) }) { first, _ in first }
    eachKind(
      "upsertd_inbox_oldest_unclaimed_age_seconds", "How long the oldest file has stayed in the inbox, by reason."
    ) { Self.age(oldest[$0.name]?[$1]) }
    writeExpected(inboxes, to: &text)
  }

  private func writeExpected(_ inboxes: [StatusReport.InboxStatus], to text: inout Exposition) {
    // Entries of an inbox with the same match share their series.
    var matches: [(inbox: String, match: String, entries: [StatusReport.ExpectedStatus])] = []
    for inbox in inboxes {
      for entry in inbox.expected {
        if let place = matches.firstIndex(where: { $0.inbox == inbox.name && $0.match == entry.match }) {
          matches[place].entries.append(entry)
        } else {
          matches.append((inbox.name, entry.match, [entry]))
        }
      }
    }
    text.family(
      "upsertd_expected_files", "1 for the current state of the files that should come on the day.",
      matches.flatMap { inbox, match, entries in
        ExpectationState.Word.allCases.map { word in
          (
            [("inbox", inbox), ("match", match), ("state", word.rawValue)],
            Double(entries.count { $0.state.state == word })
          )
        }
      })
    text.family(
      "upsertd_missing_numbers", "Numbers that are missing in the sequence of files.",
      matches.filter { $0.entries.contains(where: \.hasSequence) }.map { inbox, match, entries in
        ([("inbox", inbox), ("match", match)], entries.reduce(0) { $0 + Double($1.state.missingCount) })
      })
  }

  private func write(_ receivers: [StatusReport.ReceiverStatus], to text: inout Exposition) {
    text.family(
      "upsertd_notices_waiting", "Notices that wait for the receiver.",
      receivers.map { ([("receiver", $0.name)], Double($0.waiting)) })
    text.family(
      "upsertd_receiver_failing_seconds",
      "How long every attempt to notify the receiver has failed; 0 if the last did not.",
      receivers.map { ([("receiver", $0.name)], Self.age($0.failingSince)) })
  }

  private func writeDaemon(to text: inout Exposition) {
    let folders = [("spool", settings.spool), ("state", settings.state)]
    text.family(
      "upsertd_free_disk_bytes", "Free bytes on the folder's filesystem.",
      folders.compactMap { name, path in
        (try? FreeDisk.bytes(at: path)).map { ([("folder", name)], Double($0)) }
      })
    text.family(
      "upsertd_min_free_disk_bytes", "Free bytes below which no file is claimed (queue.min_free_disk).",
      Double(settings.queue.minFreeDisk))
    text.family(
      "upsertd_hanging_loops", "Pipeline loops that are stuck.", Double(instruments.heartbeat.hanging.count))
    text.family(
      "upsertd_troubles", "Failures that currently keep the pipeline from working (see /healthz).",
      Double(instruments.activeFailures.all.count))
    text.family(
      "upsertd_configuration_refused", "1 while the configuration on disk could not be used at the last reload.",
      instruments.refusedReload.last == nil ? 0 : 1)
  }

  private static func age(_ since: Timestamp?) -> Double { since.map { max(0, (Timestamp.now - $0).seconds) } ?? 0 }
}
