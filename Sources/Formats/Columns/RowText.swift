/// The JSON text of one item under construction; its memory is reused for every row.
///
/// The only place on this module's CSV side that copies through unsafe pointers: each copy is bounded by `reserve` and
/// by the given range, and both are checked.
struct RowText: Sendable {
  /// Bytes from `count` on are meaningless.
  private(set) var storage = [UInt8](repeating: 0, count: 4096)
  private(set) var count = 0

  /// The last byte; 0 if there is none.
  var last: UInt8 {
    @inline(__always) get { count == 0 ? 0 : storage[count &- 1] }
  }

  @inline(__always)
  mutating func truncate(to count: Int) {
    precondition(count >= 0 && count <= self.count)
    self.count = count
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    if count == storage.count { grow(by: 1) }
    storage[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func append(_ bytes: [UInt8], _ range: Range<Int>) {
    append(bytes.span, range)
  }

  @inline(__always)
  mutating func append(_ bytes: [UInt8]) { append(bytes.span, 0..<bytes.count) }

  @inline(__always)
  mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    let added = range.count
    if storage.count &- count < added { grow(by: added) }
    let count = count
    bytes.extracting(range).withUnsafeBufferPointer { source in
      storage.withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        (to + count).update(from: from, count: added)
      }
    }
    self.count = count &+ added
  }

  @inline(never)
  private mutating func grow(by added: Int) {
    storage.append(contentsOf: repeatElement(0, count: max(added, storage.count)))
  }
}

// The content of JSON strings (RFC 8259, section 7): escapes only what must be escaped.
extension RowText {
  /// Appends text as JSON string content, without the quotes around it.
  mutating func appendEscaped(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var at = range.lowerBound
    while true {
      let plain = bytes.endOfPlainRun(from: at, to: range.upperBound)
      append(bytes, at..<plain)
      guard plain < range.upperBound else { return }
      appendEscape(of: bytes[plain])
      at = plain + 1
    }
  }

  private mutating func appendEscape(of byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case Ascii.quote, UInt8(ascii: "\\"): append(byte)
    case Ascii.lineFeed: append(UInt8(ascii: "n"))
    case Ascii.carriageReturn: append(UInt8(ascii: "r"))
    case UInt8(ascii: "\t"): append(UInt8(ascii: "t"))
    case 0x08: append(UInt8(ascii: "b"))
    case 0x0C: append(UInt8(ascii: "f"))
    default:
      append(Array("u00".utf8))
      append(UInt8(ascii: "0") + byte >> 4)
      append(byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") - 10 + byte & 15)
    }
  }
}

extension Span<UInt8> {
  /// The first byte from `start` that must be escaped in a JSON string; `end` if there is none.
  @inline(__always)
  func endOfPlainRun(from start: Int, to end: Int) -> Int {
    var at = start
    while at < end {
      let byte = self[at]
      if byte < 0x20 || byte == Ascii.quote || byte == UInt8(ascii: "\\") { return at }
      at &+= 1
    }
    return end
  }
}
