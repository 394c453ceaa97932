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
