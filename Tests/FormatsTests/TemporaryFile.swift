import Glibc

/// Runs `body` with an open file that holds `content` and goes away afterwards.
func withFile<R>(_ content: [UInt8], _ body: (Int32) throws -> R) throws -> R {
  var template = Array("/tmp/itemformat-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  unlink(template)
  defer { close(descriptor) }
  var written = 0
  while written < content.count {
    let count = content[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { throw Failure(errno: errno) }
    written += count
  }
  return try body(descriptor)
}

struct Failure: Error {
  var errno: Int32
}
