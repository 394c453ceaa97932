import JSONText

extension Range<Int> {
  /// The range between the quotes of the string value at this range; meaningless for other values.
  var content: Range<Int> { lowerBound + 1..<Swift.max(lowerBound + 1, upperBound - 1) }
}

extension JSONMember {
  func isCalled(_ name: String, in bytes: Span<UInt8>) -> Bool {
    equals(bytes, self.name, name, hasEscapes: nameHasEscapes)
  }

  var isNull: Bool { kind == .null }
}

extension Span<UInt8> {
  /// The whole text without the white space around it.
  var trimmed: Range<Int> {
    let start = afterSpace(self, from: 0)
    var end = count
    while end > start, self[end - 1] <= 0x20 { end -= 1 }
    return start..<end
  }

  func has(_ byte: UInt8, in range: Range<Int>) -> Bool {
    for i in range where self[i] == byte { return true }
    return false
  }

  func hasEscapes(in content: Range<Int>) -> Bool {
    // Its closing quote ends the search.
    quoteOrBackslash(from: content.lowerBound) < content.upperBound
  }

  /// Whether this is a single JSON document whose value is an object.
  var isJSONObject: Bool { isJSONObject(maxNesting: .max) }

  func isJSONObject(maxNesting: Int) -> Bool {
    let start = afterSpace(self, from: 0)
    guard start < count, self[start] == UInt8(ascii: "{") else { return false }
    return (try? checkIsJSON(maxNesting: maxNesting)) != nil
  }

  /// Throws unless this is a single JSON document, with nothing but white space around it.
  func checkIsJSON(maxNesting: Int) throws(JSONFault) {
    var scanner = JSONScanner()
    let end = try scanner.scan(self, from: 0)
    if end == nil { try scanner.finish() }
    let rest = afterSpace(self, from: end ?? count)
    guard rest == count else { throw JSONFault(offset: rest, reason: "more text follows the JSON value") }
    guard scanner.deepest <= maxNesting else {
      let levels = maxNesting == 1 ? "level" : "levels"
      throw JSONFault(offset: 0, reason: "more than \(maxNesting) \(levels) of objects and arrays")
    }
  }

  /// Whether string content is printable ASCII without escapes, of at most so many characters: then its bytes are its
  /// text, on one line.
  func isPlainText(_ content: Range<Int>, atMost length: Int) -> Bool {
    guard content.count <= length else { return false }
    for i in content where self[i] &- 0x20 >= 0x5F || self[i] == UInt8(ascii: "\\") { return false }
    return true
  }
}
