internal import Foundation

/// A program that a test starts, and that ends with it.
package struct Command: ~Copyable {
  private let process = Process()
  private let output = Pipe()

  package static func exists(_ name: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: $0 + "/" + name) }
  }

  /// Runs to the end; throws where it fails.
  package static func run(_ name: String, _ arguments: [String]) async throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let status = try await withCheckedThrowingContinuation { continuation in
      // Not `waitUntilExit`: it needs the run loop of the very thread that called `run`.
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    guard status == 0 else { throw NotInTime("\(name) \(arguments.joined(separator: " ")) ended with \(status)") }
  }

  package init(_ name: String, _ arguments: [String]) throws {
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name] + arguments
    // Kept open: some end with their input.
    process.standardInput = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  /// Not `terminate()`: a child of a Dispatch thread starts with SIGTERM blocked, and not every program unblocks it.
  deinit { kill(process.processIdentifier, SIGKILL) }

  /// Reads what it prints up to a line that holds `text`, and returns the number that ends that line.
  package func port(after text: String) async throws -> Int {
    let descriptor = output.fileHandleForReading.fileDescriptor
    var printed = ""
    var port: Int?
    try await eventually("printing \"\(text)\"") {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 0) > 0 else { return false }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(descriptor, &bytes, bytes.count)
      guard count > 0 else { throw NotInTime("it ended after printing \"\(printed)\"") }
      printed += String(decoding: bytes[..<count], as: UTF8.self)
      let lines = printed.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      port = lines.first { $0.contains(text) }?.split(separator: ":").last.flatMap { Int($0) }
      return port != nil
    }
    return port ?? 0
  }
}
