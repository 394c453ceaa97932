internal import Core
internal import Glibc
internal import Outbox
internal import Runtime
package import Settings
internal import Spool

/// What operators ask for. Looking works beside a running daemon, which it does not disturb, or without one.
package enum Operator {
  /// The current status.
  package static func status(_ settings: Settings) async throws -> StatusReport {
    try await looking(at: settings) { try await StatusReport(settings: settings, outbox: $0) }
  }

  /// What is under way.
  package static func queue(_ query: QueueReport.Query, settings: Settings) async throws -> QueueReport {
    try await looking(at: settings) { outbox in
      guard let outbox else { return QueueReport() }
      return try await QueueReport(query, settings: settings, outbox: outbox, now: .now)
    }
  }

  /// Opens the outbox read-only for `body`, which gets nil if there is none yet.
  static func looking<Value: Sendable>(
    at settings: Settings, _ body: (Outbox?) async throws -> Value
  ) async throws -> Value {
    let outbox = try Outbox.ifAny(reading: StateFolder.outboxPath(settings))
    let value = try await body(outbox)
    try outbox?.close()
    return value
  }

  /// What a person has to do about the modes of the inboxes' folders.
  package static func folderAdvice(_ settings: Settings) -> [String] {
    settings.inboxes.flatMap { InboxFolders(spool: settings.spool, inbox: $0.name).advice }
  }

  /// Whether a daemon answers; nil if this user may not ask.
  package static func isDaemonRunning(_ settings: Settings) -> Bool? { ControlSocket.isAnswered(state: settings.state) }

  /// The settings that the daemon which works on `state` has in effect, without secrets; nil if none answers this user.
  package static func settingsInEffect(state: String) -> Settings? { ControlSocket.settings(state: state) }

  /// Gives up root's rights for those of the owner of the state folder.
  package static func becomeOwner(of folder: String) {
    var status = stat()
    guard geteuid() == 0, stat(folder, &status) == 0, status.st_uid != 0 else { return }
    // The group first: without root's rights it could no longer be changed.
    _ = setegid(status.st_gid)
    _ = seteuid(status.st_uid)
  }
}
