import Glibc

/// One conversion of the C library's iconv(3), closed with this value.
///
/// The only file that hands pointers to iconv. Not `Sendable`: a conversion has state and serves one thread.
struct IconvDescriptor: ~Copyable {
  private let descriptor: iconv_t

  /// More than iconv ever writes for one character, or holds back.
  static var characterBytes: Int { 64 }

  /// - Parameter path: of the file that is read or written, for the error.
  /// - Throws: `ReadError` if iconv does not know one of the encodings, can't load its tables or has no memory.
  init(from source: String, to target: String, path: String) throws(ReadError) {
    guard let descriptor = iconv_open(target, source), Int(bitPattern: descriptor) != -1 else {
      let reason = String(cString: strerror(errno))
      throw ReadError(path: path, reason: "iconv can't start from \(source) to \(target): \(reason)")
    }
    self.descriptor = descriptor
  }

  deinit { iconv_close(descriptor) }

  /// Returns to the state at the start of a text; forgets what was held back.
  borrowing func reset() { iconv(descriptor, nil, nil, nil, nil) }

  /// Appends the text of `input`, as far as it fits into `room` bytes.
  ///
  /// iconv may have taken more than it has written: shift sequences, and characters that it holds back because the next
  /// one may combine with them.
  borrowing func convert(_ input: Span<UInt8>, into output: inout [UInt8], upTo room: Int) -> DecodingStep {
    // A null input would mean `finish`.
    guard !input.isEmpty else { return DecodingStep(taken: 0, stop: .inputEnd) }
    var failure: Int32 = 0
    var left = input.count
    input.withUnsafeBufferPointer { source in
      source.withMemoryRebound(to: CChar.self) { source in
        // iconv does not write to its input; the const is missing for historical reasons (iconv(3p)).
        var next = UnsafeMutablePointer(mutating: source.baseAddress)
        failure = write(into: &output, upTo: room) { iconv(descriptor, &next, &left, &$0, &$1) }
      }
    }
    let taken = input.count - left
    switch failure {
    case 0: return DecodingStep(taken: taken, stop: .inputEnd)
    case E2BIG: return DecodingStep(taken: taken, stop: .outputFull)
    case EINVAL: return DecodingStep(taken: taken, stop: .incomplete)
    default: return DecodingStep(taken: taken, stop: .invalid)
    }
  }

  /// Appends what was held back, or the bytes that return to the initial state: at most `characterBytes`.
  borrowing func finish(into output: inout [UInt8]) {
    let failure = write(into: &output, upTo: Self.characterBytes) { iconv(descriptor, nil, nil, &$0, &$1) }
    if failure != 0 { reset() }
  }

  /// Appends what `call` writes; returns 0 or its errno.
  private borrowing func write(
    into output: inout [UInt8], upTo room: Int, _ call: (inout UnsafeMutablePointer<CChar>?, inout Int) -> Int
  ) -> Int32 {
    var failure: Int32 = 0
    // Without room, iconv still needs an address.
    output.append(addingCapacity: max(room, 1)) { span in
      span.withUnsafeMutableBufferPointer { target, initialized in
        target.withMemoryRebound(to: CChar.self) { target in
          var next = target.baseAddress
          var left = room
          failure = call(&next, &left) == -1 ? errno : 0
          initialized = room - left
        }
      }
    }
    return failure
  }
}
