import Glibc

/// A user of the machine, by number.
package struct UserID: Hashable, Sendable {
  package let number: UInt32

  package init(_ number: UInt32) { self.number = number }

  /// Whose rights this process uses.
  package static var ofProcess: UserID { UserID(geteuid()) }

  /// The user's name, or the number if there is none. Blocks: the name may come from a directory server.
  package var name: String {
    // A directory server's entry for a user may be longer than the system's own estimate (getpwuid_r(3)).
    for size in [1 << 10, 1 << 14, 1 << 18] {
      let (code, name) = lookUp(within: size)
      if code != ERANGE { return name ?? "\(number)" }
    }
    return "\(number)"
  }

  private func lookUp(within size: Int) -> (code: Int32, name: String?) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { text in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      // A temporary allocation of at least one element always has an address.
      let code = getpwuid_r(number, &entry, text.baseAddress.unsafelyUnwrapped, size, &found)
      return (code, found.flatMap { $0.pointee.pw_name }.map { String(cString: $0) })
    }
  }
}
