import JSONText

/// What puts LUSID requests in order: the sorted identifiers and the scope.
///
/// The hash is stored on disk: FNV-1a over the hashes of the identifiers in ascending order, then 0xFF and the scope's text;
/// an identifier's hash is FNV-1a over its key, 0xFF and its value's text (its JSON, where it is no string).
struct LusidOrder {
  private var identifiers: [(name: UInt64, hash: UInt64)] = []

  mutating func add(_ item: Span<UInt8>, name: Range<Int>, value: Range<Int>) {
    var hasher = KeyHasher()
    hasher.addText(item, name)
    let nameHash = hasher.hash
    hasher.separate()
    hasher.addValue(item, value)
    identifiers.append((nameHash, hasher.hash))
  }

  /// False where all keys differ; true nearly always means that two are the same, but a look has to tell.
  var suspectsRepeat: Bool {
    guard identifiers.count > 1 else { return false }
    let names = identifiers.map(\.name).sorted()
    return zip(names, names.dropFirst()).contains { $0 == $1 }
  }

  /// Nil without identifiers.
  func hash(_ item: Span<UInt8>, scope: Range<Int>?) -> UInt64? {
    guard !identifiers.isEmpty else { return nil }
    var hasher = KeyHasher()
    if identifiers.count == 1 {
      hasher.add(identifiers[0].hash)
    } else {
      for hash in identifiers.map(\.hash).sorted() { hasher.add(hash) }
    }
    hasher.separate()
    if let scope { hasher.addValue(item, scope) }
    return hasher.hash
  }
}
