internal import APIs
internal import Core
internal import Dispatching
internal import Engine
internal import Glibc
internal import Intake
internal import Outbox
package import Settings

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
    func read(into sink: inout some ReadingSink) throws -> ReadingResult {
      var reading = FileReading(
        inbox: inbox, settings: settings, name: name, path: path, descriptor: descriptor, size: Int(status.st_size),
        refersToFile: false)
      return try reading.run(into: &sink)
    }
    var silence = Silence()
    var result = try read(into: &silence)
    if result.fault == nil {
      var printing = Printing(successMode: inbox.route(for: name)?.successMode ?? .partial, print: print)
      result = try read(into: &printing)
    }
    if let fault = result.fault {
      let place = fault.line.map { " line \($0)" + (fault.column.map { ", column \($0)" } ?? "") + ":" } ?? ""
      print("the file would be rejected as a whole:\(place) \(fault.code.rawValue): \(fault.message)".onOneLine)
      return true
    }
    print(
      "\(counted(result.items, "item")): \(result.items - result.rejected) would be sent, \(result.rejected) rejected")
    return result.rejected > 0
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
