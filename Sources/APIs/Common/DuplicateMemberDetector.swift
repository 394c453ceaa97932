import JSONText

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
