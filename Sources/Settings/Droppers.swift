internal import Glibc
internal import Synchronization

/// Users who may drop files into the inboxes through a group, and so must not read secrets.
///
/// A group with only the daemon's user in it is no danger: anyone who runs upsertd for themselves has one.
struct Droppers {
  /// The group that packages create for users who drop files.
  static let groupName = "upsertd-drop"

  /// A file with a secret, as it was when read.
  struct SecretFile: Hashable {
    var path: String
    var mode: mode_t
    var group: gid_t
    var line: Int?
    var key: String?
  }

  private struct Place {
    var inbox: String
    var owner: uid_t
    var group: gid_t
    var isOpenToAll: Bool
  }

  private let spool: String
  private let places: [Place]

  /// Examines the inbox folders that exist; a caller without permission to look finds none.
  init(_ settings: Settings) {
    spool = settings.spool
    places = settings.inboxes.compactMap { inbox in
      var status = stat()
      guard stat("\(settings.spool)/\(inbox.name)/inbox", &status) == 0,
        status.st_mode & (S_IWGRP | S_IWOTH) != 0
      else { return nil }
      return Place(
        inbox: inbox.name, owner: status.st_uid, group: status.st_gid,
        isOpenToAll: status.st_mode & S_IWOTH != 0)
    }
  }

  /// What is wrong with a secret's file, and the commands that fix it; nil if no dropper can read it.
  func fault(of file: SecretFile) -> String? {
    guard file.mode & (S_IRGRP | S_IWGRP) != 0 else { return nil }
    let group = Account.groupName(file.group)
    let takeAway = "run chmod g-rw \"\(file.path)\""
    if group == Self.groupName {
      return "\"\(file.path)\" is open to group \"\(group)\", whose members drop files: \(takeAway)"
    }
    for place in places where place.group == file.group || place.isOpenToAll {
      // Root checks on behalf of the daemon, which owns the folder.
      let daemon = geteuid() == 0 ? place.owner : geteuid()
      let others = Account.members(of: file.group, besides: daemon)
      if others.isEmpty, Account.isMember(daemon, of: file.group) { continue }
      let owner = Account.userName(daemon)
      let whom = others.isEmpty ? "" : " (\(others.joined(separator: ", ")))"
      var commands = [
        "groupadd --system \(Self.groupName)", "usermod -a -G \(Self.groupName) \(owner)",
        "chgrp \(Self.groupName) \"\(spool)\" \"\(spool)\"/*/inbox \"\(spool)\"/*/outbox/*",
      ]
      for name in others { commands += ["gpasswd -d \(name) \(group)", "usermod -a -G \(Self.groupName) \(name)"] }
      return
        "members of group \"\(group)\"\(whom) drop files into inbox \"\(place.inbox)\" and can read \"\(file.path)\": \(takeAway), or "
        + "give droppers a group of their own: \(commands.joined(separator: " && "))"
    }
    return nil
  }
}

/// The system's users and groups.
private enum Account {
  /// The calls below iterate over lists whose position is shared by the whole process.
  private static let walk = Mutex(())

  static func groupName(_ group: gid_t) -> String {
    walk.withLock { _ in getgrgid(group).map { String(cString: $0.pointee.gr_name) } } ?? "\(group)"
  }

  static func userName(_ user: uid_t) -> String {
    walk.withLock { _ in name(of: user) }
  }

  /// Requires the lock.
  private static func name(of user: uid_t) -> String {
    getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)"
  }

  /// The users listed as members of the group; requires the lock.
  private static func named(in group: gid_t) -> Set<String> {
    var names: Set<String> = []
    var member = getgrgid(group)?.pointee.gr_mem
    while let name = member?.pointee {
      names.insert(String(cString: name))
      member = member?.advanced(by: 1)
    }
    return names
  }

  /// Checks the primary and the supplementary groups; a container's user may have one that the system's files do not
  /// list.
  static func isMember(_ user: uid_t, of group: gid_t) -> Bool {
    if walk.withLock({ _ in getpwuid(user)?.pointee.pw_gid }) == group { return true }
    if user == geteuid() {
      var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
      let count = getgroups(Int32(groups.count), &groups)
      if getegid() == group || groups.prefix(Int(max(0, count))).contains(group) { return true }
    }
    return walk.withLock { _ in named(in: group).contains(name(of: user)) }
  }

  /// Users who have the group as their primary or a supplementary group.
  static func members(of group: gid_t, besides user: uid_t) -> [String] {
    walk.withLock { _ in
      var names = named(in: group)
      let own = name(of: user)
      setpwent()
      defer { endpwent() }
      while let entry = getpwent() {
        if entry.pointee.pw_gid == group { names.insert(String(cString: entry.pointee.pw_name)) }
      }
      return names.subtracting([own]).sorted()
    }
  }
}
