/// Builds a `JSONValue` in one pass over text that `JSONScanner` has validated.
///
/// Other text may be read wrongly, but never out of bounds.
struct JSONValueBuilder {
  /// What a value costs besides its text.
  private static let cost = 16

  /// Negative once something was left out.
  private(set) var room: Int
  /// The end of what has been read of the current value.
  private var i = 0

  init(room: Int) { self.room = room }

  /// The value that begins at `start`.
  mutating func value(_ bytes: Span<UInt8>, _ start: Int, upTo end: Int) -> JSONValue {
    i = start
    return next(bytes, upTo: min(end, bytes.count))
  }

  private mutating func next(_ bytes: Span<UInt8>, upTo end: Int) -> JSONValue {
    // Nothing after the first value that does not fit is used, so it need not be skipped either.
    guard i < end, take(Self.cost) else { return .null }
    switch kind(of: bytes, at: i) {
    case .object: return object(bytes, upTo: end)
    case .array: return array(bytes, upTo: end)
    case .string: return .string(text(bytes, upTo: end))
    case .true, .false, .null:
      let first = bytes[i]
      skipScalar(bytes, upTo: end)
      return first == UInt8(ascii: "n") ? .null : .bool(first == UInt8(ascii: "t"))
    case .number:
      let start = i
      skipScalar(bytes, upTo: end)
      var text: [UInt8] = []
      bytes.append(start..<start + fitting(i - start), to: &text)
      return .number(String(decoding: text, as: UTF8.self))
    }
  }

  private mutating func object(_ bytes: Span<UInt8>, upTo end: Int) -> JSONValue {
    var members: [(name: String, value: JSONValue)] = []
    i += 1
    while room >= 0 {
      i = afterSpace(bytes, from: i)
      guard i < end, bytes[i] == UInt8(ascii: "\"") else {
        // This can only be the end of an object without members.
        i = min(i + 1, end)
        break
      }
      let name = text(bytes, upTo: end)
      i = afterSpace(bytes, from: min(afterSpace(bytes, from: i) + 1, end))
      guard i < end, room >= Self.cost else {
        room = min(room, -1)
        break
      }
      members.append((name, next(bytes, upTo: end)))
      guard goesOn(bytes, upTo: end) else { break }
    }
    return .object(members)
  }

  private mutating func array(_ bytes: Span<UInt8>, upTo end: Int) -> JSONValue {
    var elements: [JSONValue] = []
    i = afterSpace(bytes, from: i + 1)
    if i < end, bytes[i] == UInt8(ascii: "]") {
      i += 1
      return .array(elements)
    }
    while room >= 0 {
      i = afterSpace(bytes, from: i)
      guard i < end, room >= Self.cost else {
        room = min(room, -1)
        break
      }
      elements.append(next(bytes, upTo: end))
      guard goesOn(bytes, upTo: end) else { break }
    }
    return .array(elements)
  }

  /// Skips the comma, or the bracket that ends the object or array.
  private mutating func goesOn(_ bytes: Span<UInt8>, upTo end: Int) -> Bool {
    i = afterSpace(bytes, from: i)
    guard i < end else { return false }
    i += 1
    return bytes[i - 1] == UInt8(ascii: ",")
  }

  /// The string whose opening quote is at `i`.
  private mutating func text(_ bytes: Span<UInt8>, upTo end: Int) -> String {
    let start = min(i + 1, end)
    let close = min(endOfString(bytes, from: start).end, end)
    i = min(close + 1, end)
    return stringContent(bytes, start..<start + fitting(close - start))
  }

  private mutating func skipScalar(_ bytes: Span<UInt8>, upTo end: Int) {
    while i < end {
      switch bytes[i] {
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: return
      default: i += 1
      }
    }
  }

  /// How many of `count` bytes of text are kept.
  private mutating func fitting(_ count: Int) -> Int {
    let kept = max(0, min(count, room))
    room -= kept
    if kept < count { room = -1 }
    return kept
  }

  private mutating func take(_ count: Int) -> Bool {
    guard room >= count else {
      room = -1
      return false
    }
    room -= count
    return true
  }
}
