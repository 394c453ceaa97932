extension ProblemDocument {
  /// What the answer says of each item, by the request ids it names; nil where it names none.
  ///
  /// LUSID's validation errors are keyed by a path that holds the id; `errorDetails` may name it in any of their texts.
  func blamed(ids: [String]) -> [String?]? {
    var words = [[String]](repeating: [], count: ids.count)
    // The longest id first: `item-1` stands in `item-1.a` too.
    let order = ids.indices.sorted { ids[$0].utf8.count > ids[$1].utf8.count }
    func blame(_ texts: [String], _ said: String) {
      var texts = texts.map { Array($0.utf8) }
      for place in order where !ids[place].isEmpty {
        let id = Array(ids[place].utf8)
        var isNamed = false
        for index in texts.indices {
          while let start = texts[index].firstWord(id) {
            texts[index].replaceSubrange(start..<start + id.count, with: [0])
            isNamed = true
          }
        }
        if isNamed { words[place].append(said) }
      }
    }
    for error in errors { blame([error.field], error.messages.joined(separator: ", ")) }
    for detail in details { blame(detail.map(\.text), Self.spelled(detail)) }
    guard words.contains(where: { !$0.isEmpty }) else { return nil }
    return words.map { $0.isEmpty ? nil : $0.joined(separator: "; ").cut(to: String.longestMessage) }
  }
}

extension [UInt8] {
  /// Where `word` stands with no letter, digit, `-` or `_` on either side.
  fileprivate func firstWord(_ word: [UInt8]) -> Int? {
    guard count >= word.count else { return nil }
    return (0...count - word.count).first { start in
      self[start] == word[0] && self[start..<start + word.count].elementsEqual(word)
        && !isWordByte(at: start - 1) && !isWordByte(at: start + word.count)
    }
  }

  private func isWordByte(at place: Int) -> Bool {
    guard indices.contains(place) else { return false }
    let byte = self[place]
    return byte >= 0x80 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
  }
}
