package import Core
internal import Engine
internal import Outbox
internal import Receipts
internal import Results
internal import Runtime
package import Settings
internal import Spool
internal import Telemetry

/// Finds the file that a user means, by its id, the beginning of its id, or its name, and what is known about it.
package enum FileSearch {
  package enum Result: Sendable {
    /// `older`: further files of the same name.
    case found(FileHistory, older: [FileID])
    /// Several ids begin with this text: the newest of them, and how many more there are.
    case ambiguous([FileID], more: Int)
    /// No file that matches was ever claimed; lists inbox entries of that name, and why they stay.
    case unknown(unclaimed: [String])
  }

  package static func story(of text: String, settings: Settings) async throws -> Result {
    try await Operator.looking(at: settings) { outbox in
      let ids = try await ids(meantBy: text, settings: settings, outbox)
      let isName = ids.first.map { !$0.text.hasPrefix(text.uppercased()) } ?? false
      guard let id = ids.first else {
        let report = try await StatusReport(settings: settings, outbox: outbox)
        return .unknown(
          unclaimed: report.inboxes.flatMap { inbox in
            inbox.unclaimed.filter { $0.name == text }.map { "inbox \(inbox.name): \($0.reason)" }
          })
      }
      if ids.count > 1, !isName {
        return .ambiguous(Array(ids.prefix(Self.mostListed)), more: max(0, ids.count - Self.mostListed))
      }
      let (evidence, inbox) = try await evidence(of: id, settings: settings, outbox)
      guard let story = FileHistory(id, evidence, inbox: inbox, settings: settings) else {
        return .unknown(unclaimed: [])
      }
      return .found(story, older: Array(ids.dropFirst()))
    }
  }

  /// A short beginning may be that of a hundred thousand ids.
  private static let mostListed = 20

  /// Newest first.
  static func ids(meantBy text: String, settings: Settings, _ outbox: Outbox?) async throws -> [FileID] {
    // All of them are counted.
    let limit = Int.max
    let receipts = ReceiptFolders(settings)
    let work = try settings.inboxes.flatMap { try InboxFolders(spool: settings.spool, inbox: $0.name).claimedFiles() }
    let prefix = text.uppercased()
    if prefix.utf8.count <= 26, prefix.utf8.count >= 4, FileID(prefix + "0".repeated(26 - prefix.utf8.count)) != nil {
      var query = ReceiptFolders.Query()
      query.text = prefix
      var ids = Set(try await outbox?.ids(startingWith: prefix, limit: limit) ?? [])
      ids.formUnion(try receipts.entries(query).map(\.id).filter { $0.text.hasPrefix(prefix) })
      ids.formUnion(work.map(\.id).filter { $0.text.hasPrefix(prefix) })
      if !ids.isEmpty { return ids.sorted(by: >) }
    }
    var query = ReceiptFolders.Query()
    query.text = text
    var ids = Set(try await outbox?.ids(named: Array(text.utf8), limit: limit) ?? [])
    ids.formUnion(try receipts.entries(query).filter { $0.name == text }.map(\.id))
    ids.formUnion(work.filter { $0.dropped.display == text }.map(\.id))
    return ids.sorted(by: >)
  }

  private static func evidence(
    of id: FileID, settings: Settings, _ outbox: Outbox?
  ) async throws -> (FileEvidence, inbox: String) {
    var found = FileEvidence()
    let receipts = ReceiptFolders(settings)
    // The outbox first: a file that is finished in between has its receipt by then.
    found.record = try await outbox?.file(id)
    if let outbox, let record = found.record, record.state != .reading || record.waitsForRelease {
      found.settled = try outbox.settled(id)
      found.orders = try outbox.orders(id).map { Receipt.Order(at: $0.at, order: $0.order, by: $0.by) }
      found.rejects = try outbox.rejects(id, after: 0, limit: Receipt.firstRejects)
      found.rejectedByCode = try await outbox.rejectsByCode(id)
      found.waiting = try await outbox.waitingBatches(of: id, limit: FileHistory.mostLines)
    }
    if let outbox, found.record != nil {
      var query = QueueReport.Query()
      query.id = id
      found.queued = try await QueueReport(query, settings: settings, outbox: outbox, now: .now).files.first
    }
    found.finished = try await outbox?.finished(id)
    do { found.receipt = try receipts.receipt(of: id) } catch { found.receiptFault = "\(error)" }
    if let receipt = found.receipt?.receipt { (found.settled, found.orders) = (receipt.batches, receipt.orders) }
    var query = ReceiptFolders.Query()
    query.text = "\(id).rejected"
    // A rejects file of a corrected rejects file may name several ids: the last is the one that it corrects.
    let named = try receipts.entries(query).filter { entry in
      FileName(entry.name).flatMap { ResultNames.correctedFileID(of: $0) } == id
    }
    let corrections = named.map(\.id) + (try await outbox?.ids(correcting: id) ?? [])
    found.correctedBy = Set(corrections).subtracting([id]).sorted()
    if let receipt = found.receipt?.receipt, receipt.counts.rejected > 0 {
      let links = try CorrectionLinks(receipts, underWay: try await outbox?.correcting() ?? [])
      found.corrections = links.corrections(of: receipt)
    }
    var inbox = found.record?.inbox ?? found.finished?.inbox ?? found.receipt?.entry.inbox
    for other in settings.inboxes where inbox ?? other.name == other.name {
      let work = try InboxFolders(spool: settings.spool, inbox: other.name).claimedFiles().first { $0.id == id }
      if let work { (found.work, inbox) = (work, other.name) }
    }
    found.replayedAs = try await outbox?.ids(replaying: id) ?? []
    let sha256 = found.receipt?.receipt.file.sha256 ?? found.record?.facts.sha256 ?? found.finished?.sha256
    if let outbox, let inbox, let sha256 {
      found.repeatedAs = try await outbox.ids(sameAs: id, inbox: inbox, sha256: sha256)
    }
    return (found, inbox ?? "")
  }
}

extension String {
  fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
