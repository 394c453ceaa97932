internal import JSONText

/// Where the values of a key lie in a piece.
///
/// Pieces of one file are mostly written alike. If two agree byte by byte up to the end of the key, except in values
/// that are plain strings or numbers, then the second one's key is found without reading it as JSON.
package struct KeyLayout: Sendable {
  private struct Value {
    /// In `bytes`: what the piece has between the value before, or its start, and this one.
    var before: Range<Int>
    /// What the key has before this value.
    var words: [UInt8]
    var isString: Bool
  }

  /// The piece without the values, up to the end of what was read for the key.
  private var bytes: [UInt8] = []
  private var values: [Value] = []
  /// In `bytes`: behind the last value.
  private var end: Range<Int> = 0..<0
  /// In the piece: up to where `bytes` has it.
  private var place = 0

  /// Of no piece.
  package init() {}

  /// Begins to note where the values of a piece's key lie.
  init(from start: Int) { place = start }

  /// Notes the next value.
  ///
  /// - Parameters:
  ///   - value: a plain string's content, or a number.
  ///   - words: what the key has before it.
  mutating func note(_ value: Range<Int>, isString: Bool, after words: ArraySlice<UInt8>, in piece: Span<UInt8>) {
    let before = copy(piece, upTo: value.lowerBound)
    values.append(Value(before: before, words: Array(words), isString: isString))
    place = value.upperBound
  }

  /// Ends the noting: what follows in the piece does not matter for the key.
  mutating func finish(at place: Int, in piece: Span<UInt8>) { end = copy(piece, upTo: place) }

  private mutating func copy(_ piece: Span<UInt8>, upTo limit: Int) -> Range<Int> {
    let start = bytes.count
    piece.append(place..<limit, to: &bytes)
    place = limit
    return start..<bytes.count
  }

  /// Appends the key of a piece that is written like the one that was noted.
  ///
  /// - Parameter start: where the item starts in the piece, which must be valid JSON from there on.
  /// - Returns: false, with nothing appended, if it is written in another way.
  func append(keyOf piece: Span<UInt8>, from start: Int, to text: inout [UInt8]) -> Bool {
    let before = text.count
    if let place = appendValues(of: piece, from: start, to: &text), piece.has(bytes.span, end, at: place),
      text.count - before <= 400
    {
      return true
    }
    text.removeSubrange(before...)
    return false
  }

  /// Where the last value ends; nil if there is none, or the piece is written in another way.
  private func appendValues(of piece: Span<UInt8>, from start: Int, to text: inout [UInt8]) -> Int? {
    var place: Int?
    for value in values {
      let before = place ?? start
      guard piece.has(bytes.span, value.before, at: before) else { return nil }
      let first = before + value.before.count
      let end = value.isString ? piece.endOfPlainText(from: first) : piece.endOfNumber(from: first)
      guard value.isString || end > first, end - first <= 200 else { return nil }
      text.append(contentsOf: value.words)
      piece.append(first..<end, to: &text)
      place = end
    }
    return place
  }
}

extension Span<UInt8> {
  /// Whether a part of other bytes is here at `place`.
  fileprivate func has(_ other: Span<UInt8>, _ part: Range<Int>, at place: Int) -> Bool {
    place <= count - part.count && isSame(place..<place + part.count, other, part)
  }

  /// Where printable ASCII without quotes and backslashes ends.
  fileprivate func endOfPlainText(from start: Int) -> Int {
    var place = start
    while place < count, self[place] &- 0x20 < 0x5F, self[place] != UInt8(ascii: "\""),
      self[place] != UInt8(ascii: "\\")
    {
      place += 1
    }
    return place
  }

  /// Where the characters of JSON numbers end.
  fileprivate func endOfNumber(from start: Int) -> Int {
    var place = start
    while place < count {
      switch self[place] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        place += 1
      default: return place
      }
    }
    return place
  }
}
