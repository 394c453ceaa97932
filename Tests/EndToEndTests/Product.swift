import Foundation
import Glibc
import Synchronization
import TestKit

/// The built `upsertd`, run as a process of its own.
///
/// What it prints goes to files, not pipes: a pipe's end that another child inherits would keep a reader waiting. Ends
/// with `kill()` at the latest, which `withWorld` calls; signals go to its id alone, which no other process can have
/// before this one was waited for.
final class Product: Sendable {
  let id: pid_t
  private let out: String
  private let err: String
  private let ended = Mutex<Int32?>(nil)

  /// Beside the test bundle.
  static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/upsertd"
  }()

  /// - Parameter descriptors: what the process gets as its descriptors 3, 4 and so on; numbers from 10 on.
  init(
    _ arguments: [String], environment: [String: String], out: String, err: String, program: String = Product.path,
    descriptors: [Int32] = []
  ) throws {
    self.out = out
    self.err = err
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    for (place, descriptor) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + place))
    }
    // The sockets of other tests are none of its business.
    closeFrom(Int32(3 + descriptors.count), &actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var id: pid_t = 0
    let status = withStrings([program] + arguments) { argv in
      withStrings(environment.map { "\($0)=\($1)" }) { envp in
        posix_spawn(&id, program, &actions, &attributes, argv, envp)
      }
    }
    guard status == 0 else { throw NotInTime("start \(program): \(String(cString: strerror(status)))") }
    self.id = id
  }

  func send(_ signal: Int32) {
    ended.withLock { if $0 == nil { _ = Glibc.kill(id, signal) } }
  }

  /// SIGKILL; returns once it is gone.
  func kill() {
    ended.withLock { ended in
      guard ended == nil else { return }
      _ = Glibc.kill(id, SIGKILL)
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      ended = status
    }
  }

  /// The exit status once it has ended, the negative signal where one ended it; nil while it runs.
  var status: Int32? {
    let raw: Int32? = ended.withLock { ended in
      var status: Int32 = 0
      if ended == nil, waitpid(id, &status, WNOHANG) == id { ended = status }
      return ended
    }
    return raw.map { $0 & 0x7F == 0 ? ($0 >> 8) & 0xFF : -($0 & 0x7F) }
  }

  /// Waits for its end and returns the exit status.
  func end(within limit: Duration = .seconds(30), file: String = #fileID, line: Int = #line) async throws -> Int32 {
    do {
      try await eventually("the end of upsertd", within: limit, file: file, line: line) { status != nil }
    } catch {
      throw NotInTime("\(error); it said:\n\(log)")
    }
    return status ?? 0
  }

  /// What it printed on standard output so far.
  var printed: String { text(out) }

  /// What it printed on standard error so far.
  var log: String { text(err) }

  /// Waits until the log holds `text`.
  func waitFor(_ text: String, within limit: Duration = .seconds(20), file: String = #fileID, line: Int = #line)
    async throws
  {
    do {
      try await eventually("the log entry \"\(text)\"", within: limit, file: file, line: line) {
        if status != nil, !log.contains(text) { throw NotInTime("upsertd ended") }
        return log.contains(text)
      }
    } catch {
      throw NotInTime("\(file):\(line): no \"\(text)\" in its log: \(error); it said:\n\(log)")
    }
  }

  private func text(_ path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

/// `posix_spawn_file_actions_addclosefrom_np`, which Glibc's module leaves out; does nothing before glibc 2.34.
private func closeFrom(_ descriptor: Int32, _ actions: inout posix_spawn_file_actions_t) {
  typealias Function = @convention(c) (UnsafeMutableRawPointer, Int32) -> Int32
  guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
  // Its first parameter is a pointer to the actions.
  _ = unsafeBitCast(symbol, to: Function.self)(&actions, descriptor)
}

/// Calls `body` with a C array of C strings that ends with a null pointer.
private func withStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeBufferPointer { buffer in
    // A literal array with its null is never empty.
    guard let start = buffer.baseAddress else { preconditionFailure("an array without elements") }
    return body(start)
  }
}
