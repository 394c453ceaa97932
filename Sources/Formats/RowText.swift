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
