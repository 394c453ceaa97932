internal import CLinux
internal import Core

extension BatchVerdict {
  /// The same verdict with a reason that is safe to log: the API's words are left out if they repeat a word of what was
  /// sent.
  ///
  /// An API may put anything into its answer, even into a problem's title: a name, a key, the token. A reason quotes
  /// the API's own words in brackets.
  func redacted(about sent: [[UInt8]]) -> BatchVerdict {
    switch self {
    case .settled, .settledInPart: self
    case .split(let why): .split(why.withoutQuotes(of: sent))
    case .retry(let reason, let slowing): .retry(reason.withoutQuotes(of: sent), slowing: slowing)
    case .renewToken(let reason): .renewToken(reason.withoutQuotes(of: sent))
    case .hold(let reason): .hold(reason.withoutQuotes(of: sent))
    }
  }
}

extension String {
  /// Drops the bracketed text if one of its words occurs in one of these texts.
  func withoutQuotes(of sent: [[UInt8]]) -> String {
    guard let start = firstIndex(of: "("), let end = lastIndex(of: ")"), start < end else { return self }
    let words = self[index(after: start)..<end].split { !$0.isLetter && !$0.isNumber }
    let isQuote = words.contains { word in
      // JSON can spell other letters in several ways, so they can't be searched for. Shorter words, and the "code"
      // before one of the API's own numbers, reveal nothing.
      !word.utf8.allSatisfy { $0 < 0x80 } || word.utf8.count > 2 && word != "code" && sent.contains { $0.holds(word) }
    }
    guard isQuote else { return self }
    return self[..<start] + "(its message repeats sent data and is not shown)" + self[index(after: end)...]
  }
}

extension [UInt8] {
  fileprivate func holds(_ word: Substring) -> Bool {
    var word = String(word)
    return withUnsafeBytes { text in
      word.withUTF8 { clinux_holds(text.baseAddress, UInt(text.count), $0.baseAddress, UInt($0.count)) != 0 }
    }
  }
}
