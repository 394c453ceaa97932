import Glibc

/// The bytes of an open file, read in order from its start.
///
/// Reads with `pread`, so that the descriptor's own position does not matter and several readers may share it. The
/// owner keeps the descriptor: it must outlive this value, which does not close it.
package struct FileBytes: ByteSource, ~Copyable {
  /// For messages.
  package let path: String
  /// Where the next read starts, in bytes from the file's start.
  package private(set) var position = 0
  private let descriptor: Int32
  private let observe: ((Span<UInt8>) throws -> Void)?

  /// - Parameter observe: receives each run of bytes as it is read from the disk, in order and once, to compute a
  ///   digest of the file as read. An error it throws ends the read.
  package init(descriptor: Int32, path: String, observe: ((Span<UInt8>) throws -> Void)? = nil) {
    self.descriptor = descriptor
    self.path = path
    self.observe = observe
  }

  package mutating func read(upTo count: Int, into buffer: inout [UInt8]) throws {
    let start = buffer.count
    var failure: Int32 = 0
    buffer.append(addingCapacity: count) { span in
      span.withUnsafeMutableBufferPointer { target, initialized in
        var taken = -1
        repeat {
          taken = pread(descriptor, target.baseAddress, count, off_t(position))
        } while taken < 0 && errno == EINTR
        if taken < 0 { failure = errno }
        initialized = max(0, taken)
      }
    }
    guard failure == 0 else { throw ReadError(path: path, reason: String(cString: strerror(failure))) }
    position += buffer.count - start
    try observe?(buffer.span.extracting(start...))
  }

  /// Reads the rest, only for `observe`: after a fault, so that the digest still covers the whole file.
  package mutating func drain() throws {
    var passed: [UInt8] = []
    var before = -1
    while position > before {
      before = position
      passed.removeAll(keepingCapacity: true)
      try read(upTo: 256 << 10, into: &passed)
    }
  }
}

extension FileBytes: PositionedBytes {
  package mutating func move(to position: Int) { self.position = position }
}
