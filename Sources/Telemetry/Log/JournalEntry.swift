/// A log entry in the form that systemd's journal accepts: named fields, not a line.
///
/// `journalctl` shows the message. Each field of the entry is also sent under its own name (`UPSERTD_FILE`,
/// `UPSERTD_INBOX`), and the event as `UPSERTD_EVENT`, so that `journalctl UPSERTD_FILE=…` finds a file's whole story.
struct JournalEntry {
  private let fields: [(name: String, value: String)]

  /// - Parameters:
  ///   - message: the whole entry, human-readable.
  ///   - priority: of syslog(3).
  ///   - event: the part of the message that is the same each time.
  init(message: String, priority: Int, event: String, fields: [(key: String, value: String)]) {
    self.fields =
      [
        ("MESSAGE", message), ("PRIORITY", "\(priority)"), ("SYSLOG_IDENTIFIER", "upsertd"),
        ("UPSERTD_EVENT", event),
      ] + fields.map { (Self.name($0.key), $0.value) }
  }

  /// <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>: `NAME=value` on a line, or, if the value contains line breaks, the
  /// name, the value's length in 64 bits, lowest byte first, and the value.
  var bytes: [UInt8] {
    var out: [UInt8] = []
    for (name, value) in fields {
      let value = Array(value.utf8)
      out += Array(name.utf8)
      if value.contains(UInt8(ascii: "\n")) {
        out.append(UInt8(ascii: "\n"))
        out += withUnsafeBytes(of: UInt64(value.count).littleEndian, Array.init)
      } else {
        out.append(UInt8(ascii: "="))
      }
      out += value
      out.append(UInt8(ascii: "\n"))
    }
    return out
  }

  /// Field names consist of capital letters, digits and underscores only, at most 64: `isNew` becomes `UPSERTD_IS_NEW`.
  private static func name(_ key: String) -> String {
    var name = "UPSERTD_"
    for character in key.utf8 {
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): name += "_\(Character(UnicodeScalar(character)))"
      case UInt8(ascii: "a")...UInt8(ascii: "z"): name.append(Character(UnicodeScalar(character - 32)))
      case UInt8(ascii: "0")...UInt8(ascii: "9"): name.append(Character(UnicodeScalar(character)))
      default: name += "_"
      }
    }
    return String(name.prefix(64))
  }
}
