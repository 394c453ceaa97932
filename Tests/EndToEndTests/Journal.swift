import Glibc
import Synchronization
import TestKit

/// A journal's socket: takes what is sent to it and keeps the fields of each entry.
///
/// A thread reads until `stop()`.
final class Journal: Sendable {
  let path: String
  private let socket: Int32
  private let entries = Mutex<[[String: String]]>([])

  init(path: String) throws {
    self.path = path
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard socket >= 0, path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemError("make socket \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw SystemError("bind \(path)") }
    let thread = { [self] in read() }
    var id = pthread_t()
    let context = Unmanaged.passRetained(Box(thread))
    pthread_create(
      &id, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, context.toOpaque())
    pthread_detach(id)
  }

  private final class Box {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  var all: [[String: String]] { entries.withLock { $0 } }

  /// Every byte that came, for tests that look for what must not be there.
  var text: String { all.map { $0.map { "\($0)=\($1)" }.sorted().joined(separator: "\n") }.joined(separator: "\n\n") }

  func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

  private func read() {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      let entry = Self.fields(buffer[..<count])
      entries.withLock { $0.append(entry) }
    }
    close(socket)
  }

  private static func fields(_ bytes: ArraySlice<UInt8>) -> [String: String] {
    var fields: [String: String] = [:]
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
        fields[String(decoding: line[..<equals], as: UTF8.self)] =
          String(decoding: line[(equals + 1)...], as: UTF8.self)
      } else {
        let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let value = rest.dropFirst(8).prefix(length)
        fields[String(decoding: line, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        rest = rest.dropFirst(8 + length + 1)
      }
    }
    return fields
  }
}
