import Foundation
import Glibc
import Testing
import TestKit

/// The library of `Tests/Preload`, to be loaded into a daemon: records its calls, lets some of them fail, and shifts its wall clock.
struct Preload: Sendable {
  /// A call on a file of the world, in the order in which they ended.
  struct Call: Sendable, CustomStringConvertible {
    /// `create`, `open`, `read`, `write`, `sync`, `rename`, `unlink`, `close`; `connect`, which has no path.
    var name: String
    var isDone: Bool
    /// Below the world's folder; of a rename the old one.
    var path: String
    var newPath: String?

    var description: String { "\(name) \(path)\(newPath.map { " → \($0)" } ?? "")\(isDone ? "" : " (failed)")" }
  }

  private let folder: String
  private let library: String
  private var control: String { folder + "/preload.control" }
  private var record: String { folder + "/preload.calls" }

  /// Where the parts of `struct control` and `struct rule` are in the file that both map.
  private enum Layout {
    static let rules = 16
    static let rule = 264
    static let (path, error, skip, left, isDone, hits) = (16, 240, 244, 252, 256, 260)
    static let bytes = rules + 8 * rule
  }

  /// Compiles the library.
  init(_ world: World) async throws {
    folder = world.folder
    library = world.folder + "/preload.so"
    let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Preload/preload.c").path
    let (status, said) = try await world.tool(
      """
      PATH="$PATH:\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
      for compiler in gcc cc clang; do
        command -v $compiler >/dev/null && exec $compiler -O1 -shared -fPIC -o \(library) \(source) -ldl
      done
      exit 127
      """)
    guard status == 0 else { throw NotInTime("compile the library that is loaded into the daemon: \(said)") }
    try Data(count: Layout.bytes).write(to: URL(filePath: control))
  }

  /// Of the daemon that is to load it.
  var environment: [String: String] {
    [
      // Spool and state; not the record.
      "LD_PRELOAD": library, "UPSERTD_TEST_ROOT": folder + "/s", "UPSERTD_TEST_CALLS": record,
      "UPSERTD_TEST_CONTROL": control,
    ]
  }

  /// Starts the daemon with it; returns once it is ready.
  func startDaemon(_ world: World) async throws -> Product {
    let daemon = try world.start(["run"], environment: environment)
    try await daemon.waitFor("is ready")
    return daemon
  }

  // MARK: - Trouble

  /// Lets calls fail from now on.
  ///
  /// - Parameters:
  ///   - pattern: for fnmatch, of the whole path.
  ///   - skip: how many are let through first.
  ///   - times: nil for all until `end(rule:)`.
  ///   - isDone: whether the call is made, and only its answer is a failure.
  ///   - rule: one of eight.
  func fail(
    _ call: String, on pattern: String, with error: Int32, skip: Int32 = 0, times: Int32? = 1, isDone: Bool = false,
    rule: Int = 0
  ) throws {
    let start = Layout.rules + rule * Layout.rule
    try write(Array(pattern.utf8) + [0], at: start + Layout.path)
    try write(error, at: start + Layout.error)
    try write(skip, at: start + Layout.skip)
    try write(isDone ? 1 : 0 as Int32, at: start + Layout.isDone)
    try write(times ?? -1, at: start + Layout.left)
    // Last: with its name a rule counts.
    try write(Array(call.utf8) + [0], at: start)
  }

  func end(rule: Int = 0) throws { try write(0 as Int32, at: Layout.rules + rule * Layout.rule + Layout.left) }

  /// How often a rule has applied.
  func hits(rule: Int = 0) throws -> Int {
    let start = Layout.rules + rule * Layout.rule + Layout.hits
    let bytes = try Data(contentsOf: URL(filePath: control))
    return Int(bytes[start..<start + 4].enumerated().reduce(0 as UInt32) { $0 | UInt32($1.element) << ($1.offset * 8) })
  }

  /// Sets the daemon's wall clock this far from the machine's.
  func shiftClock(seconds: Int64) throws { try write(seconds, at: 0) }

  private func write(_ value: some FixedWidthInteger, at place: Int) throws {
    try write(withUnsafeBytes(of: value.littleEndian) { Array($0) }, at: place)
  }

  private func write(_ bytes: [UInt8], at place: Int) throws {
    let descriptor = open(control, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open \(control)") }
    defer { close(descriptor) }
    guard pwrite(descriptor, bytes, bytes.count, off_t(place)) == bytes.count else { throw SystemError("write") }
  }

  // MARK: - The record

  func calls() throws -> [Call] {
    try String(contentsOfFile: record, encoding: .utf8).split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 3 else { return nil }
      func inWorld(_ path: String) -> String {
        path.hasPrefix(folder) ? String(path.dropFirst(folder.count + 1)) : path
      }
      return Call(
        name: parts[0], isDone: parts[1] != "-1", path: inWorld(parts[2]),
        newPath: parts.count > 3 ? inWorld(parts[3]) : nil)
    }
  }
}
