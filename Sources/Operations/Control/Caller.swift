internal import Glibc
internal import Spool

/// Who gives an order: a user, and the person behind it as far as the machine knows that.
package struct Caller: Sendable, Equatable {
  /// The user's name, or number if there is none.
  package var name: String
  /// Who logged in, whatever user they have become since (`sudo`, `su`); nil if nobody did, as for a service.
  package var login: String?
  package var isRoot: Bool

  package init(name: String, login: String?, isRoot: Bool) {
    self.name = name
    self.login = login
    self.isRoot = isRoot
  }

  /// The user of a process that is running. Blocks: names may come from a directory server.
  ///
  /// The kernel keeps the login user of each process (`loginuid`, proc(5)); only root can set it, and only once.
  init(user: uid_t, process: pid_t) {
    let login = Self.loginUser(of: "\(process)")
    self.init(name: UserID(user).name, login: login.map { UserID($0).name }, isRoot: user == 0)
  }

  /// The user of this process.
  package static var ofProcess: Caller { Caller(user: getuid(), process: getpid()) }

  /// The person who answers for the order.
  package var person: String { login ?? name }

  /// Why this caller must not release a file that these users had a hand in; nil if it may. Two people are wanted: one
  /// who drops the file, and another one who releases it.
  ///
  /// A person may use several accounts, which nobody can see here.
  package func refusal(toReleaseFileOf owners: [String]) -> String? {
    guard !owners.isEmpty else { return "nobody knows who dropped it" }
    if isRoot, login == nil {
      return "root may be anybody, and it is not known who logged in: let another user of the daemon's account, or a "
        + "person who logged in, release it"
    }
    guard let owner = owners.first(where: { $0 == name || $0 == login }) else { return nil }
    return "\(owner) owns it, or the file that it corrects or repeats: somebody else has to release it"
  }

  private static func loginUser(of process: String) -> uid_t? {
    let descriptor = open("/proc/\(process)/loginuid", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let text = String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    // All bits: nobody has logged in.
    return uid_t(text).flatMap { $0 == .max ? nil : $0 }
  }
}
