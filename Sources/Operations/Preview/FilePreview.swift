internal import APIs
internal import Core
internal import Dispatching
internal import Engine
internal import Formats
internal import Glibc
internal import Intake
internal import Outbox
package import Settings
internal import Spool

/// Shows what a file would become, by the same reading that the daemon does; nothing is sent or stored.
///
/// The file is read twice: only its end shows whether any of it would be sent at all.
package enum FilePreview {
  /// Prints every request and every reject.
  ///
  /// - Returns: whether something would be rejected.
  /// - Throws: `StartError` if the file can't be opened, `ReadError`.
  package static func show(
    path: String, inbox: Inbox, settings: Settings, print: @escaping (String) -> Void
  ) throws -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw StartError(description: "read \"\(path)\": \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw StartError(description: "read \"\(path)\": it is not a regular file")
    }
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? []
    let wanted = FileName(bytes: name).flatMap { WatchOptions(inbox, settings).checksum(for: $0) }
    let sideFile = try wanted.flatMap { try Self.sideFile(of: path, $0) }
    if let wanted, sideFile == nil, try !isRejectsFile(descriptor, path, name, inbox) {
      print("it would wait for its side file \(sideFilePath(of: path, wanted))".onOneLine)
    }
    func read(into sink: inout some ReadingSink) throws -> ReadingResult {
      var reading = FileReading(
        inbox: inbox, settings: settings, name: name, path: path, descriptor: descriptor, size: Int(status.st_size),
        refersToFile: false, sideFile: sideFile)
      return try reading.run(into: &sink)
    }
    var silence = Silence()
    var result = try read(into: &silence)
    if result.fault == nil {
      var printing = Printing(successMode: inbox.route(for: name)?.successMode ?? .partial, print: print)
      result = try read(into: &printing)
    }
    for line in result.facts.completeness?.told ?? [] { print(line.onOneLine) }
    if let fault = result.fault {
      let place = fault.line.map { " line \($0)" + (fault.column.map { ", column \($0)" } ?? "") + ":" } ?? ""
      print("the file would be rejected as a whole:\(place) \(fault.code.rawValue): \(fault.message)".onOneLine)
      return true
    }
    for warning in result.facts.warnings { print("warning: \(warning.code): \(warning.message)") }
    print(
      "\(counted(result.items, "item")): \(result.items - result.rejected) would be sent, \(result.rejected) rejected")
    return result.rejected > 0
  }

  private static func sideFilePath(of path: String, _ kind: ChecksumKind) -> String { "\(path).\(kind.rawValue)" }

  /// The side file that lies beside a file; nil if there is none.
  ///
  /// - Throws: `StartError` if it can't be opened, `ReadError`.
  private static func sideFile(of path: String, _ kind: ChecksumKind) throws -> SideFile? {
    let side = sideFilePath(of: path, kind)
    let descriptor = open(side, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw StartError(description: "read \"\(side)\": \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    let name = side.split(separator: "/").last.map(String.init) ?? side
    return SideFile(
      kind: kind, name: name, content: try start(of: descriptor, side, upTo: SideFile.mostBytes))
  }

  private static func isRejectsFile(
    _ descriptor: Int32, _ path: String, _ name: [UInt8], _ inbox: Inbox
  ) throws -> Bool {
    inbox.beginsAsRejectsFile(name, try start(of: descriptor, path, upTo: WatchOptions.startBytes))
  }

  private static func start(of descriptor: Int32, _ path: String, upTo count: Int) throws -> [UInt8] {
    var file = FileBytes(descriptor: descriptor, path: path)
    var start: [UInt8] = []
    try file.read(upTo: count, into: &start)
    return start
  }

  private struct Silence: ReadingSink {
    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {}
    mutating func reject(_ reject: Reject) {}
  }

  private struct Printing: ReadingSink {
    let successMode: SuccessMode
    let print: (String) -> Void

    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) throws {
      print("POST \(destination.api.endpoint(base: destination.target.url, successMode: successMode))")
      for (name, value) in destination.api.headers { print("\(name): \(value)") }
      print("")
      let content = Batch(items: batch.items, body: batch.body.literals)
      print(String(decoding: OutgoingRequest([content], api: destination.api).body, as: UTF8.self))
      print("")
    }

    mutating func reject(_ reject: Reject) throws {
      let key = reject.key.map { " (\($0))" } ?? ""
      print(
        "rejected: item \(reject.item), line \(reject.line)\(key): \(reject.code): \(reject.message)".onOneLine)
    }
  }
}
