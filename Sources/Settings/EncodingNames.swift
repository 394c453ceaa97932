internal import Glibc

/// The names of text encodings.
enum EncodingNames {
  /// Whether iconv can convert text from the encoding to UTF-8.
  ///
  /// A name with a slash is none: after it, glibc takes options (`//IGNORE`), which would drop characters silently.
  static func isKnown(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= 100, name.utf8.allSatisfy(isPartOfName) else { return false }
    guard let handle = iconv_open("UTF-8", name), handle != iconv_t(bitPattern: -1) else { return false }
    iconv_close(handle)
    return true
  }

  private static func isPartOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "-_.:+()".utf8.contains(byte)
    }
  }

  /// What most files are written in: one of these is probably meant by a misspelt name.
  static let usual = [
    "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1250", "windows-1251", "windows-1252", "iso-8859-1",
    "iso-8859-2", "iso-8859-15", "cp437", "cp850", "macintosh", "shift_jis", "euc-jp", "euc-kr", "gb18030", "big5",
  ]
}
