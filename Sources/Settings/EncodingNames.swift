/// The names of text encodings.
enum EncodingNames {
  /// What most files are written in: one of these is probably meant by a misspelt name.
  static let usual = [
    "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1250", "windows-1251", "windows-1252", "iso-8859-1",
    "iso-8859-2", "iso-8859-15", "cp437", "cp850", "macintosh", "shift_jis", "euc-jp", "euc-kr", "gb18030", "big5",
  ]
}
