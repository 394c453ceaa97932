package import Glibc

/// A folder of an inbox, with the mode that keeps users who drop files apart from each other and from upsertd.
///
/// Set-group-id passes the folder's group on to everything put into it, whatever the sender's own groups are. Sticky:
/// only the owner of a file, or of the folder, may rename or remove it; so nobody takes away another's file, or
/// replaces another's receipt (inode(7)).
package struct FolderMode: Sendable {
  package let path: String
  package let mode: mode_t

  /// The group whose members drop files, if the system has one.
  package static let groupName = "upsertd-drop"

  /// Its id, if this process may give folders to it: a member, or root.
  package static var group: gid_t? {
    guard let group = getgrnam(groupName)?.pointee.gr_gid else { return nil }
    if geteuid() == 0 || getegid() == group { return group }
    var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
    let count = getgroups(Int32(groups.count), &groups)
    return groups.prefix(Int(max(0, count))).contains(group) ? group : nil
  }

  /// Sets mode and group if this process owns the folder; a folder with another owner is left as it is.
  ///
  /// - Parameter group: nil leaves the group.
  func enforce(group: gid_t?) throws(InboxError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw InboxError("prepare", path, errno: errno, .unusableFolder) }
    guard status.st_uid == geteuid() else { return }
    if let group, isShared, status.st_gid != group, chown(path, uid_t.max, group) != 0 {
      throw InboxError("set group \(Self.groupName) on", path, errno: errno, .unusableFolder)
    }
    guard status.st_mode & 0o7777 != mode || group != nil else { return }
    // Sandboxes that forbid set-group-id (systemd's RestrictSUIDSGID) reject the whole mode; the rest of it still
    // counts.
    if chmod(path, mode) != 0, chmod(path, mode & 0o1777) != 0 {
      throw InboxError("set the mode of", path, errno: errno, .unusableFolder)
    }
  }

  /// What must be done by hand about a folder that upsertd does not own, or has not seen yet; nil if all is well.
  package var advice: String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    let now = status.st_mode & 0o7777
    // Stricter is fine, and so is a missing set-group-id, which a sandbox may forbid.
    let isTooOpen = now & 0o777 & ~(mode & 0o777) != 0
    let lacksSticky = mode & S_ISVTX != 0 && now & S_ISVTX == 0 && now & 0o022 != 0
    guard isTooOpen || lacksSticky else { return nil }
    let why =
      lacksSticky ? "anyone who drops files can remove or replace others' files" : "more users than needed have access"
    return "\"\(path)\" has mode \(Self.octal(now)): \(why); run chmod \(Self.octal(mode)) \"\(path)\""
  }

  /// Whether users who drop files need access to it.
  private var isShared: Bool { mode & 0o070 != 0 }

  private static func octal(_ mode: mode_t) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

extension InboxFolders {
  /// The folders' modes; `inbox/` last, so that nobody can drop a file before the rest is there.
  package var modes: [FolderMode] {
    [
      FolderMode(path: work, mode: 0o700), FolderMode(path: receipts, mode: 0o3770),
      FolderMode(path: rejected, mode: 0o2770), FolderMode(path: accepted, mode: 0o2750),
      FolderMode(path: archive, mode: 0o2750), FolderMode(path: inbox, mode: 0o3770),
    ]
  }

  /// What a person has to do about folders that upsertd does not own.
  package var advice: [String] { modes.compactMap(\.advice) }
}
