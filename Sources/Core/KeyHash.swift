/// The 64-bit FNV-1a hash of an ordering key.
///
/// Stored in the outbox with each item, so it must stay the same from version to version. Two keys that collide are
/// merely delivered one after the other.
package struct KeyHash: Hashable, Sendable {
  @usableFromInline
  package var value: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  package init(stored value: UInt64) { self.value = value }

  /// The hash that represents the order of a whole inbox.
  package init(inbox: String) {
    self.init()
    combine("inbox".utf8)
    separate()
    combine(inbox.utf8)
  }

  @inlinable
  package mutating func combine(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }

  @inlinable
  package mutating func combine(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { combine(byte) }
  }

  /// Marks the end of a part, so that `ab` + `c` differs from `a` + `bc`; no UTF-8 text contains the byte 0xFF.
  package mutating func separate() { combine(0xFF) }
}

extension KeyHash {
  /// Where to look for it in a table: a hash with a secret of this process.
  ///
  /// Whoever drops a file chooses its keys, and FNV is easily inverted: without the secret, one file could put all of
  /// its keys into one slot.
  var slotHash: UInt64 {
    let product = (value ^ slotSecret.0).multipliedFullWidth(by: slotSecret.1)
    return product.high ^ product.low
  }

  /// For `Dictionary` and `Set`, whose own hash costs more than everything else that is done with a key.
  package func _rawHashValue(seed: Int) -> Int { Int(truncatingIfNeeded: slotHash) ^ seed }
}

private let slotSecret = (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max) | 1)

/// A set of key hashes: eight bytes each, plus some spare room.
///
/// Open addressing; at most three quarters are filled.
package struct KeySet: Sendable {
  /// Zero marks an empty slot.
  private var places: [UInt64] = []
  private var hasZero = false
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }

  /// Returns whether the key was new.
  package mutating func insert(_ key: KeyHash) -> Bool {
    let value = key.value
    guard value != 0 else {
      defer { hasZero = true }
      if !hasZero { count += 1 }
      return !hasZero
    }
    if (count + 1) * 4 > places.count * 3 { grow() }
    let place = place(of: value)
    guard places[place] == 0 else { return false }
    places[place] = value
    count += 1
    return true
  }

  package func contains(_ key: KeyHash) -> Bool {
    if key.value == 0 { return hasZero }
    return !places.isEmpty && places[place(of: key.value)] == key.value
  }

  package mutating func removeAll() {
    for place in places.indices { places[place] = 0 }
    (hasZero, count) = (false, 0)
  }

  /// Each key once, in order.
  package static func distinct(_ keys: some Sequence<KeyHash>) -> [KeyHash] {
    var seen = KeySet()
    return keys.filter { seen.insert($0) }
  }

  /// The slot where the value is, or belongs.
  private func place(of value: UInt64) -> Int {
    let mask = places.count - 1
    var place = Int(truncatingIfNeeded: KeyHash(stored: value).slotHash) & mask
    while places[place] != 0, places[place] != value { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let old = places
    places = [UInt64](repeating: 0, count: max(16, old.count * 2))
    for value in old where value != 0 { places[place(of: value)] = value }
  }
}
