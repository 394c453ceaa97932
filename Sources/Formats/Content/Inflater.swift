import CZlib

/// One zlib stream for gzip members, freed with this value.
///
/// zlib keeps a pointer to the stream's own address, so it lives on the heap.
struct Inflater: ~Copyable {
  enum Step: Equatable {
    case more
    /// The member's checksum and length were correct.
    case memberEnd
    case damaged(String)
  }

  private let stream: UnsafeMutablePointer<z_stream>

  /// Nil if zlib has no memory, or its version differs from the one compiled against.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for the gzip wrapper alone (zlib.h, inflateInit2).
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Prepares for a member's first byte.
  borrowing func reset() { inflateReset(stream) }

  /// Appends up to `count` bytes to `output` and returns how many of `input` were used.
  borrowing func inflate(
    _ input: Span<UInt8>, upTo count: Int, into output: inout [UInt8]
  ) -> (step: Step, taken: Int) {
    var status = Z_OK
    var taken = 0
    output.append(addingCapacity: count) { span in
      span.withUnsafeMutableBufferPointer { target, initialized in
        input.withUnsafeBufferPointer { source in
          // zlib promises not to write through `next_in`; it lacks the const unless ZLIB_CONST is set.
          stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
          stream.pointee.avail_in = UInt32(source.count)
          stream.pointee.next_out = target.baseAddress
          stream.pointee.avail_out = UInt32(count)
          status = CZlib.inflate(stream, Z_NO_FLUSH)
          taken = source.count - Int(stream.pointee.avail_in)
          initialized = count - Int(stream.pointee.avail_out)
          stream.pointee.next_in = nil
          stream.pointee.next_out = nil
        }
      }
    }
    switch status {
    // Z_BUF_ERROR: no progress without more input; not an error.
    case Z_OK, Z_BUF_ERROR: return (.more, taken)
    case Z_STREAM_END: return (.memberEnd, taken)
    default:
      return (.damaged(stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"), taken)
    }
  }
}
