import Core
import JSONText

/// The ordering key of LUSID requests: the sorted identifiers and the scope.
///
/// The hash is stored on disk: it covers the hashes of the identifiers in ascending order, then 0xFF and the scope's
/// text; an identifier's hash covers its key, 0xFF and its value's text (its JSON if it is not a string).
struct LusidOrder {
  private var identifiers: [(name: KeyHash, whole: KeyHash)] = []

  mutating func add(_ item: Span<UInt8>, name: Range<Int>, value: Range<Int>) {
    var hash = KeyHash()
    hash.combineText(item, name)
    let name = hash
    hash.separate()
    hash.combineValue(item, value)
    identifiers.append((name, hash))
  }

  /// False if all keys differ; true almost always means that two are equal, but this must be verified.
  var suspectsRepeat: Bool {
    guard identifiers.count > 1 else { return false }
    let names = identifiers.map(\.name.value).sorted()
    return zip(names, names.dropFirst()).contains { $0 == $1 }
  }

  /// Nil without identifiers.
  func hash(_ item: Span<UInt8>, scope: Range<Int>?) -> KeyHash? {
    guard !identifiers.isEmpty else { return nil }
    var hash = KeyHash()
    if identifiers.count == 1 {
      hash.combine(identifiers[0].whole)
    } else {
      for identifier in identifiers.sorted(by: { $0.whole.value < $1.whole.value }) { hash.combine(identifier.whole) }
    }
    hash.separate()
    if let scope { hash.combineValue(item, scope) }
    return hash
  }
}
