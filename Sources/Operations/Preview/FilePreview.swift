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
    let file = try OpenFile(path: path)
    if let side = try file.missingSideFile(inbox, settings) {
      print("it would wait for its side file \(side)".onOneLine)
    }
    var silence = Silence()
    var result = try file.read(inbox, settings, into: &silence)
    if result.fault == nil {
      var printing = Printing(successMode: inbox.route(for: file.name)?.successMode ?? .partial, print: print)
      result = try file.read(inbox, settings, into: &printing)
    }
    for line in result.facts.completeness?.told ?? [] { print(line.onOneLine) }
    if let fault = result.fault {
      print("the file would be rejected as a whole: \(describe(fault))")
      return true
    }
    for warning in result.facts.warnings { print("warning: \(warning.code): \(warning.message)") }
    print(
      "\(counted(result.items, "item")): \(result.items - result.rejected) would be sent, \(result.rejected) rejected")
    return result.rejected > 0
  }

  /// What reading a file comes to.
  package struct Outcome: Sendable {
    package var items: Int
    package var rejected: Int
    /// Why the file would be rejected as a whole, with code and place; nil if it would not.
    package var fault: String?
    /// The first rejected items, each on one line.
    package var rejects: [String]
  }

  /// The same without printing anything.
  ///
  /// - Parameter mostRejects: how many rejected items are described.
  /// - Throws: `StartError` if the file can't be opened, `ReadError`.
  package static func outcome(path: String, inbox: Inbox, settings: Settings, mostRejects: Int) throws -> Outcome {
    var sink = Noting(most: mostRejects)
    let result = try OpenFile(path: path).read(inbox, settings, into: &sink)
    return Outcome(
      items: result.items, rejected: result.rejected, fault: result.fault.map(describe),
      rejects: result.fault == nil ? sink.rejects : [])
  }

  private static func describe(_ fault: FileFault) -> String {
    let place = fault.line.map { "line \($0)" + (fault.column.map { ", column \($0)" } ?? "") + ": " } ?? ""
    return "\(place)\(fault.code.rawValue): \(fault.message)".onOneLine
  }

  private static func describe(_ reject: Reject) -> String {
    let key = reject.key.map { " (\($0))" } ?? ""
    return "item \(reject.item), line \(reject.line)\(key): \(reject.code): \(reject.message)".onOneLine
  }

  private static func start(of descriptor: Int32, _ path: String, upTo count: Int) throws -> [UInt8] {
    var file = FileBytes(descriptor: descriptor, path: path)
    var start: [UInt8] = []
    try file.read(upTo: count, into: &start)
    return start
  }

  /// The file, open for as long as this value lives.
  private struct OpenFile: ~Copyable {
    let name: [UInt8]
    private let path: String
    private let descriptor: Int32
    private let size: Int

    /// Of an inbox with `checksum`, the name of the side file that it would wait for; nil if it would not.
    func missingSideFile(_ inbox: Inbox, _ settings: Settings) throws -> String? {
      guard let kind = checksum(inbox, settings), try sideFile(kind) == nil,
        try !inbox.beginsAsRejectsFile(name, FilePreview.start(of: descriptor, path, upTo: WatchOptions.startBytes))
      else { return nil }
      return sideFilePath(kind)
    }

    private func checksum(_ inbox: Inbox, _ settings: Settings) -> ChecksumKind? {
      FileName(bytes: name).flatMap { WatchOptions(inbox, settings).checksum(for: $0) }
    }

    private func sideFilePath(_ kind: ChecksumKind) -> String { "\(path).\(kind.rawValue)" }

    /// The side file that lies beside the file; nil if there is none.
    ///
    /// - Throws: `StartError` if it can't be opened, `ReadError`.
    private func sideFile(_ kind: ChecksumKind) throws -> SideFile? {
      let side = sideFilePath(kind)
      let descriptor = open(side, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else {
        if errno == ENOENT { return nil }
        throw StartError(description: "read \"\(side)\": \(String(cString: strerror(errno)))")
      }
      defer { close(descriptor) }
      let name = side.split(separator: "/").last.map(String.init) ?? side
      return SideFile(
        kind: kind, name: name, content: try FilePreview.start(of: descriptor, side, upTo: SideFile.mostBytes))
    }

    init(path: String) throws {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else {
        throw StartError(description: "read \"\(path)\": \(String(cString: strerror(errno)))")
      }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw StartError(description: "read \"\(path)\": it is not a regular file")
      }
      name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? []
      self.path = path
      self.descriptor = descriptor
      size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    func read(_ inbox: Inbox, _ settings: Settings, into sink: inout some ReadingSink) throws -> ReadingResult {
      var reading = FileReading(
        inbox: inbox, settings: settings, name: name, path: path, descriptor: descriptor, size: size,
        refersToFile: false, sideFile: try checksum(inbox, settings).flatMap { try sideFile($0) })
      return try reading.run(into: &sink)
    }
  }

  private struct Silence: ReadingSink {
    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {}
    mutating func reject(_ reject: Reject) {}
  }

  private struct Noting: ReadingSink {
    let most: Int
    private(set) var rejects: [String] = []

    init(most: Int) { self.most = most }

    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {}

    mutating func reject(_ reject: Reject) {
      if rejects.count < most { rejects.append(describe(reject)) }
    }
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

    mutating func reject(_ reject: Reject) throws { print("rejected: \(describe(reject))") }
  }
}
