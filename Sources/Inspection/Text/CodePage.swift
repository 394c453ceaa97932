/// An encoding of one byte a character, judged by the words that it gives.
struct CodePage: Sendable {
  /// For the route's `encoding`.
  var name: String
  var iconvName: String
  var title: String
  var reason: String
  /// The characters of the bytes from 128 on; nil where the encoding has none.
  private let characters: [Unicode.Scalar?]

  private init(_ name: String, iconv iconvName: String, title: String, reason: String) {
    (self.name, self.iconvName, self.title, self.reason) = (name, iconvName, title, reason)
    characters = (0x80...0xFF).map { byte in
      decoded([UInt8(byte)], as: iconvName).flatMap { String(decoding: $0, as: UTF8.self).unicodeScalars.first }
    }
  }

  /// The likeliest first: it wins if several are equally good.
  static let all = [
    CodePage(
      "windows-1252", iconv: "CP1252", title: "windows-1252 (Western European, Windows)",
      reason: "as Windows' usual encoding it gives plausible words"),
    CodePage(
      "cp850", iconv: "CP850", title: "cp850 (Western European, DOS)",
      reason: "its accented letters are those of DOS"),
    CodePage(
      "macintosh", iconv: "MACINTOSH", title: "macintosh (Western European, classic Mac OS)",
      reason: "its accented letters are those of Mac OS"),
  ]

  /// How much its characters look like words of Western languages; negative if they don't.
  func score(_ parts: [ArraySlice<UInt8>]) -> Int {
    var score = 0
    var seen = 0
    for part in parts {
      for at in part.indices where part[at] >= 0x80 {
        seen += 1
        guard seen <= Self.mostBytes else { return score }
        let before = at > part.startIndex ? part[at - 1] : 0x20
        let after = at + 1 < part.endIndex ? part[at + 1] : 0x20
        score += self.score(part[at], before: before, after: after)
      }
    }
    return score
  }

  /// Enough to tell encodings apart.
  private static let mostBytes = 4000

  private func score(_ byte: UInt8, before: UInt8, after: UInt8) -> Int {
    guard let character = characters[Int(byte) - 0x80] else { return -10 }
    func isLetter(_ byte: UInt8) -> Bool {
      byte < 0x80 ? Ascii.isLetter(byte) : characters[Int(byte) - 0x80]?.properties.isAlphabetic == true
    }
    func isLower(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte }
    func isUpper(_ byte: UInt8) -> Bool { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte }
    let (isAfterLetter, isBeforeLetter) = (isLetter(before), isLetter(after))
    if character == "ß", !Self.vowels.contains(before), before < 0x80 { return isAfterLetter ? -2 : 0 }
    if Self.common.contains(character) || Self.lessCommon.contains(character) {
      if isUpper(before), isUpper(after) { return -2 }
      return isAfterLetter || isBeforeLetter ? Self.common.contains(character) ? 3 : 2 : 0
    }
    if Self.commonCapitals.contains(character) {
      if isLower(before) || isUpper(before) && isLower(after) { return -2 }
      return isBeforeLetter ? 2 : 0
    }
    if character.properties.isAlphabetic { return isLower(before) && character.properties.isUppercase ? -2 : 0 }
    if character == "’" { return isAfterLetter ? 2 : 1 }
    if Self.marks.contains(character) { return isAfterLetter && isBeforeLetter ? -1 : 1 }
    return isAfterLetter && isBeforeLetter ? -3 : -1
  }

  /// Whether most of the characters above 127 stand between others, as in Greek, Cyrillic or Chinese, but in no text of
  /// these encodings.
  static func isOtherScript(_ parts: [ArraySlice<UInt8>]) -> Bool {
    var (inside, all) = (0, 0)
    for part in parts {
      for at in part.indices.dropFirst().dropLast() where part[at] >= 0x80 {
        all += 1
        if part[at - 1] >= 0x80, part[at + 1] >= 0x80 { inside += 1 }
      }
    }
    return all >= 4 && inside * 3 > all
  }

  private static let vowels = Set("aeiouAEIOU".utf8)
  private static let common = Set("äöüßéèàç".unicodeScalars)
  private static let lessCommon = Set("êëáíóúñåæøâîôûïìòùãõ".unicodeScalars)
  private static let commonCapitals = Set("ÄÖÜÉÈÀÇÁÍÓÚÑÅØÂÊÎÔ".unicodeScalars)
  private static let marks = Set("€£§°–—‘“”„«»…\u{A0}½²³·".unicodeScalars)
}
