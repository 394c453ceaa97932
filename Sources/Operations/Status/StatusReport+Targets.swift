internal import Runtime
internal import Core
package import Outbox
package import Settings

extension StatusReport {
  /// The state of each target, in the configuration's order; after them, targets that batches wait for but the
  /// configuration no longer has.
  static func targets(_ settings: Settings, _ outbox: Outbox) async throws -> [TargetStatus] {
    let paused = try await outbox.paused(.target)
    let notes = try await outbox.targetNotes()
    let awaited = try await outbox.awaitedTargets()
    var targets: [TargetStatus] = []
    for target in settings.targets {
      var status = TargetStatus(name: target.name, state: "delivering")
      if paused.contains(target.name) {
        status.state = "paused"
        status.reason = "by an operator"
      } else if let note = notes[target.name],
        note.state == "held" || (note.until ?? .now) > .now || awaited.contains(target.name)
      {
        status.state = note.state
        status.reason = note.reason
        status.until = note.until
      }
      targets.append(status)
    }
    // Batches may wait for a target that a reload removed from the configuration.
    for name in awaited.subtracting(settings.targets.map(\.name)).sorted() {
      targets.append(
        TargetStatus(
          name: name, state: "held", reason: "batches are waiting, but the target is no longer in the configuration"))
    }
    return targets
  }
}
