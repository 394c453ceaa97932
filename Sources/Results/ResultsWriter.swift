package import APIs
internal import Core
internal import Engine
internal import Formats
internal import Glibc
internal import Logging
internal import Outbox
internal import Receipts
internal import Settings
internal import Spool
internal import Telemetry

/// Writes the results of several files together, so that they share the cost of making names survive a power loss.
///
/// The order is the same as for a single file, folder by folder: rejects and accepted items, then receipts, then the
/// originals, so that whoever sees a receipt finds the files that it names.
struct ResultsWriter {
  let settings: Settings
  let outbox: Outbox
  /// Checks that a file still holds what was read.
  let key: SourceKey
  let logger: Logger
  /// Called for each file, and every few hundred of its items; an error thrown during the latter ends the writing of
  /// that file's results.
  let onProgress: () throws -> Void

  /// A file's receipt, as written.
  struct Written {
    let receipt: Receipt
    /// SHA-256 of its bytes, in hexadecimal.
    let digest: String
  }

  private struct Unpublished {
    let record: FileRecord
    let folders: InboxFolders
    let names: ResultNames
    let written: Written
    let rejects: ResultFile?
    let accepted: ResultFile?
    let receiptFile: ResultFile
  }

  /// Blocks. Each file's results succeed or fail independently, and may be written again.
  func write(_ records: [FileRecord]) -> [FileID: Result<Written, any Error>] {
    var results: [FileID: Result<Written, any Error>] = [:]
    var left: [Unpublished] = []
    for record in records {
      do {
        // A beat; a stop only interrupts what takes long.
        try? onProgress()
        left.append(try content(of: record))
      } catch {
        results[record.id] = .failure(error)
      }
    }
    step(&left, &results) { file in
      try file.rejects?.sync()
      try file.accepted?.sync()
      try file.receiptFile.sync()
    }
    step(&left, &results, syncing: { $0.rejects == nil ? [] : [$0.folders.rejected] }) { file in
      reportFolder(try file.rejects?.publish(durably: false), file)
    }
    step(&left, &results, syncing: { $0.accepted == nil ? [] : [$0.folders.accepted] }) { file in
      reportFolder(try file.accepted?.publish(durably: false), file)
    }
    step(&left, &results, syncing: { [$0.folders.receipts] }) {
      reportFolder(try $0.receiptFile.publish(durably: false), $0)
    }
    step(
      &left, &results,
      syncing: { [$0.record.fault == nil ? $0.folders.archive : $0.folders.rejected, $0.folders.work] }
    ) { try putAway($0) }
    for file in left { results[file.record.id] = .success(file.written) }
    return results
  }

  /// Runs the step for every file that is left, then syncs the folders; a file whose step fails drops out.
  private func step(
    _ left: inout [Unpublished], _ results: inout [FileID: Result<Written, any Error>],
    syncing folders: (Unpublished) -> [String] = { _ in [] }, _ act: (Unpublished) throws -> Void
  ) {
    var synced: [String: Result<Void, any Error>] = [:]
    left.removeAll { file in
      do { try act(file) } catch {
        results[file.record.id] = .failure(error)
        return true
      }
      return false
    }
    left.removeAll { file in
      for folder in folders(file) {
        let result = synced[folder] ?? Result { try syncFolder(folder) }
        synced[folder] = result
        if case .failure(let error) = result {
          results[file.record.id] = .failure(error)
          return true
        }
      }
      return false
    }
  }

  private func content(of record: FileRecord) throws -> Unpublished {
    guard let name = FileName(bytes: record.name) else {
      throw InboxError(.nameless, "write the results of", record.id.text, "its name is not a valid file name")
    }
    let folders = InboxFolders(spool: settings.spool, inbox: record.inbox)
    let names = ResultNames(dropped: name, id: record.id)
    var receipt = try Receipt(of: record, name: name, outbox: outbox)
    var rejects: ResultFile?
    if record.counts.rejected > 0, record.fault == nil {
      (receipt.rejectsFile, rejects) = try writeRejects(of: record, names: names, folders: folders)
    }
    var accepted: ResultFile?
    receipt.listsAccepted = record.facts.listsAccepted && record.fault == nil
    if receipt.listsAccepted, record.counts.accepted > 0 {
      try folders.prepareAccepted()
      let file = try ResultFile(folder: folders.accepted, name: names.accepted)
      receipt.acceptedSHA256 = try AcceptedWriter(outbox: outbox, id: record.id, onProgress: onProgress).write(to: file)
      (receipt.acceptedFile, accepted) = (names.accepted.display, file)
    }
    let file = try ResultFile(folder: folders.receipts, name: names.receipt)
    let json = receipt.json()
    try file.append(json)
    var digest = Digest()
    digest.update(json.span)
    return Unpublished(
      record: record, folders: folders, names: names, written: Written(receipt: receipt, digest: digest.hexadecimal),
      rejects: rejects, accepted: accepted, receiptFile: file)
  }

  private func reportFolder(_ moved: FileName?, _ file: Unpublished) {
    guard let moved else { return }
    logger.warning(
      "a folder had the name of a result file; the folder was renamed",
      metadata: ["file": "\(file.record.id)", "inbox": "\(file.record.inbox)", "folder": "\(moved.display)"])
  }

  private func putAway(_ file: Unpublished) throws(InboxError) {
    let work = WorkFile(id: file.record.id, name: file.names.work, dropped: file.names.dropped)
    do throws(InboxError) {
      if file.record.fault != nil {
        try file.folders.setAside(work, as: file.names.unusable, durably: false)
      } else {
        try file.folders.archive(work, as: file.names.archive, durably: false)
      }
    } catch {
      guard error.code == .missing else { throw error }
      logger.error("the original is missing", metadata: ["file": "\(work.id)", "name": "\(work.dropped.display)"])
    }
  }

  /// The rejects file's name; it has a mark if the file was compressed and routes distinguish such files from others.
  private func rejectsName(of record: FileRecord, _ names: ResultNames, format: String?) -> FileName {
    let (plain, marked) = (names.rejected(format: format), names.rejected(format: format, marksGzip: true))
    guard let inbox = settings.inboxes.first(where: { $0.name == record.inbox }),
      let route = inbox.route(for: record.name)
    else { return plain }
    return inbox.route(for: plain.bytes) != route && inbox.route(for: marked.bytes) == route ? marked : plain
  }

  /// Returns the rejects file's name, and the file if it is still to be published.
  private func writeRejects(
    of record: FileRecord, names: ResultNames, folders: InboxFolders
  ) throws -> (name: String?, file: ResultFile?) {
    guard let type = FileType(of: record), let shape = record.facts.shape.flatMap(DocumentShape.init)
    else { return (nil, nil) }
    // Dropped again, it must be for the same route: one with `format` may match any extension.
    let rejected = rejectsName(
      of: record, names, format: FileType(fileName: record.name)?.kind == type.kind ? type.kind.rawValue : nil)
    let work = WorkFile(id: record.id, name: names.work, dropped: names.dropped)
    guard let claimed = try folders.reopen(work) else {
      // A crash came after the original was archived: the rejects file was complete then, though somebody may have
      // taken it since.
      let places = ["\(folders.rejected)/\(rejected.display)", "\(folders.archive)/\(names.archive.display)"]
      if places.contains(where: { access($0, F_OK) == 0 }) { return (rejected.display, nil) }
      logger.error(
        "the original is missing, so there is no rejects file; the receipt names the first rejected items",
        metadata: ["file": "\(record.id)"])
      return (nil, nil)
    }
    let writer = RejectsWriter(
      outbox: outbox, file: record, type: type, shape: shape, api: record.facts.api.annotator,
      content: FileContent(
        descriptor: claimed.descriptor, path: "\(folders.work)/\(claimed.workName.display)",
        isGzipped: type.isGzipped,
        gzip: GzipLimits(maxRatio: settings.limits.maxGzipRatio, maxOutputBytes: settings.limits.maxFileBytes)),
      maxItemBytes: max(4 << 20, 2 * settings.limits.maxItemBytes), key: key, onProgress: onProgress)
    let file = try ResultFile(folder: folders.rejected, name: rejected, isForCorrection: true)
    let lost = try writer.write(to: file)
    if lost > 0 {
      logger.error(
        "the claimed file was changed after it was checked; the rejects file lacks the text of some items",
        metadata: ["file": "\(record.id)", "items": .number(lost)])
    }
    return (rejected.display, file)
  }
}

extension FileType {
  /// As the file was read; nil if it was not.
  init?(of record: FileRecord) {
    self.init(fileName: record.name, format: record.facts.format.flatMap(FormatKind.init(rawValue:)))
  }
}

extension Optional<APIKind> {
  /// Puts the reason into a rejected item.
  package var annotator: any TargetAPI {
    var options = APIOptions()
    options.validate = false
    return (flatMap { APIs[$0] } ?? APIs.undecided).makeAPI(options)
  }
}

/// Writes a file's rejected items in the format in which they were dropped, each with its reason, so that they can be
/// corrected and dropped again.
struct RejectsWriter {
  let outbox: Outbox
  let file: FileRecord
  let type: FileType
  let shape: DocumentShape
  let api: any TargetAPI
  let content: FileContent
  /// Items up to this size are held in memory while their reason is inserted.
  let maxItemBytes: Int
  /// The key that made the tags of the checked items.
  let key: SourceKey
  /// Called every few hundred items, and for each piece of a huge one; an error that it throws ends the writing.
  let onProgress: () throws -> Void

  /// Leaves publishing to the caller.
  ///
  /// - Returns: for how many items the claimed file no longer holds what was checked.
  /// - Throws: `InboxError`, `OutboxError`, `ReadError`.
  func write(to result: ResultFile) throws -> Int {
    let facts = file.facts
    return try type.format.writeRejects(
      from: content,
      RejectsWork(
        output: result, shape: shape, layout: facts.dialect, headerTag: facts.headerTag, delimiter: facts.delimiter,
        key: key, maxItemBytes: maxItemBytes,
        page: { [outbox, file] in try outbox.rejects(file.id, after: $0, limit: 500) },
        annotate: { [api] text, isJSON, item in
          var annotated: [UInt8] = []
          api.annotate(
            text, isJSON: isJSON, code: item.fault.code, message: item.fault.message, number: item.item,
            into: &annotated)
          return annotated
        }, onProgress: onProgress))
  }
}

extension ResultFile: RejectsOutput {
  package func append(_ bytes: [UInt8]) throws { try append(bytes[...]) }
}
