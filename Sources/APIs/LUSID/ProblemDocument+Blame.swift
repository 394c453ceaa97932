extension ProblemDocument {
  /// The answer's message for each item, found by the request ids it names; nil if it names none.
  ///
  /// LUSID's validation errors are keyed by a path that holds the id; any text in `errorDetails` may name it.
  func blamed(ids: [String]) -> [String?]? {
    var words = [[String]](repeating: [], count: ids.count)
    let names = Names(ids)
    func blame(_ texts: [String], _ said: String) {
      for place in names.found(in: texts) { words[place].append(said) }
    }
    for error in errors { blame([error.field], error.messages.joined(separator: ", ")) }
    for detail in details { blame(detail.map(\.text), Self.spelled(detail)) }
    guard words.contains(where: { !$0.isEmpty }) else { return nil }
    return words.map { $0.isEmpty ? nil : $0.joined(separator: "; ").cut(to: String.longestMessage) }
  }
}

/// Request ids to find in texts as whole words.
private struct Names {
  private var places: [ArraySlice<UInt8>: [Int]] = [:]
  /// The longest first: `item-1` also occurs in `item-1.a`.
  private let lengths: [Int]

  init(_ ids: [String]) {
    for (place, id) in ids.enumerated() where !id.isEmpty { places[Array(id.utf8)[...], default: []].append(place) }
    lengths = Set(places.keys.map(\.count)).sorted(by: >)
  }

  /// The positions, in order, of the ids that occur in any of the texts with no letter, digit, `-` or `_` on either
  /// side.
  ///
  /// Each text is read once: an answer may name an id a million times.
  func found(in texts: [String]) -> [Int] {
    var found: Set<Int> = []
    for text in texts {
      let text = Array(text.utf8)[...]
      var i = 0
      var isInWord = false
      while i < text.count {
        if !isInWord, let name = longestName(at: i, in: text) {
          found.formUnion(places[name] ?? [])
          i = name.endIndex
          isInWord = false
        } else {
          isInWord = Self.isWordByte(text[i])
          i += 1
        }
      }
    }
    return found.sorted()
  }

  private func longestName(at start: Int, in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    for length in lengths {
      let end = start + length
      guard end <= text.count, end == text.count || !Self.isWordByte(text[end]) else { continue }
      if places[text[start..<end]] != nil { return text[start..<end] }
    }
    return nil
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    byte >= 0x80 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
  }
}
