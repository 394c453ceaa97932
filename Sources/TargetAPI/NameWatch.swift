import JSONText

/// Notices that an object names a member twice, without making strings of its names.
struct NameWatch {
  private var hashes: [UInt64] = []

  mutating func note(_ member: JSONMember, of bytes: Span<UInt8>) {
    var hasher = KeyHasher()
    hasher.addText(bytes, member.name)
    hashes.append(hasher.hash)
  }

  /// False where all noted names differ; true nearly always means that two are the same, but a look has to tell.
  var suspectsRepeat: Bool {
    guard hashes.count > 16 else {
      for (i, hash) in hashes.enumerated() where hashes[..<i].contains(hash) { return true }
      return false
    }
    let sorted = hashes.sorted()
    return zip(sorted, sorted.dropFirst()).contains { $0 == $1 }
  }
}

/// The first name that the object at `object` gives to two members, unescaped; nil where there is none.
func repeatedName(in bytes: Span<UInt8>, _ object: Range<Int>, besides ignored: [String] = []) -> String? {
  var seen: Set<[UInt8]> = []
  var repeated: String?
  forEachMember(of: bytes, in: object) { member in
    let name = stringContent(bytes, member.name)
    if ignored.contains(name) { return }
    if !seen.insert(Array(name.utf8)).inserted, repeated == nil { repeated = name }
  }
  return repeated
}
