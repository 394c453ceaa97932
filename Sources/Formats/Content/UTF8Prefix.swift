/// How much of a byte sequence is well-formed UTF-8 (Unicode 16, table 3-7), determined piece by piece.
struct UTF8Prefix: Equatable {
  /// Everything before this is well-formed.
  var end: Int
  /// Whether a sequence that starts at `end` can't become well-formed, whatever follows.
  var isBroken: Bool

  /// Checks `bytes` from `start`, where a character starts.
  init(of bytes: Span<UInt8>, from start: Int) {
    var at = start
    let count = bytes.count
    let raw = bytes.bytes
    while at < count {
      while at + 8 <= count, raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
        at += 8
      }
      guard at < count else { break }
      let lead = bytes[at]
      if lead < 0x80 {
        at += 1
        continue
      }
      let length: Int
      // The range of the second byte; the bytes after it may be anything from 80 to BF.
      var low: UInt8 = 0x80
      var high: UInt8 = 0xBF
      switch lead {
      case 0xC2...0xDF: length = 2
      case 0xE0:
        length = 3
        low = 0xA0
      case 0xED:
        length = 3
        high = 0x9F
      case 0xE1...0xEF: length = 3
      case 0xF0:
        length = 4
        low = 0x90
      case 0xF4:
        length = 4
        high = 0x8F
      case 0xF1...0xF3: length = 4
      default:
        self.init(end: at, isBroken: true)
        return
      }
      for index in 1..<length {
        guard at + index < count else {
          self.init(end: at, isBroken: false)
          return
        }
        guard low...high ~= bytes[at + index] else {
          self.init(end: at, isBroken: true)
          return
        }
        low = 0x80
        high = 0xBF
      }
      at += length
    }
    self.init(end: at, isBroken: false)
  }

  private init(end: Int, isBroken: Bool) {
    self.end = end
    self.isBroken = isBroken
  }
}
