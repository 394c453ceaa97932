import Core
import JSONText

/// A place in a JSON file, and the steps by which a reader moves through it.
///
/// A value over the limit is checked to its end like any other, but not kept.
struct JSONCursor {
  /// A value that was passed; its bytes stay in the window until the next step.
  struct Value {
    var range: Range<Int>
    /// Physical line on which it starts.
    var line: Int
    var deepest: Int
    var isTooLarge: Bool
  }

  enum Separator {
    case next
    case end
  }

  /// The next byte's position in the file.
  var position = 0
  private var window: ByteWindow
  private let limits: ReaderLimits

  init(limits: ReaderLimits, chunkBytes: Int, key: SourceKey?) {
    self.limits = limits
    window = ByteWindow(chunkBytes: chunkBytes, key: key)
  }

  /// Begins an item at the position.
  mutating func beginItem() { window.beginItem(at: position) }

  /// Ends the item at the position.
  mutating func endItem() -> SourceTag? { window.endItem(at: position) }

  mutating func skipByteOrderMark<S: ByteSource & ~Copyable>(_ source: inout S) throws {
    position = try window.skipByteOrderMark(from: &source)
  }

  /// Advances to the next byte that is not white space and returns it; nil at the file's end.
  mutating func next<S: ByteSource & ~Copyable>(_ source: inout S) throws -> UInt8? {
    while true {
      position = window.base + afterSpace(window.bytes.span, from: position - window.base)
      if position < window.end { return window.byte(at: position) }
      if try !window.fill(from: &source, keepingFrom: position) { return nil }
    }
  }

  /// Skips the value at the position, which must be at a byte that is not white space, or at the end.
  mutating func value<S: ByteSource & ~Copyable>(_ source: inout S) throws -> Value {
    let start = position
    let line = window.place(of: start).line
    var scanner = JSONScanner()
    do {
      while true {
        if let end = try scanner.scan(window.bytes.span, from: position - window.base) {
          position = window.base + end
          break
        }
        position = window.end
        let isKept = position - start <= limits.maxItemBytes + RejectsAdditions.slack
        if try !window.fill(from: &source, keepingFrom: isKept ? start : position) {
          try scanner.finish()
          break
        }
      }
    } catch let fault as JSONFault {
      throw window.fileFault(fault, from: start)
    }
    return Value(range: start..<position, line: line, deepest: scanner.deepest, isTooLarge: isTooLarge(from: start))
  }

  private func isTooLarge(from start: Int) -> Bool {
    let count = position - start
    guard count > limits.maxItemBytes else { return false }
    guard count <= limits.maxItemBytes + RejectsAdditions.slack else { return true }
    let value = start - window.base..<position - window.base
    return count - RejectsAdditions.bytes(in: window.bytes.span.extracting(value), limits.additions)
      > limits.maxItemBytes
  }

  /// Skips the separator after a value in an array or object: a comma, or the closing bracket or brace.
  mutating func separator<S: ByteSource & ~Copyable>(_ source: inout S, closing: UInt8) throws -> Separator {
    let byte = try next(&source)
    guard byte == UInt8(ascii: ",") || byte == closing else {
      throw try unexpected(&source, expected: "',' or '\(Unicode.Scalar(closing))'")
    }
    position += 1
    return byte == closing ? .end : .next
  }

  /// The fault for a byte, or the end, where something else is expected.
  mutating func unexpected<S: ByteSource & ~Copyable>(_ source: inout S, expected: String) throws -> FileFault {
    try fault(&source, reason: JSONFault.reason(for: next(&source), expected: expected))
  }

  /// The fault for the byte or the end at the position: `reason`, unless the byte is not UTF-8 at all.
  mutating func fault<S: ByteSource & ~Copyable>(_ source: inout S, reason: String) throws -> FileFault {
    while window.end - position < 4, try window.fill(from: &source, keepingFrom: position) {}
    let fault =
      position < window.end
      ? JSONFault.stray(window.bytes.span, at: position - window.base, reason: reason)
      : JSONFault(.end, offset: 0, reason: reason)
    return window.fileFault(fault, from: position)
  }

  /// A copy of bytes of the last value.
  func bytes(of range: Range<Int>) -> [UInt8] {
    Array(window.bytes[range.lowerBound - window.base..<range.upperBound - window.base])
  }

  /// Calls `body` with bytes of the last value, or with none.
  func withBytes(of range: Range<Int>?, _ body: (Span<UInt8>) throws -> Void) rethrows {
    let range = range.map { $0.lowerBound - window.base..<$0.upperBound - window.base } ?? 0..<0
    try body(window.bytes.span.extracting(range))
  }

  /// Calls `body` with at least `count` bytes from the position on, or with all that remain.
  mutating func lookAhead<S: ByteSource & ~Copyable>(
    _ source: inout S, bytes count: Int, _ body: (Span<UInt8>) -> Bool
  ) throws -> Bool {
    while window.end - position < count, try window.fill(from: &source, keepingFrom: position) {}
    return body(window.bytes.span.extracting((position - window.base)...))
  }
}
