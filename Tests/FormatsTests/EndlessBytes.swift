import Formats

/// Content that is made up as it is read: `head`, then `repeated` until there are `count` bytes of it, then `tail`.
struct EndlessBytes: ByteSource {
  private var head: [UInt8]
  private let repeated: [UInt8]
  private var left: Int
  private var tail: [UInt8]

  init(head: String, repeating repeated: String, count: Int, tail: String) {
    self.head = Array(head.utf8)
    self.repeated = Array(String(repeating: repeated, count: 64 << 10).utf8)
    left = count
    self.tail = Array(tail.utf8)
  }

  mutating func read(upTo count: Int, into buffer: inout [UInt8]) {
    if !head.isEmpty {
      buffer += head
      head = []
    } else if left > 0 {
      let piece = repeated.prefix(min(count, left))
      buffer += piece
      left -= piece.count
    } else {
      buffer += tail
      tail = []
    }
  }
}
