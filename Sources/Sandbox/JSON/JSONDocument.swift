import Glibc

/// A parsed JSON text: the bytes as received, and where each value in them starts and ends.
///
/// Nothing is converted: numbers keep their digits, strings their escapes. Values are in `nodes` in text order, an
/// object's members as name, value, name, value.
final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let nodes: [Node]

  struct Node: Sendable {
    var kind: Kind
    /// A string that contains a backslash.
    var isEscaped: Bool
    var start: Int32
    var end: Int32
    /// The index of the node after this one and everything inside it.
    var next: Int32
  }

  enum Kind: UInt8, Sendable { case object, array, string, number, yes, no, null }

  init(bytes: [UInt8], nodes: [Node]) {
    self.bytes = bytes
    self.nodes = nodes
  }

  var root: JSONPart { JSONPart(document: self, index: 0) }
}

/// Why some bytes are not JSON text, and where.
struct JSONFault: Error, Equatable, CustomStringConvertible {
  var reason: String
  /// From 1.
  var line: Int
  /// Byte of that line, from 1.
  var column: Int

  var description: String { "\(reason) at line \(line), column \(column)" }

  init(_ reason: String, at offset: Int, of bytes: [UInt8]) {
    self.reason = reason
    let before = bytes.prefix(offset)
    line = 1 + before.count { $0 == UInt8(ascii: "\n") }
    column = 1 + (before.lastIndex(of: UInt8(ascii: "\n")).map { offset - $0 - 1 } ?? offset)
  }
}

extension [UInt8] {
  /// Whether the bytes from `start` up to `end` are `text`.
  func holds(_ text: StaticString, from start: Int, to end: Int) -> Bool {
    guard end - start == text.utf8CodeUnitCount, start >= 0, end <= count else { return false }
    return withUnsafeBufferPointer { bytes in
      bytes.baseAddress.map { memcmp($0 + start, text.utf8Start, end - start) == 0 } ?? false
    }
  }

  func isEqual(to other: ArraySlice<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return withUnsafeBufferPointer { mine in
      other.withUnsafeBufferPointer { theirs in
        guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return true }
        return memcmp(mine, theirs, count) == 0
      }
    }
  }
}
