internal import Glibc

/// Makes one of the pipeline's loops hang, so that the watchdog can be tested. For tests only.
///
/// `UPSERTD_TEST_HANG` names a file. Once it holds a loop's name (`results`, `inbox NAME`, `target NAME`), the loop
/// blocks its thread at its next turn and never continues, like a call into a dead disk; everything else in the process
/// carries on. Without the variable no file is ever checked.
struct TestHang: Sendable {
  private let path: String

  init?(environment: [String: String]) {
    guard let path = environment["UPSERTD_TEST_HANG"], !path.isEmpty else { return nil }
    self.path = path
  }

  func hangIfNamed(_ loop: String) {
    guard named == loop else { return }
    while true { sleep(3600) }
  }

  private var named: String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}
