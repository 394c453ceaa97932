internal import Glibc

/// The names of time zones, such as `Europe/Dublin`.
enum ZoneNames {
  static let folder = "/usr/share/zoneinfo"

  /// Whether the system's time zone database has the zone; UTC exists without one.
  static func isKnown(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= 100 else { return false }
    if name == "UTC" { return true }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    // Zones under "right" count leap seconds; those under "posix" are copies.
    guard parts[0] != "right", parts[0] != "posix" else { return false }
    for part in parts {
      // Without dots, no name leads out of the folder.
      guard !part.isEmpty, part.utf8.allSatisfy(isPartOfName) else { return false }
    }
    let descriptor = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // The folder also holds lists and notes (RFC 8536, section 3.1).
    var magic: [UInt8] = [0, 0, 0, 0]
    return read(descriptor, &magic, magic.count) == magic.count && magic == Array("TZif".utf8)
  }

  private static func isPartOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "+-_".utf8.contains(byte)
    }
  }
}
