internal import APIs
internal import Core
internal import Engine
internal import Formats
internal import Glibc
internal import Outbox
internal import Receipts
internal import Results
internal import Runtime
internal import Settings
internal import Spool

/// One look at everything that has to agree.
struct ConsistencyScan {
  let settings: Settings
  let isQuick: Bool
  /// The digests of originals and results files that were already read, by path.
  var digests: [String: String]
  private(set) var result = Verification()
  private var underWay: [FileID: FileRecord] = [:]
  private var isDaemonRunning = true
  private var corrected: Set<FileID> = []
  private var strangers = 0
  /// The entries that are in a receipt's place: the name, and the digest of the bytes if they could be read.
  private var written: [(entry: ResultEntry, inbox: String, path: String, digest: String?)] = []
  /// Finished files whose receipts retention has removed.
  private var expired: Set<FileID> = []
  /// The paths of entries that should be receipts, and are not readable as such.
  private var unreadable: Set<String> = []
  /// How many receipts of finished files are gone for which no digest was kept.
  private var gone = 0

  init(settings: Settings, isQuick: Bool, digests: [String: String]) {
    self.settings = settings
    self.isQuick = isQuick
    self.digests = digests
  }

  /// - Parameter outbox: nil if there is none yet.
  mutating func run(_ outbox: Outbox?) async throws {
    isDaemonRunning = ControlSocket.isAnswered(state: settings.state) ?? true
    let sums = try await outbox?.fileSums() ?? []
    underWay = Dictionary(sums.map { ($0.file.id, $0.file) }, uniquingKeysWith: { $1 })
    result.underWay = sums.count
    var inboxes = settings.inboxes.map(\.name)
    for name in try await outbox?.inboxes().sorted() ?? [] where !inboxes.contains(name) { inboxes.append(name) }
    let found = try inboxes.map { ($0, try read($0)) }
    for (_, receipts) in found {
      for entry in receipts { if let id = entry.receipt.file.corrects { corrected.insert(id) } }
    }
    let ids = written.map(\.entry.id)
    let finished = try await outbox?.finished(ids) ?? [:]
    checkDigests(finished)
    for file in try await outbox?.finished(without: Set(ids)) ?? [] { lookedForInVain(file) }
    for (inbox, receipts) in found { try verify(inbox, receipts, finished) }
    for sums in sums { check(sums) }
    try await checkWork(inboxes, outbox)
    if outbox != nil {
      if !expired.isEmpty { result.notes.append("expired receipts (retention.receipts): \(expired.count)") }
      if gone > 0 { result.notes.append("missing receipts from before upsertd recorded digests: \(gone)") }
      checkUnknown(finished, knownSince: try await outbox?.receiptsKnownSince())
    }
    if strangers > 0 { result.notes.append("files in the result folders that are not upsertd's: \(strangers)") }
  }

  private mutating func add(
    _ kind: Inconsistency.Kind, _ inbox: String, _ file: FileID?, path: String? = nil, _ reason: String
  ) {
    result.disagreements.append(Inconsistency(kind, inbox: inbox, file: file, path: path, reason))
  }

  // MARK: - Receipts

  private struct Read {
    var id: FileID
    var path: String
    var receipt: Receipt
  }

  private mutating func read(_ inbox: String) throws -> [Read] {
    let folders = InboxFolders(spool: settings.spool, inbox: inbox)
    var read: [Read] = []
    var seen: Set<FileID> = []
    for entry in try folders.receiptEntries().sorted(by: { $0.id < $1.id }) {
      let path = "\(folders.receipts)/\(entry.name.display)"
      var digest: String?
      do {
        let text = try InboxFolders.contents(of: entry.name, in: folders.receipts)
        var hash = Digest()
        hash.update(text.span)
        digest = hash.hexadecimal
        written.append((entry, inbox, path, digest))
        var receipt: Receipt
        do { receipt = try Receipt(json: text, apis: APIs.kinds) } catch {
          unreadable.insert(path)
          add(.receiptUnreadable, inbox, entry.id, path: path, "\(error)")
          continue
        }
        check(receipt, entry, inbox, path)
        if !seen.insert(entry.id).inserted {
          add(.receiptTwice, inbox, entry.id, path: path, "the file has more than one receipt")
        }
        // No longer needed; there may be a hundred thousand receipts.
        (receipt.batches, receipt.rejects) = ([], [])
        read.append(Read(id: entry.id, path: path, receipt: receipt))
      } catch  where error.code == .missing {
        // Removed during the look.
      } catch {
        if digest == nil { written.append((entry, inbox, path, nil)) }
        unreadable.insert(path)
        add(.receiptUnreadable, inbox, entry.id, path: path, "\(error)")
      }
    }
    result.receipts += read.count
    return read
  }

  private mutating func check(_ receipt: Receipt, _ entry: ResultEntry, _ inbox: String, _ path: String) {
    let name = FileName(receipt.file.name).map { ResultNames(dropped: $0, id: receipt.file.id).receipt }
    if receipt.file.id != entry.id || receipt.file.inbox != inbox || name != entry.name {
      add(
        .receiptMisplaced, inbox, entry.id, path: path,
        "it is the receipt of \(receipt.file.name) in inbox \(receipt.file.inbox), file \(receipt.file.id)")
    }
    for reason in receipt.contradictions { add(.receiptCounts, inbox, entry.id, path: path, reason) }
  }

  /// Checks each receipt against the digest from when it was written.
  private mutating func checkDigests(_ finished: [FileID: FinishedFile]) {
    for (entry, inbox, path, digest) in written {
      guard let digest, let kept = finished[entry.id]?.receiptSHA256, kept != digest else { continue }
      add(.receiptChanged, inbox, entry.id, path: path, "its SHA-256 differs from that of the receipt that was written")
    }
  }

  /// A finished file has no receipt: it has expired, or somebody removed it.
  private mutating func lookedForInVain(_ file: FinishedFile) {
    if let age = settings.inbox(named: file.inbox)?.retention.receipts, .now - file.completedAt > age {
      expired.insert(file.id)
    } else if file.receiptSHA256 == nil {
      gone += 1
    } else {
      add(.receiptMissing, file.inbox, file.id, "the file is finished, but its receipt is missing")
    }
  }

  /// Receipts of files that the outbox does not know: they are older than the outbox, or did not originate here.
  ///
  /// The inode's change time, which nobody can set, shows when a file came into its folder. What can't be read as a
  /// receipt has already been reported.
  private mutating func checkUnknown(
    _ finished: [FileID: FinishedFile], knownSince since: Timestamp?
  ) {
    var older = 0
    for (entry, inbox, path, _) in written
    where finished[entry.id] == nil && underWay[entry.id] == nil && !unreadable.contains(path) {
      let folders = InboxFolders(spool: settings.spool, inbox: inbox)
      guard let since, let came = InboxFolders.changed(entry.name, in: folders.receipts), came >= since else {
        older += 1
        continue
      }
      add(
        .receiptInvented, inbox, entry.id, path: path,
        "the outbox does not know this file, although the receipt appeared here at \(came), when the outbox knew every file: upsertd did not write it, or it was restored from a backup"
      )
    }
    if older > 0 {
      result.notes.append("receipts that are older than the outbox's history: \(older)")
    }
  }

  // MARK: - What a receipt names

  private mutating func verify(_ inbox: String, _ receipts: [Read], _ finished: [FileID: FinishedFile]) throws {
    let folders = InboxFolders(spool: settings.spool, inbox: inbox)
    var expected: Set<FileName> = []
    var expectedOriginals: Set<FileName> = []
    var expectedResults: Set<FileName> = []
    for read in receipts {
      let receipt = read.receipt
      compare(read, finished[read.id], inbox)
      guard let dropped = FileName(receipt.file.name) else { continue }
      let names = ResultNames(dropped: dropped, id: read.id)
      if let rejects = receipt.rejectsFile.flatMap({ FileName($0) }) {
        expected.insert(rejects)
        verifyRejects(read, rejects, folders, inbox)
      }
      if let results = receipt.acceptedFile.flatMap({ FileName($0) }) {
        expectedResults.insert(results)
        verifyResults(read, results, folders, inbox)
      }
      if receipt.error == nil { expectedOriginals.insert(names.archive) } else { expected.insert(names.unusable) }
      verifyOriginal(read, names, folders, inbox)
    }
    // An unreadable one has already been reported.
    let known = Set(try folders.receiptEntries().map(\.id)).union(expired)
    for (folder, expected, kind) in [
      (folders.rejected, expected, Inconsistency.Kind.rejectsUnknown),
      (folders.archive, expectedOriginals, .originalUnknown),
      (folders.accepted, expectedResults, .resultsUnknown),
    ] where folder != folders.accepted || folders.usesAccepted {
      for name in try InboxFolders.names(in: folder).sorted() where !expected.contains(name) {
        if name.bytes.first == UInt8(ascii: ".") { continue }
        guard let id = ResultNames.id(inResult: name), !known.contains(id), underWay[id] == nil else {
          strangers += 1
          continue
        }
        add(kind, inbox, id, path: "\(folder)/\(name.display)", "no receipt names it")
      }
    }
  }

  /// Compares the receipt with what the outbox keeps about the file.
  private mutating func compare(_ read: Read, _ finished: FinishedFile?, _ inbox: String) {
    let (receipt, counts) = (read.receipt, read.receipt.counts)
    if let file = underWay[read.id], file.state != .finishing {
      add(
        .outboxReceipt, inbox, read.id, path: read.path,
        "the file has a receipt, but in the outbox it is still under way (\(file.state.rawValue))")
    }
    guard let finished else { return }
    var differing: [String] = []
    if finished.status != receipt.status.rawValue { differing.append("status") }
    if finished.items != counts.items { differing.append("items") }
    if finished.accepted != counts.accepted { differing.append("accepted") }
    if finished.rejected != counts.rejected { differing.append("rejected") }
    if finished.sha256 != receipt.file.sha256 { differing.append("sha256") }
    if !differing.isEmpty {
      add(
        .outboxHistory, inbox, read.id, path: read.path,
        "receipt and outbox differ in \(differing.joined(separator: ", "))")
    }
  }

  private mutating func verifyRejects(_ read: Read, _ name: FileName, _ folders: InboxFolders, _ inbox: String) {
    let path = "\(folders.rejected)/\(name.display)"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = errno
      if reason == ENOENT, isCorrected(read.id, folders) { return }
      let age = settings.inbox(named: inbox)?.retention.rejected
      if reason == ENOENT, let age, .now - read.receipt.file.completedAt > age { return }
      return add(
        .rejectsMissing, inbox, read.id, path: path,
        reason == ENOENT
          ? "named by the receipt, but missing, and no dropped file corrects it" : String(cString: strerror(reason)))
    }
    defer { close(descriptor) }
    result.rejectsFiles += 1
    let kind = read.receipt.file.format.flatMap(FormatKind.init(rawValue:))
    guard let type = FileType(fileName: name.bytes, format: kind) else { return }
    let api = (read.receipt.target?.api).annotator
    // The rejects keep how the dropped file was written.
    let route = settings.inbox(named: inbox)?.route(for: name.bytes)
    var options = FormatOptions(
      objects: ObjectShape(itemMembers: api.itemMembers, idsAllowed: api.idsAllowed),
      limits: ReaderLimits(additions: APIs.rejectsAdditions))
    options.csv = route?.csv ?? CSVOptions()
    options.encoding = route?.encoding
    // Three columns in front show a usual delimiter, whatever the route has by now.
    if case .character(let delimiter) = options.csv.delimiter, ",;|\t".unicodeScalars.contains(delimiter) {
      options.csv.delimiter = .auto
    }
    do {
      let count = try type.format.count(
        FileContent(descriptor: descriptor, path: path, isGzipped: type.isGzipped), options)
      if count != read.receipt.counts.rejected {
        add(
          .rejectsCount, inbox, read.id, path: path,
          "it contains \(counted(count, "item")), but the receipt counts \(counted(read.receipt.counts.rejected, "rejected item"))"
        )
      }
    } catch let fault as FileFault {
      let place = fault.line.map { " (line \($0))" } ?? ""
      add(.rejectsUnreadable, inbox, read.id, path: path, "its content is damaged\(place): \(fault.message)")
    } catch {
      add(.rejectsUnreadable, inbox, read.id, path: path, "\(error)")
    }
  }

  private mutating func verifyResults(_ read: Read, _ name: FileName, _ folders: InboxFolders, _ inbox: String) {
    let path = "\(folders.accepted)/\(name.display)"
    guard InboxFolders.size(of: name, in: folders.accepted) != nil else {
      let age = settings.inbox(named: inbox)?.retention.accepted
      if let age, .now - read.receipt.file.completedAt > age { return }
      return add(.resultsMissing, inbox, read.id, path: path, "the results file named by the receipt is missing")
    }
    result.resultsFiles += 1
    checkDigest(.resultsDigest, of: path, read.receipt.acceptedSHA256, read.id, inbox)
  }

  /// Whether the rejects were dropped again, or are in the inbox waiting to be claimed.
  private func isCorrected(_ id: FileID, _ folders: InboxFolders) -> Bool {
    if corrected.contains(id) { return true }
    let dropped = (try? InboxFolders.names(in: folders.inbox)) ?? []
    let claimed = underWay.values.compactMap { FileName(bytes: $0.name) }
    return (dropped + claimed).contains { ResultNames.correctedFileID(of: $0) == id }
  }

  private mutating func verifyOriginal(_ read: Read, _ names: ResultNames, _ folders: InboxFolders, _ inbox: String) {
    let file = read.receipt.file
    let folder = read.receipt.error == nil ? folders.archive : folders.rejected
    let path = "\(folder)/\(names.archive.display)"
    guard let bytes = InboxFolders.size(of: names.archive, in: folder) else {
      // Its receipt is written before it is put away; an unusable one may be corrected in place.
      if underWay[read.id] != nil || (read.receipt.error != nil) { return }
      let age = settings.inbox(named: inbox)?.retention.archive
      if let age, .now - file.completedAt > age { return }
      return add(.originalMissing, inbox, read.id, path: path, "the original named by the receipt is missing")
    }
    result.originals += 1
    guard bytes == file.bytes else {
      return add(
        .originalBytes, inbox, read.id, path: path,
        "it has \(counted(bytes, "byte")), but the receipt says \(file.bytes)")
    }
    checkDigest(.originalDigest, of: path, file.sha256, read.id, inbox)
  }

  /// - Parameter sha256: as the receipt has it; nil if it has none.
  private mutating func checkDigest(
    _ kind: Inconsistency.Kind, of path: String, _ sha256: String?, _ file: FileID, _ inbox: String
  ) {
    guard !isQuick, let sha256 else { return }
    do {
      let digest = try digests[path] ?? digest(of: path)
      digests[path] = digest
      if digest != sha256 {
        add(kind, inbox, file, path: path, "its SHA-256 differs from the receipt's: it was changed")
      }
    } catch {
      add(kind, inbox, file, path: path, "\(error)")
    }
  }

  private func digest(of path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw ReadError(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var digest = Digest()
    var bytes = FileBytes(descriptor: descriptor, path: path) { digest.update($0) }
    try bytes.drain()
    return digest.hexadecimal
  }

  // MARK: - Files under way

  private mutating func check(_ sums: FileSums) {
    let file = sums.file
    guard file.state != .reading else { return }
    let counts = file.counts
    if [counts.accepted, counts.rejected, sums.waitingItems].saturatedSum != counts.items {
      add(
        .outboxCounts, file.inbox, file.id,
        "\(counted(counts.items, "item is", "items are")) not \(counts.accepted) accepted + \(counts.rejected) rejected + \(sums.waitingItems) waiting"
      )
    }
    if sums.rejects != counts.rejected {
      add(
        .outboxCounts, file.inbox, file.id,
        "\(counted(counts.rejected, "item is", "items are")) rejected, but there are reasons for \(sums.rejects)")
    }
    if sums.settledAccepted != counts.accepted {
      add(
        .outboxCounts, file.inbox, file.id,
        "\(counted(counts.accepted, "item is", "items are")) accepted, but the requests that settled them say \(sums.settledAccepted)"
      )
    }
  }

  private mutating func checkWork(_ inboxes: [String], _ outbox: Outbox?) async throws {
    var claimed: Set<FileID> = []
    let replays = try await outbox?.replays() ?? [:]
    for inbox in inboxes {
      let folders = InboxFolders(spool: settings.spool, inbox: inbox)
      for work in try folders.claimedFiles() {
        claimed.insert(work.id)
        let path = "\(folders.work)/\(work.name.display)"
        if underWay[work.id] != nil { continue }
        if try await outbox?.finishedStatus(work.id) != nil {
          add(
            .workFinished, inbox, work.id, path: path,
            "its receipt is written, but it was not archived; the next start of the daemon will do that")
        } else if isDaemonRunning || replays[work.id] != nil {
          result.notes.append("\(path) is waiting to be read")
        } else {
          add(
            .workUnknown, inbox, work.id, path: path,
            "the outbox does not know it; the next start of the daemon will read it from the beginning")
        }
      }
      for (folder, name) in try folders.leftovers(olderThan: isDaemonRunning ? .seconds(60) : .zero) {
        add(
          .leftover, inbox, nil, path: "\(folder)/\(name.display)",
          "left half written by a crash; the next start of the daemon will remove it")
      }
    }
    for file in underWay.values.sorted(by: { $0.id < $1.id }) where !claimed.contains(file.id) {
      guard let dropped = FileName(bytes: file.name) else { continue }
      let folders = InboxFolders(spool: settings.spool, inbox: file.inbox)
      let names = ResultNames(dropped: dropped, id: file.id)
      // Already put away, and about to be finished.
      if file.state == .finishing,
        [folders.archive, folders.rejected].contains(where: { InboxFolders.size(of: names.archive, in: $0) != nil })
      {
        continue
      }
      add(
        .workMissing, file.inbox, file.id, path: "\(folders.work)/\(names.work.display)",
        "the outbox has the file under way (\(file.state.rawValue)), but it is missing: restore it, or cancel the file")
    }
  }
}
