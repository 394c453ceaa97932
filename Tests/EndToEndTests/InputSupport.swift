import CZlib
import Foundation
import Glibc
import JSONText
import Testing
import TestKit

// What tests of what people drop share: files by their bytes, and the worlds they are dropped into.

extension Reply {
  /// Accepts every item of either API's batch, whatever its request ids look like.
  static func accepting(_ request: ReceivedRequest) -> Reply {
    if request.path.hasPrefix("/ls/") { return .liquid(request) }
    var values: [UInt8] = []
    for id in request.requestIDs {
      if !values.isEmpty { values.append(UInt8(ascii: ",")) }
      appendQuoted(id, to: &values)
      values += ":{}".utf8
    }
    return .json("{\"values\":{\(String(decoding: values, as: UTF8.self))},\"failed\":{}}", status: 201)
  }
}

extension LoopbackServer {
  /// The bodies that came in, in order.
  var bodies: [String] { requests.map(\.text) }
}

/// Runs `body` with a server that accepts everything, and a world made for its address.
func withAcceptingWorld(
  _ setup: (String) -> Setup, _ body: (World, LoopbackServer) async throws -> Void
) async throws {
  let server = try LoopbackServer { .accepting($0) }
  try await withWorld(setup(server.url)) { world in try await body(world, server) }
  await server.stop()
}

/// `content` as one gzip member.
func gzipped(_ content: some Collection<UInt8>) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = Array(content)
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))))
  let written = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      deflate(&stream, Z_FINISH)
      return output.count - Int(stream.avail_out)
    }
  }
  return Array(output.prefix(written))
}

extension World {
  /// A file of an inbox's folders, as it is.
  func bytes(_ inbox: String, _ folder: String, _ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(path(inbox, folder))/\(name)")))
  }

  /// Drops a file whose name need not be text.
  func drop(named name: [UInt8], in inbox: String, _ bytes: [UInt8]) throws {
    let folder = path(inbox, "inbox")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let hidden = "\(folder)/.dropping"
    try Data(bytes).write(to: URL(filePath: hidden))
    let target = (Array("\(folder)/".utf8) + name + [0]).map { CChar(bitPattern: $0) }
    guard rename(hidden, target) == 0 else { throw SystemError("rename \(hidden)") }
  }

  /// The rejects file that a receipt names, as text.
  func rejects(of receipt: Receipt) throws -> String {
    let name = try #require(receipt["rejects"]?["file"]?.string)
    return try text(receipt["file"]?["inbox"]?.string ?? "", "outbox/rejected", name)
  }
}

extension Receipt {
  var file: JSONValue? { document["file"] }
  var error: JSONValue? { document["error"] }
}

/// One text cut into its lines, without an empty last one.
func lines(_ text: String) -> [String] {
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  if lines.last == "" { lines.removeLast() }
  return lines
}

/// As a JSON string.
func quoted(_ text: String) -> String {
  var bytes: [UInt8] = []
  appendQuoted(text, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}
