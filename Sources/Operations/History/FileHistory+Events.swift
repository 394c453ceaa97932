package import Core
internal import Engine
internal import Outbox
internal import Receipts
internal import Results
internal import Runtime
package import Settings
internal import Spool

extension FileHistory {
  /// How many rejects and waiting batches are listed one by one.
  static let mostLines = 20

  /// Codes of items that were rejected after the file was read, without an answer from the API.
  private static let codesAfterReading = Set(
    [RejectCode.cancelled, .expired, .fileChanged].map(\.rawValue))

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
    let replayed = receipt?.file.replayOf ?? found.record?.facts.replayOf
    (correctedBy, replayOf, replayedAs) = (found.correctedBy, replayed, found.replayedAs)
    // A replay has the same bytes, but is reported as a replay.
    repeatedAs = found.repeatedAs.filter { !found.replayedAs.contains($0) && $0 != replayed }
    corrections = found.corrections
    counts = receipt?.counts ?? found.record?.counts
    receivedAt =
      receipt?.file.receivedAt ?? found.record?.receivedAt ?? found.finished?.receivedAt ?? id.time
    find(found, dropped, InboxFolders(spool: settings.spool, inbox: inbox))
    describeArrival(found)
    let arrival = events.count
    for order in found.orders { describe("order", "\(order.order), requested by \(order.by)", at: order.at) }
    // Numbered as in the receipt.
    for (place, batch) in found.settled.enumerated() { describe(batch, number: place + 1) }
    if found.isDone {
      describeRejects(found)
      describeEnd(found, settings.inbox(named: inbox)?.retention ?? .init())
    }
    for id in correctedBy { describe("corrected", "file \(id) corrects its rejects", at: id.time) }
    for id in replayedAs { describe("replayed", "it was dropped again by an operator, as file \(id)", at: id.time) }
    for id in repeatedAs where id > self.id {
      describe("repeated", "the same bytes were dropped here again, as file \(id)", at: id.time)
    }
    sortByTime(from: arrival)
    guard !found.isDone else { return }
    // As it is now, after everything that has happened.
    describeRejects(found)
    describeWaiting(found)
    describe("original", originalPath ?? "it is missing from work/", isTrouble: originalPath == nil)
  }

  /// Orders events by time, whatever they are about; one without a time stays behind all that were added before it.
  ///
  /// The arrival comes first in any case: the clock may have been set back since.
  private mutating func sortByTime(from start: Int) {
    var latest = Timestamp(milliseconds: .min)
    let placed = events[start...].enumerated().map { place, event in
      let time = event.at ?? latest
      latest = max(latest, time)
      return (time: time, place: place, event: event)
    }
    events.replaceSubrange(
      start..., with: placed.sorted { ($0.time, $0.place) < ($1.time, $1.place) }.map(\.event))
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

  private mutating func describe(
    _ kind: String, _ text: String, at time: Timestamp? = nil, isTrouble: Bool = false
  ) {
    events.append(Event(at: time, kind: kind, text: text, isTrouble: isTrouble))
  }

  private mutating func describeArrival(_ found: FileEvidence) {
    let bytes = found.receipt?.receipt.file.bytes ?? found.record.map(\.facts.bytes) ?? 0
    let size = bytes > 0 ? ", \(counted(bytes, "byte"))" : ""
    let owner = (found.receipt?.receipt.file.owner ?? found.record?.owner).map { ", dropped by \($0)" } ?? ""
    describe("received", "\(name) was claimed from inbox \(inbox)\(size)\(owner)", at: receivedAt)
    if let replayOf { describe("replays", "an operator dropped file \(replayOf) again") }
    if let corrects { describe("corrects", "it corrects the rejects of file \(corrects)") }
    if let duplicateOf { describe("duplicate", "the same bytes were dropped here before, as file \(duplicateOf)") }
    if let fault = found.receipt?.receipt.error ?? found.record?.fault {
      let place = fault.line.map { " (line \($0)\(fault.column.map { ", column \($0)" } ?? ""))" } ?? ""
      describe("read", "it can't be used\(place): \(fault.code.rawValue): \(fault.message)", isTrouble: true)
    } else if let counts, found.record?.state != .reading || found.record?.waitsForRelease == true {
      let here = rejectedWhenRead(found, counts)
      let them = counts.items == 1 ? "" : "\(here) of them "
      let why = here > 0 ? ", \(them)rejected without an answer from the API" : ""
      describe(
        "read", "it contains \(counted(counts.items, "item"))\(why)\(target.map { "; its target is \($0)" } ?? "")")
    } else if found.record == nil, !found.isDone {
      describe("waiting", "it is claimed and is waiting for the daemon to read it")
    }
    if let completeness = found.receipt?.receipt.completeness ?? found.record?.facts.completeness {
      for line in completeness.lines { describe("checked", line) }
    }
    for warning in found.receipt?.receipt.warnings ?? found.record?.facts.warnings ?? [] {
      describe("warning", "\(warning.code): \(warning.message)", isTrouble: true)
    }
  }

  /// How many items were rejected when the file was read; 0 if that can't be known: of a finished file, only the first
  /// rejects are at hand.
  private func rejectedWhenRead(_ found: FileEvidence, _ counts: FileCounts) -> Int {
    let answered = found.settled.lazy.filter { $0.status != nil }.map(\.rejected).saturatedSum
    let unanswered = max(0, counts.rejected.subtractingSaturated(answered))
    let later: Int
    if let codes = found.rejectedByCode {
      later = codes.lazy.filter { Self.codesAfterReading.contains($0.key) }.map { $0.value }.saturatedSum
    } else {
      let rejects = found.receipt?.receipt.rejects ?? []
      later = rejects.count { Self.codesAfterReading.contains($0.code) }
      let isCancelled = found.orders.contains { $0.order == "cancel" }
      if rejects.count < counts.rejected, later > 0 || isCancelled { return 0 }
    }
    return max(0, unanswered.subtractingSaturated(later))
  }

  private mutating func describe(_ batch: SettledBatch, number: Int) {
    var parts = [
      "batch \(number), \(counted(batch.items, "item")): \(batch.accepted) accepted, \(batch.rejected) rejected"
    ]
    if let status = batch.status { parts.append("answered \(status)") }
    if batch.attempts > 1 { parts.append("\(batch.attempts) attempts") }
    if batch.unanswered > 0 { parts.append(Self.unanswered(batch.unanswered, of: batch.attempts)) }
    if let request = batch.requestID { parts.append("request \(request)") }
    describe("request", parts.joined(separator: ", "), at: batch.sentAt, isTrouble: batch.rejected > 0)
  }

  /// `unanswered`, `2 of them unanswered`.
  private static func unanswered(_ count: Int, of attempts: Int) -> String {
    attempts > 1 ? "\(count) of them unanswered" : "unanswered"
  }

  private mutating func describeWaiting(_ found: FileEvidence) {
    let tried = found.waiting.filter { $0.attempts > 0 || $0.problem != nil }
    for batch in tried {
      var text = "\(counted(batch.items, "item")) to be sent"
      if batch.attempts > 0 { text += ", after \(counted(batch.attempts, "attempt"))" }
      if batch.unanswered > 0 { text += ", \(Self.unanswered(batch.unanswered, of: batch.attempts)) so far" }
      if batch.dueAt > .now { text += ", due \(batch.dueAt)" }
      if let problem = batch.problem { text += ": \(problem)" }
      describe("waiting", text, isTrouble: true)
    }
    if let queued = found.queued {
      let rest = queued.batches - tried.count
      if rest > 0 {
        let more = tried.isEmpty ? "" : "more "
        describe("waiting", "\(counted(rest, more + "batch", more + "batches")) in the queue")
      }
      let next = queued.nextAttempt.map { ", next attempt \($0)" } ?? ""
      describe(
        "target", "\(queued.state)\(next): \(queued.why)",
        isTrouble: !["waiting", "sending", "reading", "unreleased", "finishing"].contains(queued.state))
    }
  }

  private mutating func describeRejects(_ found: FileEvidence) {
    let rejects = found.receipt?.receipt.rejects ?? found.rejects
    for reject in rejects.prefix(Self.mostLines) {
      let key = reject.key.map { " (\($0))" } ?? ""
      describe(
        "rejected", "item \(reject.item), line \(reject.line)\(key): \(reject.code): \(reject.message)",
        isTrouble: true)
    }
    let rest = (counts?.rejected ?? 0).subtractingSaturated(min(rejects.count, Self.mostLines))
    if rest > 0 {
      let has = found.isDone ? "has" : "will have"
      describe("rejected", "and \(counted(rest, "more item")); the rejects file \(has) them all", isTrouble: true)
    }
  }

  private mutating func describeEnd(_ found: FileEvidence, _ retention: Inbox.Retention) {
    if let receipt = found.receipt?.receipt {
      describe(
        "done",
        "\(receipt.status.rawValue): \(receipt.counts.accepted) of \(counted(receipt.counts.items, "item")) accepted",
        at: receipt.file.completedAt, isTrouble: receipt.status != .accepted)
    } else if let finished = found.finished {
      describe(
        "done", "\(finished.status): \(finished.accepted) of \(counted(finished.items, "item")) accepted",
        at: finished.completedAt, isTrouble: finished.status != "accepted")
      if found.receiptFault == nil {
        let isExpired = retention.receipts.map { .now - finished.completedAt > $0 } ?? false
        describe("receipt", isExpired ? "it has expired (retention.receipts)" : "it was removed")
      }
    }
    if let fault = found.receiptFault { describe("receipt", "it can't be read: \(fault)", isTrouble: true) }
    if let receiptPath { describe("receipt", receiptPath) }
    if let file = found.receipt?.receipt.rejectsFile {
      let corrections = correctedBy.map { "file \($0)" }.joined(separator: " and ")
      let end = corrections.isEmpty ? "was taken away" : "was corrected by \(corrections)"
      describe("rejects", rejectsPath ?? "\(file) \(end)")
    }
    if let corrections { describe("corrections", corrections.text, isTrouble: corrections.openItems > 0) }
    if let originalPath {
      describe("original", originalPath)
    } else {
      let expired = retention.archive.map { " (archived files expire after \($0.text))" } ?? ""
      describe("original", "it no longer exists\(expired)", isTrouble: retention.archive == nil)
    }
  }
}

extension Completeness {
  /// What control totals and checksum say, in sentences without a full stop.
  var lines: [String] {
    var pairs = sums.sorted { $0.key < $1.key }.map { ("sum of \($0.key)", $0.value) }
    if let count { pairs.insert(("number of rows", count), at: 0) }
    if let checksum { pairs.append(("checksum", checksum)) }
    return pairs.map { what, pair in
      let isSame = pair.expected == pair.found
      return "\(what): \(pair.found), \(isSame ? "as expected" : "expected \(pair.expected)")"
    }
  }
}
