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

/// The names of text encodings.
enum EncodingNames {
  /// What most files are written in: one of these is probably meant by a misspelt name.
  static let usual = [
    "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1250", "windows-1251", "windows-1252", "iso-8859-1",
    "iso-8859-2", "iso-8859-15", "cp437", "cp850", "macintosh", "shift_jis", "euc-jp", "euc-kr", "gb18030", "big5",
  ]
}

/// Why a name can't be used for a target or an inbox; nil if it can.
///
/// An inbox's name is also a folder's name; both names are printed and used on the command line.
func nameFault(_ name: String) -> String? {
  if name.isEmpty { return "is empty" }
  if name.hasPrefix(".") { return "begins with a dot" }
  if name.contains("/") { return "contains a \"/\"" }
  if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
    return "contains control characters"
  }
  if name.utf8.count > 255 { return "is longer than 255 bytes" }
  return nil
}
