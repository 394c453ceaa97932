internal import Delivery
internal import Engine
internal import Dispatch
internal import Glibc
internal import Inbox
internal import ItemFormat

/// Reads from the claimed files what queued batches left there.
struct BodyLoader: Sendable {
  /// Why a batch can't be sent now.
  struct Fault: Error, CustomStringConvertible {
    /// Whether the file holds something else than what was checked; else it is gone, or can't be read at the moment.
    var isChange = false
    var description: String
  }

  let spool: String
  private let queue = DispatchQueue(label: "read bodies", attributes: .concurrent)

  init(spool: String) { self.spool = spool }

  /// - Throws: `Fault` where the file is gone, can't be read, or holds something else than what was checked: nothing of it may be sent.
  func load(_ queued: QueuedBatch, of file: LineFile) async throws(Fault) -> Batch {
    if let whole = queued.whole { return whole }
    let result = await queue.run { () -> Result<Batch, Fault> in
      Result { () throws(Fault) in try read(queued, of: file.id, inbox: file.inbox, name: file.name) }
    }
    return try result.get()
  }

  /// The same for who may block.
  func read(_ queued: QueuedBatch, of id: FileID, inbox: String, name: [UInt8]) throws(Fault) -> Batch {
    if let whole = queued.whole { return whole }
    guard let name = FileName(bytes: name) else { throw Fault(description: "the file's name is no name") }
    let folders = InboxFolders(spool: spool, inbox: inbox)
    let work = WorkFile(id: id, name: ResultNames(dropped: name, id: id).work, dropped: name)
    let path = "\(folders.work)/\(work.name.display)"
    let file: ClaimedFile?
    do throws(InboxError) {
      file = try folders.reopen(work)
    } catch {
      throw Fault(description: "the claimed file can't be opened: \(error)")
    }
    guard let file else {
      throw Fault(
        description:
          "the claimed file \(path) is gone, and with it the items that wait: bring it back, or cancel file \(id)"
      )
    }
    let changed = Fault(isChange: true, description: "the claimed file \(path) is not what was checked")
    let body = try queued.body.whole(
      reading: { (range, bytes) throws(Fault) in try Self.read(range, of: file, path, into: &bytes) }, onChange: changed
    )
    let whole = Batch(items: queued.items, body: body)
    guard whole.pieces != nil else { throw changed }
    return whole
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
