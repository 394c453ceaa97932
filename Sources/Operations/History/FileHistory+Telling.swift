internal import Results
package import Core
package import Engine
internal import Spool
internal import Outbox
internal import Receipts
internal import Runtime
package import Settings

extension FileHistory {
  /// How many rejects and waiting batches are listed one by one.
  static let mostLines = 20

  /// Nil if nothing at all is known about the file.
  package init?(_ id: FileID, _ found: FileEvidence, inbox: String, settings: Settings) {
    let dropped =
      found.record.flatMap { FileName(bytes: $0.name) } ?? found.finished.flatMap { FileName(bytes: $0.name) }
      ?? found.work?.dropped ?? found.receipt.flatMap { FileName($0.receipt.file.name) }
    guard let dropped else { return nil }
    self.id = id
    self.inbox = inbox
    name = dropped.display
    let receipt = found.receipt?.receipt
    target = receipt?.target?.name ?? found.record?.facts.target
    state = receipt?.status.rawValue ?? found.queued?.state ?? found.finished?.status ?? "claimed"
    corrects = receipt?.file.corrects ?? found.record?.facts.corrects ?? ResultNames.correctedFileID(of: dropped)
    duplicateOf = receipt?.file.duplicateOf ?? found.record?.facts.duplicateOf
    (correctedBy, repeatedAs) = (found.correctedBy, found.repeatedAs)
    counts = receipt?.counts ?? found.record.map { Receipt.Counts($0.counts) }
    find(found, dropped, InboxFolders(spool: settings.spool, inbox: inbox))
    tellArrival(found)
    for order in found.orders { tell("order", "\(order.order), requested by \(order.by)", at: order.at) }
    tellDelivery(found)
    tellRefusals(found)
    tellEnd(found, settings.inbox(named: inbox)?.retention ?? .init())
  }

  private mutating func find(_ found: FileEvidence, _ dropped: FileName, _ folders: InboxFolders) {
    let names = ResultNames(dropped: dropped, id: id)
    receiptPath = found.receipt?.entry.path
    if let file = found.receipt?.receipt.rejectsFile.flatMap({ FileName($0) }),
      InboxFolders.size(of: file, in: folders.rejected) != nil
    {
      rejectsPath = "\(folders.rejected)/\(file.display)"
    }
    if let work = found.work {
      originalPath = "\(folders.work)/\(work.name.display)"
    } else if InboxFolders.size(of: names.archive, in: folders.archive) != nil {
      originalPath = "\(folders.archive)/\(names.archive.display)"
    } else if InboxFolders.size(of: names.unusable, in: folders.rejected) != nil {
      originalPath = "\(folders.rejected)/\(names.unusable.display)"
    }
  }

  private mutating func tell(
    _ kind: String, _ text: String, at time: Timestamp? = nil, isTrouble: Bool = false
  ) {
    events.append(Event(at: time, kind: kind, text: text, isTrouble: isTrouble))
  }

  private mutating func tellArrival(_ found: FileEvidence) {
    let bytes = found.receipt?.receipt.file.bytes ?? found.record.map(\.facts.bytes) ?? 0
    tell("received", "\(name) was claimed from inbox \(inbox)\(bytes > 0 ? ", \(bytes) bytes" : "")", at: id.time)
    if let corrects { tell("corrects", "it corrects the rejects of file \(corrects)") }
    if let duplicateOf { tell("duplicate", "the same bytes were dropped here before, as file \(duplicateOf)") }
    if let fault = found.receipt?.receipt.error ?? found.record?.fault {
      let place = fault.line.map { " (line \($0)\(fault.column.map { ", column \($0)" } ?? ""))" } ?? ""
      tell("read", "it can't be used\(place): \(fault.code.rawValue): \(fault.message)", isTrouble: true)
    } else if let counts, found.record?.state != .reading {
      let sent = found.settled.lazy.map(\.rejected).saturatedSum
      let here = max(0, counts.rejected.subtractingSaturated(sent))
      let why = here > 0 ? ", \(here) of them rejected without an answer from the API" : ""
      tell("read", "it contains \(counted(counts.items, "item"))\(why)\(target.map { "; its target is \($0)" } ?? "")")
    } else if found.record == nil, found.receipt == nil, found.finished == nil {
      tell("waiting", "it is claimed and is waiting for the daemon to read it")
    }
    if let completeness = found.receipt?.receipt.completeness ?? found.record?.facts.completeness { tell(completeness) }
  }

  /// What control totals and checksum said.
  private mutating func tell(_ completeness: Completeness) {
    var pairs = completeness.sums.sorted { $0.key < $1.key }.map { ("sum of \($0.key)", $0.value) }
    if let count = completeness.count { pairs.insert(("number of rows", count), at: 0) }
    if let checksum = completeness.checksum { pairs.append(("checksum", checksum)) }
    for (what, pair) in pairs {
      let isSame = pair.expected == pair.found
      tell("checked", "\(what): \(pair.found), \(isSame ? "as expected" : "expected \(pair.expected)")")
    }
  }

  private mutating func tellDelivery(_ found: FileEvidence) {
    for batch in found.settled {
      var parts = ["\(counted(batch.items, "item")): \(batch.accepted) accepted, \(batch.rejected) rejected"]
      if let status = batch.status { parts.append("answered \(status)") }
      if batch.attempts > 1 { parts.append("\(batch.attempts) attempts") }
      if batch.unanswered > 0 { parts.append("\(batch.unanswered) of them unanswered") }
      if let request = batch.requestID { parts.append("request \(request)") }
      tell("request", parts.joined(separator: ", "), at: batch.sentAt, isTrouble: batch.rejected > 0)
    }
    let tried = found.waiting.filter { $0.attempts > 0 || $0.problem != nil }
    for batch in tried {
      var text = "\(counted(batch.items, "item")) to be sent"
      if batch.attempts > 0 { text += ", after \(counted(batch.attempts, "attempt"))" }
      if batch.unanswered > 0 { text += ", \(batch.unanswered) of them unanswered so far" }
      if batch.dueAt > .now { text += ", due \(batch.dueAt)" }
      if let problem = batch.problem { text += ": \(problem)" }
      tell("waiting", text, isTrouble: true)
    }
    if let queued = found.queued {
      let rest = queued.batches - tried.count
      if rest > 0 {
        let more = tried.isEmpty ? "" : "more "
        tell("waiting", "\(counted(rest, more + "batch", more + "batches")) in the queue")
      }
      let next = queued.nextAttempt.map { ", next attempt \($0)" } ?? ""
      tell(
        "target", "\(queued.state)\(next): \(queued.why)",
        isTrouble: !["waiting", "reading", "finishing"].contains(queued.state))
    }
  }

  private mutating func tellRefusals(_ found: FileEvidence) {
    let rejects =
      found.receipt?.receipt.rejects
      ?? found.refused.map {
        Receipt.Reject(item: $0.item, line: $0.line, key: $0.key, code: $0.code, message: $0.message)
      }
    for reject in rejects.prefix(Self.mostLines) {
      let key = reject.key.map { " (\($0))" } ?? ""
      tell(
        "refused", "item \(reject.item), line \(reject.line)\(key): \(reject.code): \(reject.message)",
        isTrouble: true)
    }
    let rest = (counts?.rejected ?? 0).subtractingSaturated(min(rejects.count, Self.mostLines))
    if rest > 0 {
      tell("refused", "and \(counted(rest, "more item", "more items")); the rejects file has them all", isTrouble: true)
    }
  }

  private mutating func tellEnd(_ found: FileEvidence, _ retention: Inbox.Retention) {
    if let receipt = found.receipt?.receipt {
      tell(
        "done", "\(receipt.status.rawValue): \(receipt.counts.accepted) of \(receipt.counts.items) items accepted",
        at: receipt.file.completedAt, isTrouble: receipt.status != .accepted)
    } else if let finished = found.finished {
      tell(
        "done", "\(finished.status): \(finished.accepted) of \(finished.items) items accepted",
        at: finished.completedAt, isTrouble: finished.status != "accepted")
      if found.receiptFault == nil {
        let isExpired = retention.receipts.map { .now - finished.completedAt > $0 } ?? false
        tell("receipt", isExpired ? "it has expired (retention.receipts)" : "it was removed")
      }
    }
    if let fault = found.receiptFault { tell("receipt", "it can't be read: \(fault)", isTrouble: true) }
    if let receiptPath { tell("receipt", receiptPath) }
    if let file = found.receipt?.receipt.rejectsFile { tell("rejects", rejectsPath ?? "\(file) was removed") }
    if let originalPath {
      tell("original", originalPath)
    } else {
      let expired = retention.archive.map { " (archived files expire after \($0.text))" } ?? ""
      tell("original", "it no longer exists\(expired)", isTrouble: retention.archive == nil)
    }
    for id in correctedBy { tell("corrected", "file \(id) corrects its rejects", at: id.time) }
    for id in repeatedAs where id > self.id {
      tell("repeated", "the same bytes were dropped here again, as file \(id)", at: id.time)
    }
  }
}

extension Receipt.Counts {
  package init(_ counts: FileCounts) {
    self.init()
    items = counts.items
    accepted = counts.accepted
    rejected = counts.rejected
    unchanged = counts.unchanged
    requests = counts.requests
  }
}
