internal import Engine
internal import Glibc
internal import Outbox
package import Settings
internal import Spool

/// Whether the folders that the configuration names can be used: tried by hidden files that are gone a moment later.
/// Nothing is created that stays, so folders that are still missing are left to the daemon.
package struct FolderTrial: Sendable, Equatable {
  /// Why the daemon would not start, or could not claim files.
  package var faults: [String] = []
  /// What could not be tried, and what should be changed.
  package var warnings: [String] = []

  /// Root tries as the owner of the state folder, since root itself may do anything. The daemon's other groups are not
  /// known then, so a missing permission is only a warning.
  package init(_ settings: Settings) {
    warnings = Operator.folderAdvice(settings)
    let mayTry = geteuid() != 0 && Self.isOwner(of: settings.state)
    Operator.becomeOwner(of: settings.state)
    tryState(settings.state, isOwner: mayTry)
    tryOutbox(settings)
    for inbox in settings.inboxes {
      let folders = InboxFolders(spool: settings.spool, inbox: inbox.name)
      do {
        switch try folders.trial() {
        case .passed, .missing: break
        case .refused(let folder): refused(folder, isOwner: mayTry)
        }
      } catch {
        faults.append("inbox \(inbox.name): \(error)")
      }
    }
  }

  private mutating func tryState(_ folder: String, isOwner: Bool) {
    var status = stat()
    guard stat(folder, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else { return faults.append("state \"\(folder)\" is not a folder") }
    guard faccessat(AT_FDCWD, folder, W_OK | X_OK | R_OK, AT_EACCESS) != 0 else { return }
    if errno == EACCES {
      refused(folder, isOwner: isOwner)
    } else {
      faults.append("state \"\(folder)\" can't be written: \(String(cString: strerror(errno)))")
    }
  }

  private mutating func tryOutbox(_ settings: Settings) {
    do throws(OutboxError) {
      try Outbox.ifAny(reading: StateFolder.outboxPath(settings))?.close()
    } catch  where error.code == .refused {
      // That is said of its folder.
    } catch {
      faults.append("\(error)")
    }
  }

  private mutating func refused(_ folder: String, isOwner: Bool) {
    if isOwner {
      faults.append("\"\(folder)\": upsertd's user needs read, write and search permission on this folder")
    } else {
      warnings.append(
        "this user may not try \"\(folder)\"; run the check as the daemon's user, for example sudo -u upsertd upsertd check"
      )
    }
  }

  /// Whether this process is the folder's owner: the daemon's user, as far as can be known.
  private static func isOwner(of folder: String) -> Bool {
    var status = stat()
    return stat(folder, &status) == 0 && status.st_uid == geteuid()
  }
}
