/// The sandbox's record of the items with one key.
package struct StoredItem: Sendable, Equatable {
  /// The item's identity according to the API, as one text.
  package let key: String
  /// From 1, in the order in which keys first appeared.
  package let number: Int
  /// How often it was in a request that got as far as its items, whatever the outcome.
  package private(set) var seen = 0
  package private(set) var accepted = 0
  /// How many accepted items differed from the one before.
  package private(set) var version = 0
  /// The last accepted item, byte for byte as received; nil if none was accepted.
  package private(set) var raw: [UInt8]?

  init(key: String, number: Int) {
    self.key = key
    self.number = number
  }

  mutating func see() { seen += 1 }

  /// Uses no additional memory if the bytes are unchanged.
  mutating func accept(_ raw: ArraySlice<UInt8>) {
    seen += 1
    accepted += 1
    if let old = self.raw, old.isEqual(to: raw) { return }
    self.raw = Array(raw)
    version += 1
  }
}
