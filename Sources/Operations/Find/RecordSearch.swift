internal import APIs
package import Core
internal import Formats
internal import Foundation
internal import JSONText
internal import Outbox
internal import Receipts
internal import Results
package import Settings
internal import Spool

/// Finds out what became of a record: in which files it was dropped, and what each of them led to.
///
/// Whoever knows an item's key is asked: the results files, receipts, and the queue. Of files without a results file,
/// only the originals know their accepted items, and of more than 100 rejected items only the rejects file has all of
/// them; these are searched for the text (`TextSearch`).
package struct RecordSearch: Sendable {
  package struct Query: Sendable {
    /// One identifier's value, one value of `item.key`, or the whole key as receipts write it.
    package var key: String
    package var inbox: String?
    /// Only files claimed at this moment or later.
    package var since: Timestamp?

    package init(key: String) { self.key = key }
  }

  let query: Query
  let settings: Settings
  private let receipts: ReceiptFolders
  private let text: TextSearch
  /// For the keys of each inbox.
  let apis: [String: [any TargetAPI]]
  /// By target, for files under way.
  let routeAPIs: [String: RouteAPIs]
  /// The searched text as it is in a results file.
  private let listed: [ByteSearch]

  private init(_ query: Query, _ settings: Settings) {
    self.query = query
    self.settings = settings
    receipts = ReceiptFolders(settings)
    var apis: [String: [any TargetAPI]] = [:]
    for inbox in settings.inboxes where query.inbox ?? inbox.name == inbox.name {
      apis[inbox.name] = inbox.routes.flatMap { RouteTargets($0, settings: settings).apis }
    }
    self.apis = apis
    routeAPIs = Dictionary(
      settings.targets.map { ($0.name, RouteAPIs($0, settings: settings)) }, uniquingKeysWith: { first, _ in first })
    // Of a whole key, only its values are in a file, each by itself.
    let values = apis.values.joined().map { api in
      let values = api.values(ofKey: query.key)
      let words = values.filter { !$0.contains(" ") }
      return words.isEmpty ? values : words
    }
    text = TextSearch(
      [[query.key]] + values,
      gzip: GzipLimits(maxRatio: settings.limits.maxGzipRatio, maxOutputBytes: settings.limits.maxFileBytes))
    // A key that is too long is cut, and its beginning is searched for.
    let beginning = String(query.key.onOneLine.prefix(150))
    listed = [ByteSearch(AcceptedCSV.escaped(Array(beginning.utf8)))]
  }

  /// - Throws: `InboxError` if a folder can't be listed, `OutboxError`.
  package static func run(_ query: Query, settings: Settings) async throws -> RecordFindings {
    let search = RecordSearch(query, settings)
    let folders = query.inbox.map { [$0] }
    return try await Operator.looking(at: settings, folders: folders) { outbox in try await search.run(outbox) }
  }

  func isMeant(_ key: String?, _ inbox: String) -> Bool {
    guard let key, !key.isEmpty else { return false }
    return key == query.key || apis[inbox]?.contains { $0.isKey(key, of: query.key) } == true
  }

  private func run(_ outbox: Outbox?) async throws -> RecordFindings {
    var findings = RecordFindings(key: query.key)
    // The outbox first: a file that is finished in between has its receipt by then.
    if let outbox { try await searchQueue(outbox, &findings) }
    var wanted = ReceiptFolders.Query()
    (wanted.inbox, wanted.since) = (query.inbox, query.since)
    let entries = try receipts.entries(wanted)
    let underWay = Set(findings.found.map(\.file))
    let parts = min(8, max(1, ProcessInfo.processInfo.activeProcessorCount))
    let found = await withTaskGroup(of: Part.self) { group in
      for part in 0..<parts {
        group.addTask {
          var found = Part()
          for (place, entry) in entries.enumerated() where place % parts == part { search(entry, &found) }
          return found
        }
      }
      return await group.reduce(into: Part()) { $0.add($1) }
    }
    findings.add(found)
    // A finished file whose row was still there is in its receipt.
    let finished = Set(found.findings.map(\.file)).intersection(underWay)
    findings.found.removeAll { finished.contains($0.file) && $0.source == .queue }
    for place in findings.found.indices where findings.found[place].outcome == "rejected" {
      findings.found[place].correctedBy = found.corrections[findings.found[place].file]?.sorted() ?? []
    }
    findings.found.sort { ($0.file, $0.line ?? .max, $0.item ?? .max) < ($1.file, $1.line ?? .max, $1.item ?? .max) }
    findings.describe(found)
    try noteLists(without: Set(entries.map(\.id)).union(underWay), &findings)
    return findings
  }

  /// Lists of accepted items are searched by their receipts: without one nobody knows whose they are.
  private func noteLists(without receipts: Set<FileID>, _ findings: inout RecordFindings) throws(InboxError) {
    for inbox in apis.keys.sorted() {
      let folders = InboxFolders(spool: settings.spool, inbox: inbox)
      let others = try InboxFolders.names(in: folders.accepted).compactMap { ResultNames.id(inResult: $0) }
        .filter { id in !receipts.contains(id) && query.since.map { id.time >= $0 } ?? true }
      guard !others.isEmpty else { continue }
      findings.notes.append(
        "not searched, since no receipt names them: \(counted(others.count, "list")) in \(folders.accepted); "
          + "`upsertd verify` says which")
    }
  }

  // MARK: - Finished files

  /// What a part of the receipts led to.
  fileprivate struct Part: Sendable {
    var findings: [RecordFinding] = []
    var searched = RecordFindings.Searched()
    /// By the file that is corrected.
    var corrections: [FileID: [FileID]] = [:]
    var unreadable: [String] = []
    /// Lists of accepted items that receipts name, and that are not there.
    var missingLists: [String] = []
    /// Files whose accepted items nothing names any more.
    var withoutOriginal = 0
    /// Files whose further rejected items nothing names any more.
    var withoutRejects = 0
    /// Files of which only the text was searched.
    var byText = 0

    mutating func add(_ other: Part) {
      findings += other.findings
      unreadable += other.unreadable
      missingLists += other.missingLists
      corrections.merge(other.corrections) { $0 + $1 }
      searched.receipts += other.searched.receipts
      searched.resultsFiles += other.searched.resultsFiles
      searched.rejectsFiles += other.searched.rejectsFiles
      searched.originals += other.searched.originals
      withoutOriginal += other.withoutOriginal
      withoutRejects += other.withoutRejects
      byText += other.byText
    }
  }

  private func search(_ entry: ReceiptFolders.Entry, _ part: inout Part) {
    let receipt: Receipt
    do {
      receipt = try receipts.receipt(in: entry)
    } catch let error as InboxError where error.code == .missing {
      return
    } catch {
      part.unreadable.append("\(entry.path): \(error)")
      return
    }
    part.searched.receipts += 1
    // One that was rejected whole corrected nothing.
    if let corrects = receipt.file.corrects, receipt.counts.accepted > 0 {
      part.corrections[corrects, default: []].append(entry.id)
    }
    let folders = InboxFolders(spool: settings.spool, inbox: entry.inbox)
    var found: [RecordFinding] = []
    for reject in receipt.rejects where isMeant(reject.key, entry.inbox) {
      var finding = finding(receipt, .receipt)
      (finding.item, finding.line, finding.key) = (reject.item, reject.line, reject.key)
      (finding.outcome, finding.code, finding.message) = ("rejected", reject.code, reject.message)
      add(receipt, &finding)
      found.append(finding)
    }
    let isListed = searchResults(receipt, folders, &found, &part)
    // A rejected item may have a key that could not be read.
    let namesAllRejects =
      receipt.counts.rejected <= receipt.rejects.count && receipt.rejects.allSatisfy { $0.key != nil }
    let knowsRejects =
      namesAllRejects || receipt.error != nil || searchRejects(receipt, folders, &found, &part)
    if receipt.error != nil || (!isListed && receipt.counts.accepted > 0) || !knowsRejects {
      searchOriginal(receipt, folders, isListed: isListed, &found, &part)
    }
    part.findings += found
  }

  private func finding(_ receipt: Receipt, _ source: RecordFinding.Source) -> RecordFinding {
    var finding = RecordFinding(
      file: receipt.file.id, name: receipt.file.name, inbox: receipt.file.inbox, target: receipt.target?.name,
      receivedAt: receipt.file.receivedAt, owners: receipt.file.owners,
      source: source)
    finding.corrects = receipt.file.corrects
    return finding
  }

  /// The request that settled an item.
  private func add(_ receipt: Receipt, _ finding: inout RecordFinding) {
    guard let item = finding.item,
      let place = receipt.batches.firstIndex(where: { $0.ranges.contains { $0.contains(item) } })
    else { return }
    finding.batch = place + 1
    finding.requestID = receipt.batches[place].requestID
    finding.sentAt = receipt.batches[place].sentAt?.description
    addAttempts(receipt, &finding)
  }

  private func addAttempts(_ receipt: Receipt, _ finding: inout RecordFinding) {
    guard let batch = finding.batch, receipt.batches.indices.contains(batch - 1) else { return }
    finding.attempts = receipt.batches[batch - 1].attempts
    finding.unanswered = receipt.batches[batch - 1].unanswered
  }

  /// Returns whether the file's accepted items are all listed.
  private func searchResults(
    _ receipt: Receipt, _ folders: InboxFolders, _ found: inout [RecordFinding], _ part: inout Part
  ) -> Bool {
    guard receipt.listsAccepted else { return false }
    guard let file = receipt.acceptedFile.flatMap({ FileName($0) }) else { return true }
    do throws(InboxError) {
      for text in listed {
        try InboxFolders.lines(of: file, in: folders.accepted, with: text) { line in
          guard let cells = AcceptedCSV.texts(of: line)?.map({ String(decoding: $0, as: UTF8.self) }),
            isMeant(cells[2], receipt.file.inbox)
          else { return }
          var finding = finding(receipt, .results)
          (finding.item, finding.line, finding.key) = (Int(cells[0]), Int(cells[1]), cells[2])
          (finding.batch, finding.outcome) = (Int(cells[3]), cells[7])
          func known(_ cell: Int) -> String? { cells[cell].isEmpty ? nil : cells[cell] }
          (finding.requestID, finding.sentAt, finding.answeredAt) = (known(4), known(5), known(6))
          (finding.recordID, finding.recordVersion) = (known(8), known(9))
          addAttempts(receipt, &finding)
          found.append(finding)
        }
      }
      part.searched.resultsFiles += 1
      return true
    } catch {
      if error.code == .missing {
        part.missingLists.append("\(folders.accepted)/\(file.display)")
      } else {
        part.unreadable.append("\(error)")
      }
      return false
    }
  }

  /// Those that the receipt does not name.
  ///
  /// - Returns: whether the rejects file is there.
  private func searchRejects(
    _ receipt: Receipt, _ folders: InboxFolders, _ found: inout [RecordFinding], _ part: inout Part
  ) -> Bool {
    do {
      guard let file = receipt.rejectsFile.flatMap({ FileName($0) }) else { return false }
      let lines = try text.lines(of: file, in: folders.rejected, isGzipped: false)
      part.searched.rejectsFiles += 1
      // The first ones are in the receipt.
      for line in lines.dropFirst(found.count { $0.source == .receipt }) {
        var finding = finding(receipt, .rejects)
        (finding.line, finding.outcome) = (line, "rejected")
        found.append(finding)
      }
      return true
    } catch let error as InboxError where error.code == .missing {
      return false
    } catch {
      part.unreadable.append("\(error)")
      return true
    }
  }

  /// - Parameter isListed: whether the file's accepted items are known: then the others were rejected.
  private func searchOriginal(
    _ receipt: Receipt, _ folders: InboxFolders, isListed: Bool, _ found: inout [RecordFinding], _ part: inout Part
  ) {
    func isGone() { if isListed { part.withoutRejects += 1 } else { part.withoutOriginal += 1 } }
    guard let dropped = FileName(receipt.file.name) else { return isGone() }
    let names = ResultNames(dropped: dropped, id: receipt.file.id)
    let isUnusable = receipt.error != nil
    do {
      let lines = try text.lines(
        of: isUnusable ? names.unusable : names.archive, in: isUnusable ? folders.rejected : folders.archive,
        isGzipped: FileType(fileName: dropped.bytes, format: .csv)?.isGzipped == true)
      part.searched.originals += 1
      part.byText += 1
      let known = Set(found.compactMap { $0.source == .receipt || $0.source == .results ? $0.line : nil })
      for line in lines where !known.contains(line) {
        var finding = finding(receipt, .original)
        finding.line = line
        switch receipt.status {
        case .accepted: finding.outcome = "accepted"
        case .rejected: (finding.outcome, finding.code) = ("rejected", receipt.error?.code.rawValue)
        case .partial: if isListed { finding.outcome = "rejected" }
        }
        if isUnusable { finding.message = receipt.error?.message }
        found.append(finding)
      }
    } catch let error as InboxError where error.code == .missing {
      if !isUnusable { isGone() }
    } catch let fault as FileFault {
      // A damaged gzip was rejected whole, and is as it was dropped.
      if !isUnusable { part.unreadable.append("\(folders.archive)/\(names.archive.display): \(fault.message)") }
    } catch {
      part.unreadable.append("\(error)")
    }
  }
}

extension RecordFindings {
  fileprivate mutating func add(_ part: RecordSearch.Part) {
    found += part.findings
    unreadable += part.unreadable
    let underWay = searched.filesUnderWay
    searched = part.searched
    searched.filesUnderWay = underWay
  }

  /// Says what was not searched, or not exactly.
  fileprivate mutating func describe(_ part: RecordSearch.Part) {
    for list in part.missingLists.sorted().prefix(5) {
      notes.append("the list \(list), which a receipt names, is missing: `upsertd verify` says what else is")
    }
    if part.byText > 0 {
      notes.append(
        "of \(counted(part.byText, "file")) neither results file nor receipt names all items: \(part.byText == 1 ? "its original was" : "their originals were") searched for the text alone, as UTF-8 or UTF-16"
      )
    }
    if part.searched.rejectsFiles > 0 {
      notes.append(
        "\(counted(part.searched.rejectsFiles, "rejects file")) with items that the receipt does not name: searched for the text alone"
      )
    }
    if part.withoutOriginal > 0 {
      notes.append(
        "of \(counted(part.withoutOriginal, "file")) neither results file nor original is left: accepted items can't be searched"
      )
    }
    if part.withoutRejects > 0 {
      notes.append(
        "of \(counted(part.withoutRejects, "file")) neither rejects file nor original is left: only the rejected items in the receipt were searched, the first \(Receipt.firstRejects)"
      )
    }
  }
}
