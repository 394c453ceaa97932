internal import Glibc

/// The text of `bytes`, which are in the encoding that iconv calls `name`, as UTF-8; a character that is cut off at the
/// end is left out.
///
/// - Returns: nil if there is no such encoding, or `bytes` are not in it.
func decoded(_ bytes: some Sequence<UInt8>, as name: String) -> [UInt8]? {
  guard let descriptor = iconv_open("UTF-8", name), descriptor != iconv_t(bitPattern: -1) else { return nil }
  defer { iconv_close(descriptor) }
  var input = bytes.map { CChar(bitPattern: $0) }
  var output: [UInt8] = []
  var chunk = [CChar](repeating: 0, count: 64 << 10)
  return input.withUnsafeMutableBufferPointer { input in
    var next = input.baseAddress
    var left = input.count
    while left > 0 {
      let before = left
      let (result, written) = chunk.withUnsafeMutableBufferPointer { chunk in
        var end = chunk.baseAddress
        var room = chunk.count
        let result = iconv(descriptor, &next, &left, &end, &room)
        return (result, chunk.count - room)
      }
      let failure = errno
      output.append(contentsOf: chunk[..<written].lazy.map { UInt8(bitPattern: $0) })
      guard result == -1 else { break }
      if failure == EINVAL { break }
      guard failure == E2BIG, written > 0 || left < before else { return nil }
    }
    return output
  }
}
