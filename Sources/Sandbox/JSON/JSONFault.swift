/// Why some bytes are not JSON text, and where.
struct JSONFault: Error, Equatable, CustomStringConvertible {
  var reason: String
  /// From 1.
  var line: Int
  /// Byte of that line, from 1.
  var column: Int

  var description: String { "\(reason) at line \(line), column \(column)" }

  init(_ reason: String, at offset: Int, of bytes: [UInt8]) {
    self.reason = reason
    let before = bytes.prefix(offset)
    line = 1 + before.count { $0 == UInt8(ascii: "\n") }
    column = 1 + (before.lastIndex(of: UInt8(ascii: "\n")).map { offset - $0 - 1 } ?? offset)
  }
}
