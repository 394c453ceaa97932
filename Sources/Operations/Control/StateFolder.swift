internal import Core
internal import Glibc
package import Outbox
package import Settings
package import Spool

/// Why upsertd can't start, or a command can't be carried out; inboxes are then untouched.
package struct StartError: Error, CustomStringConvertible {
  package var description: String

  package init(description: String) { self.description = description }
}

/// The folder that `state` names: one process at a time works on it.
package enum StateFolder {
  /// Locks the folder and opens its outbox: from here on no other process may work on it.
  ///
  /// - Throws: `StartError`, `InboxError`, `OutboxError`.
  package static func take(_ settings: Settings) throws -> (StateLock, Outbox) {
    try makeFolders(settings.state, mode: 0o750)
    let lock = try lock(settings)
    try Doctor.finishInterrupted(settings)
    return (lock, try Outbox(path: outboxPath(settings)))
  }

  static func lock(_ settings: Settings) throws -> StateLock {
    if let lock = try StateLock.tryLock(state: settings.state) { return lock }
    let holder = StateLock.holder(state: settings.state).map { " (process \($0))" } ?? ""
    throw StartError(description: "another upsertd\(holder) is using \"\(settings.state)\"")
  }

  static func outboxPath(_ settings: Settings) -> String { settings.state + "/outbox.sqlite" }

  private static func makeFolders(_ path: String, mode: mode_t) throws {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      if mkdir(made, mode) != 0, errno != EEXIST, errno != EISDIR {
        throw StartError(description: "create state folder \"\(made)\": \(String(cString: strerror(errno)))")
      }
    }
  }
}
