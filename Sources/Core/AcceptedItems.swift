/// How an API names the records that the accepted items of one request made or changed; one place for each item.
package struct RecordNames: Sendable, Equatable {
  /// Both texts of all items, one after the other: an array for each would take longer than everything else about them.
  private var text: [UInt8] = []
  private var places: [(id: Range<Int>, version: Range<Int>)]

  package init(count: Int) { places = Array(repeating: (0..<0, 0..<0), count: count) }

  /// Later ones replace earlier ones. Nothing is kept for an item that was never counted.
  package mutating func note(_ item: Int, id: Span<UInt8>, version: Span<UInt8>) {
    guard places.indices.contains(item) else { return }
    places[item] = (add(id), add(version))
  }

  private mutating func add(_ bytes: Span<UInt8>) -> Range<Int> {
    let start = text.count
    bytes.withUnsafeBufferPointer { text.append(contentsOf: $0) }
    return start..<text.count
  }

  /// UTF-8; empty if the API gave none.
  package subscript(item: Int) -> (id: ArraySlice<UInt8>, version: ArraySlice<UInt8>) {
    guard places.indices.contains(item) else { return ([], []) }
    return (text[places[item].id], text[places[item].version])
  }

  /// Those of some of the items.
  package func extracting(_ items: Range<Int>) -> RecordNames {
    var part = self
    part.places = Array(places[items.clamped(to: places.indices)])
    return part
  }

  package static func == (a: RecordNames, b: RecordNames) -> Bool {
    a.places.count == b.places.count
      && a.places.indices.allSatisfy { a[$0].id == b[$0].id && a[$0].version == b[$0].version }
  }
}

/// An accepted item, as the results file shows it.
package struct AcceptedItem: Sendable, Equatable {
  package var number = 0
  package var line = 0
  package var isUnchanged = false
  /// UTF-8, empty if it has none.
  package var key: [UInt8] = []
  /// The API's own id of the record, UTF-8; empty if it gave none.
  package var recordID: [UInt8] = []
  package var recordVersion: [UInt8] = []

  package init() {}
}

/// The accepted items of one settled batch, packed for the outbox.
///
/// For each item: number and line as the difference from the item before (zigzag), a byte of flags, then key, id and
/// version, each as how many bytes it shares with that of the item before, how many follow, and these.
package struct AcceptedItems: Sendable, Equatable {
  /// The lowest number; 0 if there is none.
  package private(set) var first = 0
  package private(set) var count = 0
  private var packed = PackedNumbers()
  private var last = AcceptedItem()

  package init() {}

  package var bytes: [UInt8] { packed.bytes }

  package mutating func append(
    number: Int, line: Int, isUnchanged: Bool, key: [UInt8],
    record: (id: ArraySlice<UInt8>, version: ArraySlice<UInt8>)
  ) {
    first = count == 0 ? number : min(first, number)
    count += 1
    packed.append(zigzag: number - last.number)
    packed.append(zigzag: line - last.line)
    packed.append(isUnchanged ? 1 : 0)
    (last.number, last.line) = (number, line)
    Self.append(key[...], &last.key, to: &packed)
    Self.append(record.id, &last.recordID, to: &packed)
    Self.append(record.version, &last.recordVersion, to: &packed)
  }

  private static func append(_ text: ArraySlice<UInt8>, _ last: inout [UInt8], to packed: inout PackedNumbers) {
    // Most APIs name neither an id nor a version.
    if text.isEmpty, last.isEmpty { return packed.appendTwoZeros() }
    var shared = 0
    let most = min(text.count, last.count)
    text.withUnsafeBufferPointer { text in
      last.withUnsafeBufferPointer { last in
        while shared < most, text[shared] == last[shared] { shared += 1 }
      }
    }
    packed.append(UInt64(shared))
    packed.append(UInt64(text.count - shared))
    last.removeLast(last.count - shared)
    text.withUnsafeBufferPointer { text in
      let rest = UnsafeBufferPointer(rebasing: text[shared...])
      packed.append(rest)
      last.append(contentsOf: rest)
    }
  }

  package static func == (a: AcceptedItems, b: AcceptedItems) -> Bool { a.bytes == b.bytes }
}

/// Reads packed items one by one.
package struct AcceptedItemReader: Sendable {
  private var packed: PackedNumbers
  /// The item that was read last.
  package private(set) var item = AcceptedItem()

  package enum Step: Sendable { case item, end, damaged }

  package init(_ bytes: [UInt8]) { packed = PackedNumbers(bytes) }

  /// Reads the next item into `item`; `damaged` if the bytes are not what `AcceptedItems` makes.
  package mutating func next() -> Step {
    if packed.isAtEnd { return .end }
    guard let number = packed.nextZigzag(), let line = packed.nextZigzag(), let flags = packed.next(), flags <= 1,
      Self.read(&item.key, from: &packed), Self.read(&item.recordID, from: &packed),
      Self.read(&item.recordVersion, from: &packed)
    else { return .damaged }
    item.number &+= number
    item.line &+= line
    item.isUnchanged = flags == 1
    return .item
  }

  private static func read(_ text: inout [UInt8], from packed: inout PackedNumbers) -> Bool {
    guard let shared = packed.nextCount(), shared <= text.count, let count = packed.nextCount() else { return false }
    if text.count > shared { text.removeLast(text.count - shared) }
    return packed.appendBytes(count, to: &text)
  }
}

/// Numbers as LEB128: seven bits per byte, lowest first; the top bit says that more follow.
///
/// Signed ones are zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3 …
struct PackedNumbers {
  private(set) var bytes: [UInt8] = []
  private var place = 0

  init(reservingCapacity count: Int = 0) { bytes.reserveCapacity(count) }

  /// For reading.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  // MARK: Writing

  mutating func append(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  mutating func append(zigzag value: Int) {
    append(UInt64(bitPattern: Int64((value << 1) ^ (value >> 63))))
  }

  /// Eight bytes, little-endian.
  mutating func append(word: UInt64) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ text: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: text) }

  mutating func appendTwoZeros() {
    bytes.append(0)
    bytes.append(0)
  }

  // MARK: Reading: nil if the bytes are not what was written

  mutating func next() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      guard shift < 63 || byte <= 1 else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  mutating func nextCount() -> Int? { next().flatMap { Int(exactly: $0) } }

  mutating func nextZigzag() -> Int? {
    next().map { Int(truncatingIfNeeded: $0 >> 1) ^ -Int(truncatingIfNeeded: $0 & 1) }
  }

  mutating func nextWord() -> UInt64? {
    guard bytes.count - place >= 8 else { return nil }
    let word = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
    place += 8
    return UInt64(littleEndian: word)
  }

  /// Appends the next bytes to a text; false if there are not so many.
  mutating func appendBytes(_ count: Int, to text: inout [UInt8]) -> Bool {
    guard count >= 0, count <= bytes.count - place else { return false }
    if count > 0 {
      bytes.withUnsafeBufferPointer {
        text.append(contentsOf: UnsafeBufferPointer(rebasing: $0[place..<place + count]))
      }
    }
    place += count
    return true
  }
}
