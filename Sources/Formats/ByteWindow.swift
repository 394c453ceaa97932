import Core
import JSONText

/// The part of a file's content that a reader is working on: read in chunks, dropped when no longer needed.
///
/// Counts physical lines (ended by LF) as it goes, so that a place can be reported without the bytes before it.
/// Positions are in bytes from the content's start.
struct ByteWindow {
  private(set) var bytes: [UInt8] = []
  /// The position of `bytes[0]`.
  private(set) var base = 0
  private(set) var atEnd = false
  private let chunkBytes: Int
  // Lines are counted up to here.
  private var counted = 0
  private var line = 1
  private var lineStart = 0
  // For tags.
  private let key: SourceKey?
  /// Where the current item begins.
  private var itemStart: Int?
  /// Has hashed the bytes of the item that were dropped.
  private var hasher: SourceHasher?

  init(chunkBytes: Int, key: SourceKey?) {
    self.chunkBytes = chunkBytes
    self.key = key
  }

  /// The position just past the last byte read.
  var end: Int { base + bytes.count }

  @inline(__always)
  func byte(at position: Int) -> UInt8 { bytes[position - base] }

  /// Reads another chunk after dropping all bytes before `position`; false at the content's end.
  mutating func fill<S: ByteSource & ~Copyable>(from source: inout S, keepingFrom position: Int) throws -> Bool {
    if atEnd { return false }
    if position > base {
      countLines(to: min(position, end))
      hashItem(to: min(position, end))
      bytes.removeFirst(min(position, end) - base)
      base = position
    }
    let before = bytes.count
    try source.read(upTo: chunkBytes, into: &bytes)
    atEnd = bytes.count == before
    return !atEnd
  }

  /// Begins an item at `position`, which is in the window.
  mutating func beginItem(at position: Int) {
    itemStart = position
    hasher = nil
  }

  /// The tag of the current item, up to `position`, however much of it has been dropped already; nil without a key.
  mutating func endItem(at position: Int) -> SourceTag? {
    defer { itemStart = nil }
    guard let key, let itemStart else { return nil }
    let rest = bytes.span.extracting(max(itemStart, base) - base..<position - base)
    guard var seen = hasher else { return key.tag(of: rest) }
    return seen.tag(endingIn: rest)
  }

  private mutating func hashItem(to position: Int) {
    guard let key, let itemStart, position > itemStart else { return }
    var seen = hasher ?? SourceHasher(key)
    seen.update(bytes.span.extracting(max(itemStart, base) - base..<position - base))
    hasher = seen
  }

  /// Counts the lines before `position`; later calls must not go back.
  mutating func countLines(to position: Int) {
    guard position > counted else { return }
    let fresh = counted - base..<position - base
    counted = position
    let breaks = bytes.span.occurrences(of: UInt8(ascii: "\n"), in: fresh)
    guard breaks > 0 else { return }
    line += breaks
    var i = fresh.upperBound
    while bytes[i - 1] != UInt8(ascii: "\n") { i -= 1 }
    lineStart = base + i
  }

  /// Line and column of `position`, both from 1, the column in bytes.
  mutating func place(of position: Int) -> (line: Int, column: Int) {
    countLines(to: position)
    return (line, position - lineStart + 1)
  }
}
