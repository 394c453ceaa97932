internal import Calendar
package import Core
package import Engine
internal import JSONText
internal import Outbox
internal import Runtime
internal import Settings

extension StatusReport {
  /// An entry of `expect`, and what came of it today.
  package struct ExpectedStatus: Sendable {
    /// An alarm that was reported today.
    package struct Alarm: Sendable {
      package var at: Timestamp
      /// A word of `ExpectationAlarm.Kind`.
      package var kind: String
      package var file: FileID?
      package var message: String
    }

    package var match: String
    /// For people: `by 07:30, mon-fri, Europe/Dublin`.
    package var rule: String
    package var hasSequence: Bool
    package var state: ExpectationState
    /// Of the current day, oldest first; `mostAlarms` at most, the last ones.
    package var alarms: [Alarm]

    static let mostAlarms = 20
  }
}

extension StatusReport.ExpectedStatus {
  /// For people: `came, 2 files`, `waiting until 2026-11-30T07:30:00.000Z`.
  package var text: String {
    let files = state.files > 0 ? ", \(counted(state.files, "file"))" : ""
    return switch state.state {
    case .waiting: "waiting until \(state.due)\(files)"
    case .came: "came\(files)"
    case .late: "late\(files)"
    case .missing: "missing since \(state.due)"
    }
  }

  /// For people; empty if none are missing.
  package var missingNumbers: String {
    guard state.missingCount > 0 else { return "" }
    let shown = state.missingNumbers.prefix(10).map(String.init).joined(separator: ", ")
    return "numbers missing: \(shown)" + (state.missingCount > 10 ? " … (\(state.missingCount) in all)" : "")
  }

  var json: JSONValue {
    JSONValue([
      "match": JSONValue(match), "terms": JSONValue(rule), "due": JSONValue(state.due.description),
      "state": JSONValue(state.state.rawValue), "files": JSONValue(state.files),
      "missingNumbers": .array(state.missingNumbers.map { JSONValue(Int(clamping: $0)) }),
      "missingCount": JSONValue(Int(clamping: state.missingCount)),
      "alarms": .array(
        alarms.map {
          JSONValue([
            "at": JSONValue($0.at.description), "kind": JSONValue($0.kind), "file": JSONValue($0.file?.text),
            "message": JSONValue($0.message),
          ])
        }),
    ])
  }
}

/// Looks up what came of the files that inboxes expect.
struct ExpectedFilesReport {
  private var expectations: Expectations
  private var alarms: [ReportedAlarm] = []

  /// - Parameter outbox: nil if there is none yet.
  init(_ settings: Settings, _ outbox: Outbox?) async throws {
    expectations = Expectations(
      settings.inboxes.map { ($0.name, $0.expect) }, from: try await outbox?.expected() ?? [:])
    guard settings.inboxes.contains(where: { !$0.expect.isEmpty }) else { return }
    // A day has at most 25 hours and a little.
    alarms = try await outbox?.alarms(since: .now + .seconds(-2 * 86_400)) ?? []
    for file in try await outbox?.unreadFiles() ?? [] {
      claimed(file.id, in: file.inbox, ExpectedFiles.Arrival(name: file.name, at: file.receivedAt))
    }
  }

  /// A claimed file is not read yet, and may still count.
  mutating func claimed(_ id: FileID, in inbox: String, _ file: ExpectedFiles.Arrival) {
    expectations.ready(id, in: inbox, file)
  }

  /// - Parameter waiting: files that are ready and stay in the inbox.
  mutating func states(
    of inbox: String, waiting: [ExpectedFiles.Arrival], at now: Timestamp
  ) -> [StatusReport.ExpectedStatus] {
    expectations.waiting(waiting, in: inbox)
    return expectations.states(of: inbox, at: now).map { key, rule, state in
      let today = alarms.filter { $0.key == key && $0.at >= state.since }
      return StatusReport.ExpectedStatus(
        match: key.match, rule: rule.deadline.description, hasSequence: rule.sequence != nil, state: state,
        alarms: today.suffix(StatusReport.ExpectedStatus.mostAlarms).map {
          StatusReport.ExpectedStatus.Alarm(at: $0.at, kind: $0.kind, file: $0.file, message: $0.message)
        })
    }
  }
}
