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

/// Detects that an object names a member twice, without making strings of its names.
struct DuplicateMemberDetector {
  private var fingerprints: [UInt64] = []

  mutating func note(_ name: MemberName, of bytes: Span<UInt8>) {
    if fingerprints.isEmpty { fingerprints.reserveCapacity(16) }
    if name.hasEscapes {
      let text = Array(stringContent(bytes, name.content).utf8)
      fingerprints.append(text.span.fingerprint(of: 0..<text.count))
    } else {
      fingerprints.append(bytes.fingerprint(of: name.content))
    }
  }

  /// Whether no name has been noted.
  var isEmpty: Bool { fingerprints.isEmpty }

  /// False if all noted names differ; true almost always means that two are equal, but this must be verified.
  var suspectsRepeat: Bool {
    guard fingerprints.count > 32 else {
      var i = 1
      while i < fingerprints.count {
        var j = 0
        while j < i {
          if fingerprints[i] == fingerprints[j] { return true }
          j += 1
        }
        i += 1
      }
      return false
    }
    let sorted = fingerprints.sorted()
    return zip(sorted, sorted.dropFirst()).contains { $0 == $1 }
  }
}

/// The first name that the object at `object` gives to two members, unescaped; nil if there is none.
func repeatedName(in bytes: Span<UInt8>, _ object: Range<Int>, besides ignored: [String] = []) -> String? {
  var seen: Set<[UInt8]> = []
  var repeated: String?
  forEachMember(of: bytes, in: object) { member in
    let name = stringContent(bytes, member.name)
    if ignored.contains(name) { return }
    if !seen.insert(Array(name.utf8)).inserted, repeated == nil { repeated = name.cut(to: 200) }
  }
  return repeated
}
