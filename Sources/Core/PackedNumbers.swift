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

  mutating func append(_ text: ArraySlice<UInt8>) { bytes.append(contentsOf: text) }

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

  mutating func nextBytes(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= bytes.count - place else { return nil }
    place += count
    return bytes[place - count..<place]
  }
}
