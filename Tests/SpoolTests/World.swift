import Core
import Foundation
import Testing

@testable import Spool

/// A spool in a temporary folder with one prepared inbox, cleared away after `body`.
func withInbox<Result>(_ body: (InboxFolders) async throws -> Result) async throws -> Result {
  try await withTemporaryFolder { folder in
    let folders = InboxFolders(spool: folder + "/spool", inbox: "clients")
    try folders.prepare()
    return try await body(folders)
  }
}

func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = NSTemporaryDirectory() + "upsertd-inbox-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}

struct Trouble: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

extension FileName: ExpressibleByStringLiteral {
  public init(stringLiteral text: StaticString) {
    self.init(known: text.withUTF8Buffer { Array($0) })
  }
}

extension FileID {
  static func example(_ number: UInt128 = 1) -> FileID {
    FileID(at: Timestamp(milliseconds: 1_763_000_000_000), entropy: number)
  }
}

extension InboxFolders {
  /// Drops a whole file: written and closed.
  func drop(_ name: FileName, _ text: String = "id\n1\n") throws {
    try write(name, in: inbox, text)
  }

  func write(_ name: FileName, in folder: String, _ text: String, flags: Int32 = O_TRUNC) throws {
    let descriptor = open(name.path(in: folder), O_WRONLY | O_CREAT | flags, 0o644)
    guard descriptor >= 0 else { throw Trouble("open \(name.display): errno \(errno)") }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Trouble("write: errno \(errno)") }
  }

  func setModified(_ name: FileName, secondsAgo: Int) throws {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let time = timespec(tv_sec: now.tv_sec - secondsAgo, tv_nsec: 0)
    guard utimensat(AT_FDCWD, name.path(in: inbox), [time, time], 0) == 0 else { throw Trouble("errno \(errno)") }
  }

  func names(in folder: String) throws -> [FileName] {
    try FolderListing.names(in: folder) { _ in true }.sorted()
  }

  func contents(_ name: FileName, in folder: String) throws -> String {
    let descriptor = open(name.path(in: folder), O_RDONLY | O_NOFOLLOW)
    guard descriptor >= 0 else { throw Trouble("open \(name.display): errno \(errno)") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }

  /// A file as a scan finds it that takes everything for settled.
  func ready(_ name: FileName, options: WatchOptions = .prompt) throws -> ReadyFile {
    let scan = Watcher.scanOnce(folders: self, options: options)
    guard let file = scan.ready.first(where: { $0.name == name }) else { throw Trouble("not ready: \(scan)") }
    return file
  }

  func claim(_ name: FileName, as id: FileID = .example()) throws -> ClaimedFile {
    guard let claimed = try claim(ready(name), as: id) else { throw Trouble("vanished: \(name.display)") }
    return claimed
  }
}

extension WatchOptions {
  static var prompt: WatchOptions { WatchOptions(settle: .zero) }
}

extension FileObservation.Moment {
  func later(by delay: Duration) -> FileObservation.Moment {
    FileObservation.Moment(steady: steady + delay, wall: wall + delay.milliseconds * 1_000_000)
  }
}

extension InboxScan {
  var readyNames: [FileName] { ready.map(\.name) }
  func kind(of name: FileName) -> UnreadyFile.Kind? { unclaimed.first { $0.name == name }?.kind }
  func reason(for name: FileName) -> String? { unclaimed.first { $0.name == name }?.reason }
}

/// Another process, `/bin/sh`, that says something once it has done its part and then waits until it may end.
final class OtherProcess {
  private let process = Process()
  private let input = Pipe()

  /// Returns when the script has printed a line.
  init(_ script: String, _ arguments: [String]) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script, "sh"] + arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    guard !output.fileHandleForReading.availableData.isEmpty else { throw Trouble("the other process said nothing") }
  }

  /// Writes `text` to a file and holds it open for writing until `end()`.
  static func writing(_ text: String = "", to name: FileName, in folder: String) throws -> OtherProcess {
    try OtherProcess(
      #"exec 3>>"$1"; printf %s "$2" >&3; echo open; read line"#, [folder + "/" + name.display, text])
  }

  /// Lets the script's `read` return, and waits for its end.
  func end() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  func kill() {
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}

extension Watcher {
  /// The first of the watcher's own scans that is as wanted.
  func scan(
    within limit: Duration = .seconds(20), where wanted: @escaping @Sendable (InboxScan) -> Bool
  ) async throws -> InboxScan {
    let scans = scans
    return try await withThrowingTaskGroup(of: InboxScan.self) { group in
      group.addTask {
        for await scan in scans where wanted(scan) { return scan }
        throw Trouble("no such scan before the end of the stream")
      }
      group.addTask {
        try await Task.sleep(for: limit)
        throw Trouble("no such scan within \(limit)")
      }
      defer { group.cancelAll() }
      guard let scan = try await group.next() else { throw Trouble("no scan") }
      return scan
    }
  }
}

/// Runs `body` with a watcher that has looked once already.
func withWatcher<Result>(
  _ folders: InboxFolders, _ options: WatchOptions, _ body: (Watcher) async throws -> Result
) async throws -> Result {
  let watcher = Watcher(folders: folders, options: options)
  await watcher.start()
  do {
    let result = try await body(watcher)
    await watcher.stop()
    return result
  } catch {
    await watcher.stop()
    throw error
  }
}
