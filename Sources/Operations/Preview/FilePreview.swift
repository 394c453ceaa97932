internal import APIs
internal import Core
internal import Dispatching
internal import Engine
internal import Formats
internal import Glibc
internal import Intake
internal import JSONText
internal import Outbox
package import Settings
internal import Spool

/// Shows what a file would become, by the same reading that the daemon does; nothing is sent or stored.
///
/// The file is read once for the summary, and again for each list that is printed whole: lists may be larger than
/// memory, and only the file's end shows whether any of it would be sent at all.
package enum FilePreview {
  /// Prints the summary; with `all`, then every request and every reject, in the file's order.
  ///
  /// - Returns: whether something would be rejected.
  /// - Throws: `StartError` if the file can't be opened, `ReadError`.
  package static func show(
    path: String, inbox: Inbox, settings: Settings, all: Bool, print: @escaping (String) -> Void
  ) throws -> Bool {
    let file = try OpenFile(path: path)
    let summary = try summary(of: file, inbox, settings)
    for line in all ? summary.head : summary.lines { print(line) }
    if all, summary.fault == nil {
      print("")
      var printing = Printing(successMode: inbox.route(for: file.name)?.successMode ?? .partial, print: print)
      _ = try file.read(inbox, settings, into: &printing)
    }
    return summary.fault != nil || summary.rejected > 0
  }

  /// Writes one JSON document: the summary; with `all`, every reject and every request, too.
  ///
  /// - Returns: whether something would be rejected.
  /// - Throws: `StartError` if the file can't be opened, `ReadError`.
  package static func writeDocument(
    path: String, inbox: Inbox, settings: Settings, all: Bool, write: @escaping ([UInt8]) -> Void
  ) throws -> Bool {
    let file = try OpenFile(path: path)
    let summary = try summary(of: file, inbox, settings)
    var document = JSONDocumentWriter(write: write)
    for (name, value) in summary.members { document.member(name, value) }
    document.list("rejects")
    if all, summary.fault == nil {
      var rejects = Listing(document: document, takesRejects: true, successMode: .partial)
      _ = try file.read(inbox, settings, into: &rejects)
      document = rejects.document
    } else {
      summary.rejects.forEach { document.element(PreviewSummary.json($0)) }
    }
    document.endList()
    document.list("items")
    summary.firstItems.forEach { document.element(PreviewSummary.json($0)) }
    document.endList()
    if all {
      document.list("requests")
      if summary.fault == nil {
        let successMode = inbox.route(for: file.name)?.successMode ?? .partial
        var requests = Listing(document: document, takesRejects: false, successMode: successMode)
        _ = try file.read(inbox, settings, into: &requests)
        document = requests.document
      }
      document.endList()
    }
    document.end()
    return summary.fault != nil || summary.rejected > 0
  }

  private static func summary(
    of file: borrowing OpenFile, _ inbox: Inbox, _ settings: Settings
  ) throws -> PreviewSummary {
    var sink = Summing()
    sink.summary.name = FileName(bytes: file.name)?.display ?? ""
    sink.summary.inbox = inbox.name
    sink.summary.missingSideFile = try file.missingSideFile(inbox, settings)
    let result = try file.read(inbox, settings, into: &sink)
    var summary = sink.summary
    if result.fault != nil { summary.forgetItems() }
    summary.fault = result.fault
    (summary.items, summary.rejected) = (result.items, result.rejected)
    summary.bytes = result.facts.bytes
    summary.format = result.facts.format
    summary.warnings = result.facts.warnings
    summary.completeness = result.facts.completeness
    if let name = result.facts.target, let api = result.facts.api {
      summary.target = PreviewSummary.Target(name: name, api: api.rawValue, url: result.facts.url ?? "")
    }
    return summary
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
      items: result.items, rejected: result.rejected, fault: result.fault.map(PreviewSummary.describe),
      rejects: result.fault == nil ? sink.rejects : [])
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

  private struct Summing: ReadingSink {
    var summary = PreviewSummary()

    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {
      summary.requests += 1
      guard summary.wantsItems else { return }
      let content = Batch(items: batch.items, body: batch.body.literals)
      for (index, item) in batch.items.prefix(PreviewSummary.mostItems).enumerated() {
        let alone = content.filtered { $0 == index }
        let body = OutgoingRequest([alone], api: destination.api).body
        summary.note(PreviewSummary.Item(number: item.number, line: item.line, body: body))
      }
    }

    mutating func reject(_ reject: Reject) { summary.note(reject) }
  }

  /// One of the document's lists, an element for each reject or each request.
  private struct Listing: ReadingSink {
    var document: JSONDocumentWriter
    let takesRejects: Bool
    let successMode: SuccessMode

    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {
      guard !takesRejects else { return }
      let api = destination.api
      let content = Batch(items: batch.items, body: batch.body.literals)
      document.element(
        JSONValue([
          "method": .string("POST"),
          "url": .string(api.endpoint(base: destination.target.url, successMode: successMode)),
          "headers": .object(api.headers.map { ($0.0, .string($0.1)) }),
          "items": .array(batch.items.map { JSONValue($0.number) }),
          "body": PreviewSummary.embedded(OutgoingRequest([content], api: api).body),
        ]))
    }

    mutating func reject(_ reject: Reject) {
      if takesRejects { document.element(PreviewSummary.json(reject)) }
    }
  }

  private struct Noting: ReadingSink {
    let most: Int
    private(set) var rejects: [String] = []

    init(most: Int) { self.most = most }

    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {}

    mutating func reject(_ reject: Reject) {
      if rejects.count < most { rejects.append(PreviewSummary.describe(reject)) }
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

    mutating func reject(_ reject: Reject) throws { print("rejected: \(PreviewSummary.describe(reject))") }
  }
}
