/// What the sandbox keeps of the items with one key.
package struct StoredItem: Sendable, Equatable {
  /// What the API takes for an item's identity, as one text.
  package let key: String
  /// From 1, in the order in which keys first appeared.
  package let number: Int
  /// How often a request that got as far as its items held it, whatever became of it.
  package private(set) var seen = 0
  package private(set) var accepted = 0
  /// How many accepted ones differed from the one before.
  package private(set) var version = 0
  /// The last accepted one, byte for byte as it came; nil if none was.
  package private(set) var raw: [UInt8]?

  init(key: String, number: Int) {
    self.key = key
    self.number = number
  }

  mutating func see() { seen += 1 }

  /// Takes no further memory where the bytes are the same as before.
  mutating func accept(_ raw: ArraySlice<UInt8>) {
    seen += 1
    accepted += 1
    if let old = self.raw, old.isEqual(to: raw) { return }
    self.raw = Array(raw)
    version += 1
  }
}
