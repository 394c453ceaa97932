import Formats

/// Content from memory, in pieces as small as the test wants them.
struct MemoryBytes: PositionedBytes, ~Copyable {
  let path = "memory"
  private(set) var position = 0
  /// The most that was asked for at once.
  private(set) var largestRead = 0
  private let content: [UInt8]
  private let pieceBytes: Int

  init(_ content: [UInt8], pieceBytes: Int = .max) {
    self.content = content
    self.pieceBytes = pieceBytes
  }

  mutating func read(upTo count: Int, into buffer: inout [UInt8]) {
    let piece = content.dropFirst(position).prefix(min(count, pieceBytes))
    buffer += piece
    position += piece.count
    largestRead = max(largestRead, count)
  }

  mutating func move(to position: Int) { self.position = min(position, content.count) }
}
