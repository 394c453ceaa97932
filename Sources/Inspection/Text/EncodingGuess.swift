import Core

/// Which encoding a file's bytes are in, and why.
struct EncodingGuess: Sendable {
  /// The route's `encoding`; nil if none is needed: UTF-8, or a byte order mark says it.
  var name: String?
  /// For people: `UTF-8 with a byte order mark`.
  var title: String
  var reason: String
  /// A word that looks right only in this encoding.
  var word: String?
  var unsure: [String] = []
  /// How many bytes at the start are the mark.
  private(set) var markBytes = 0
  /// Nil for UTF-8.
  private var iconvName: String?
  /// Whether a character takes two bytes, so that the end of a sample may begin in the middle of one.
  var isWide: Bool { iconvName?.hasPrefix("UTF-16") == true }

  /// - Parameter sample: the file's start and end count alike.
  init(_ sample: FileSample) {
    let bytes = sample.head
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      self.init(title: "UTF-8 with a byte order mark", reason: "it begins with the mark", iconvName: nil)
      markBytes = 3
    } else if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      let isLittle = bytes[0] == 0xFF
      self.init(
        title: "UTF-16 with a byte order mark", reason: "it begins with the mark",
        iconvName: isLittle ? "UTF-16LE" : "UTF-16BE")
      markBytes = 2
    } else if let wide = Self.wide(bytes) {
      self.init(
        name: wide.lowercased(), title: "\(wide) without a byte order mark", reason: "every other byte is zero",
        iconvName: wide)
    } else {
      self.init(narrow: [bytes[...], sample.tail[...]], isWhole: sample.isWhole)
    }
  }

  private init(name: String? = nil, title: String, reason: String, iconvName: String?) {
    (self.name, self.title, self.reason, self.iconvName) = (name, title, reason, iconvName)
  }

  /// The file's start as UTF-8, without the mark; what can't be decoded is U+FFFD.
  func text(_ bytes: [UInt8], isStart: Bool) -> [UInt8] {
    let content = bytes[(isStart ? min(markBytes, bytes.count) : 0)...]
    if let iconvName, let text = decoded(content, as: iconvName) { return text }
    if iconvName != nil { return content.flatMap { $0 < 0x80 ? [$0] : Array("\u{FFFD}".utf8) } }
    return Array(String(decoding: content, as: UTF8.self).utf8)
  }

  /// The file's end as UTF-8, which may begin in the middle of a character; `offset` is its place in the file.
  func text(tail: [UInt8], at offset: Int) -> [UInt8] {
    let isOdd = isWide && (offset - markBytes) % 2 != 0
    return text(Array(tail.dropFirst(isOdd ? 1 : 0)), isStart: false)
  }

  // MARK: UTF-16 without a mark

  /// Text in European languages has a zero in every other byte.
  private static func wide(_ bytes: [UInt8]) -> String? {
    let part = bytes.prefix(4096)
    guard part.count >= 4 else { return nil }
    var zeros = (even: 0, odd: 0)
    for (place, byte) in part.enumerated() where byte == 0 {
      if place % 2 == 0 { zeros.even += 1 } else { zeros.odd += 1 }
    }
    let half = part.count / 2
    if zeros.odd * 10 >= half * 7, zeros.even * 10 < half { return "UTF-16LE" }
    if zeros.even * 10 >= half * 7, zeros.odd * 10 < half { return "UTF-16BE" }
    return nil
  }

  // MARK: One byte a character

  private init(narrow parts: [ArraySlice<UInt8>], isWhole: Bool) {
    var found = HighBytes()
    for (index, part) in parts.enumerated() {
      found.count(part, startsCut: index > 0, endsCut: !isWhole && index == 0, base: index == 0 ? 0 : nil)
    }
    if found.bad == 0 {
      self.init(
        title: found.characters == 0 ? "ASCII, which is UTF-8" : "UTF-8",
        reason: found.characters == 0 ? "no byte is above 127" : "all characters are valid", iconvName: nil)
      word = found.characters == 0 ? nil : Self.word(in: parts) { String(decoding: $0, as: UTF8.self) }
      return
    }
    if found.characters >= 8 * found.bad {
      self.init(title: "UTF-8, damaged", reason: "nearly all characters are valid", iconvName: nil)
      let place = found.firstBad.map { " at offset \($0)" } ?? ""
      unsure = ["what the byte\(place) is that is not UTF-8: upsertd rejects the whole file; have it saved as UTF-8"]
      return
    }
    let scores = CodePage.all.map { (page: $0, score: $0.score(parts)) }
    let best = scores.reduce(scores[0]) { $1.score > $0.score ? $1 : $0 }
    let page = best.page
    self.init(name: page.name, title: page.title, reason: "it is not UTF-8; \(page.reason)", iconvName: page.iconvName)
    word = Self.word(in: parts) { decoded($0, as: page.iconvName).map { String(decoding: $0, as: UTF8.self) } }
    let rivals = scores.filter { $0.page.name != page.name && $0.score * 3 > best.score * 2 }
    let shown = word.map { ": it reads \($0.quotedOnOneLine)" } ?? ""
    if CodePage.isOtherScript(parts) {
      unsure = ["the encoding: the text is in no Western script, and its alphabet can't be determined\(shown)"]
    } else if best.score <= 0 {
      unsure = ["the encoding: it is not UTF-8, and no guess gives plausible words\(shown)"]
    } else if !rivals.isEmpty {
      let names = rivals.map(\.page.name).joined(separator: " or ")
      unsure = ["whether the encoding is \(page.name) or \(names)\(shown)"]
    }
  }

  /// The first word with a byte above 127 that `decode` can read.
  private static func word(in parts: [ArraySlice<UInt8>], _ decode: ([UInt8]) -> String?) -> String? {
    for part in parts {
      guard let high = part.firstIndex(where: { $0 >= 0x80 }) else { continue }
      func isPart(_ byte: UInt8) -> Bool { byte >= 0x80 || byte == 0x20 || Ascii.isLetter(byte) }
      let before = part[..<high].suffix(12)
      let start = before.lastIndex { !isPart($0) }.map { $0 + 1 } ?? before.startIndex
      let end = part[high...].prefix(24).firstIndex { !isPart($0) } ?? min(high + 24, part.endIndex)
      return decode(Array(part[start..<end])).map { $0.trimmed }
    }
    return nil
  }

  /// How many bytes above 127 are parts of UTF-8's characters, and how many are not.
  private struct HighBytes {
    var characters = 0
    var bad = 0
    var firstBad: Int?

    mutating func count(_ bytes: ArraySlice<UInt8>, startsCut: Bool, endsCut: Bool, base: Int?) {
      var at = bytes.startIndex
      if startsCut { while at < bytes.endIndex, bytes[at] & 0xC0 == 0x80, at < bytes.startIndex + 3 { at += 1 } }
      while at < bytes.endIndex {
        let length =
          switch bytes[at] {
          case 0..<0x80: 1
          case 0xC2...0xDF: 2
          case 0xE0...0xEF: 3
          case 0xF0...0xF4: 4
          default: 0
          }
        if length == 1 {
          at += 1
          continue
        }
        let rest = bytes[at...].prefix(length)
        if length > 0, rest.count < length, endsCut, rest.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) { return }
        if length > 0, rest.count == length, String(validating: rest, as: UTF8.self) != nil {
          characters += 1
          at += length
        } else {
          bad += 1
          if firstBad == nil, let base { firstBad = base + at - bytes.startIndex }
          at += 1
        }
      }
    }
  }
}
