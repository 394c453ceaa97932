import Glibc

/// A user of the machine, by number.
package struct UserID: Hashable, Sendable {
  package let number: UInt32

  package init(_ number: UInt32) { self.number = number }

  /// The user's name, or the number where there is none. Blocks: the name may come from a directory server.
  package var name: String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    // What a directory server says of a user may be longer than the system's own estimate (getpwuid_r(3)).
    for size in [1 << 10, 1 << 14, 1 << 18] {
      var text = [CChar](repeating: 0, count: size)
      let code = text.withUnsafeMutableBufferPointer { text in
        let code = getpwuid_r(number, &entry, text.baseAddress, text.count, &found)
        return (code, found == nil ? nil : entry.pw_name.map { String(cString: $0) })
      }
      if code.0 == ERANGE { continue }
      return code.1 ?? "\(number)"
    }
    return "\(number)"
  }
}
