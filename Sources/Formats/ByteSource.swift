/// The bytes of a dropped file, in order: the file itself, or its unpacked gzip content.
package protocol ByteSource: ~Copyable {
  /// Appends up to `count` bytes to `buffer`; appends nothing at the end.
  ///
  /// - Throws: `ReadError` if the disk fails, `FileFault` if the content can't be used (a damaged gzip, a gzip bomb).
  mutating func read(upTo count: Int, into buffer: inout [UInt8]) throws
}

/// The disk failed while a claimed file was being read; it may recover.
package struct ReadError: Error, Equatable, CustomStringConvertible {
  package var path: String
  package var reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  package var description: String { "read \"\(path)\": \(reason)" }
}
