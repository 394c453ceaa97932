package import Core
internal import Dispatch
internal import Engine
internal import Formats
internal import Glibc
internal import Runtime
internal import Spool
internal import Synchronization

/// Reads from the claimed files the bytes that queued batches left there.
package struct BodyLoader: Sendable {
  /// Why a batch can't be sent now.
  package struct Fault: Error, CustomStringConvertible {
    package var description: String
  }

  private let spool: String
  /// Checks that the file still holds what was queued; nil if a damaged outbox has lost it.
  private let key: SourceKey?
  private let queues = ReadingQueues()

  package init(spool: String, key: SourceKey?) {
    self.spool = spool
    self.key = key
  }

  /// Bytes that are no longer what was checked are left out of the result: they must not be sent.
  ///
  /// - Throws: `Fault` if the file is gone, or can't be read at the moment.
  func load(_ queued: QueuedBatch, of file: LineFile) async throws(Fault) -> LoadedBatch {
    if let whole = queued.whole { return LoadedBatch(batch: whole) }
    let result = await queues.queue(of: file.inbox).run { () -> Result<LoadedBatch, Fault> in
      Result { () throws(Fault) in try read(queued, of: file.file, inbox: file.inbox, name: file.name) }
    }
    return try result.get()
  }

  /// The same for callers that may block.
  package func read(_ queued: QueuedBatch, of id: FileID, inbox: String, name: [UInt8]) throws(Fault) -> LoadedBatch {
    if let whole = queued.whole { return LoadedBatch(batch: whole) }
    guard let name = FileName(bytes: name) else { throw Fault(description: "its name is not a valid file name") }
    let folders = InboxFolders(spool: spool, inbox: inbox)
    let work = WorkFile(id: id, name: ResultNames(dropped: name, id: id).work, dropped: name)
    let path = "\(folders.work)/\(work.name.display)"
    let file: ClaimedFile?
    do throws(InboxError) {
      file = try folders.reopen(work)
    } catch {
      throw Fault(description: "can't open the claimed file: \(error)")
    }
    guard let file else {
      throw Fault(
        description:
          "the claimed file \(path) is missing, and its waiting items with it: restore it, or cancel file \(id)")
    }
    return try queued.load(checkingWith: key) { (range, bytes) throws(Fault) in
      // A damaged outbox may ask for any number of bytes.
      try Self.read(range.clamped(to: 0..<Int(max(0, file.size))), of: file, path, into: &bytes)
    }
  }

  private static func read(
    _ range: Range<Int>, of file: ClaimedFile, _ path: String, into bytes: inout [UInt8]
  ) throws(Fault) {
    var source = FileBytes(descriptor: file.descriptor, path: path)
    source.move(to: range.lowerBound)
    var before = -1
    while bytes.count < range.count, bytes.count > before {
      before = bytes.count
      do {
        try source.read(upTo: range.count - before, into: &bytes)
      } catch {
        throw Fault(description: "\(error)")
      }
    }
  }
}

/// A serial queue for each inbox.
///
/// A read from a disk or server that hangs takes its thread with it. A concurrent queue would start another thread for
/// each further request, without end. This way one inbox can hang one thread, and the bodies of other inboxes, which may
/// be elsewhere, are read meanwhile.
private final class ReadingQueues: Sendable {
  private let queues = Mutex<[String: DispatchQueue]>([:])

  func queue(of inbox: String) -> DispatchQueue {
    queues.withLock { queues in
      if let queue = queues[inbox] { return queue }
      let queue = DispatchQueue(label: "read bodies of \(inbox)")
      queues[inbox] = queue
      return queue
    }
  }
}
