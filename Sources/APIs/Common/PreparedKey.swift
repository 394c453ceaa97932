import Core
import JSONText

/// The ordering key: two items with the same key are delivered in the order in which they were dropped.
package struct PreparedKey: Hashable, Sendable {
  /// Nil if the item has no key: then the whole inbox is delivered in order.
  ///
  /// The value of a `KeyHash`: stored on disk, so the same key must give the same value in every version.
  package var hash: UInt64?

  package init(hash: UInt64?) { self.hash = hash }
}

extension KeyHash {
  mutating func combine(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    for i in range { combine(bytes[i]) }
  }

  /// Hashes the text that the JSON string content represents.
  mutating func combineText(_ bytes: Span<UInt8>, _ content: Range<Int>) {
    guard bytes.hasEscapes(in: content) else { return combine(bytes, content) }
    combine(stringContent(bytes, content).utf8)
  }

  /// Hashes a value: a string by its text, anything else as written.
  mutating func combineValue(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    if bytes.isString(value) { combineText(bytes, value.content) } else { combine(bytes, value) }
  }

  /// Does the same, except that two spellings of one number are the same value.
  mutating func combineEqualValue(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    guard let first = value.first, bytes[first] == UInt8(ascii: "-") || (0x30...0x39).contains(bytes[first]),
      // Plain digits have only one spelling.
      !bytes.isPlainInteger(value),
      let number = DecimalNumber(String(decoding: value.map { bytes[$0] }, as: UTF8.self))
    else { return combineValue(bytes, value) }
    combine(number.canonicalText.utf8)
  }

  /// Hashes the eight bytes of another hash, the least significant first.
  mutating func combine(_ other: KeyHash) {
    for shift in stride(from: 0, to: 64, by: 8) { combine(UInt8(truncatingIfNeeded: other.value >> UInt64(shift))) }
  }
}

extension Span<UInt8> {
  fileprivate func isPlainInteger(_ value: Range<Int>) -> Bool {
    value.count <= 40 && self[value.lowerBound] != UInt8(ascii: "-")
      && value.allSatisfy { (0x30...0x39).contains(self[$0]) }
  }
}
