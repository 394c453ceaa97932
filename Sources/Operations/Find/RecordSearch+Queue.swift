internal import APIs
internal import Core
internal import Dispatching
internal import Engine
internal import Outbox
internal import Settings
internal import Spool

/// The search in files that have no receipt yet.
extension RecordSearch {
  func searchQueue(_ outbox: Outbox, _ findings: inout RecordFindings) async throws {
    let bodies = BodyLoader(spool: settings.spool, key: try? outbox.sourceKey())
    var unread = 0
    for id in try await outbox.filesUnderWay().ids.sorted() {
      guard let record = try await outbox.file(id), apis[record.inbox] != nil,
        query.since.map({ id.time >= $0 }) ?? true
      else { continue }
      guard record.state != .reading else {
        unread += 1
        continue
      }
      findings.searched.filesUnderWay += 1
      let name = FileName(bytes: record.name)?.display ?? String(decoding: record.name, as: UTF8.self)
      var template = RecordFinding(
        file: id, name: name, inbox: record.inbox, target: record.facts.target, receivedAt: record.receivedAt,
        owners: record.owners, source: .queue)
      template.corrects = record.facts.corrects
      try searchRejects(record, outbox, template, &findings)
      try searchAccepted(record, outbox, template, &findings)
      if !record.facts.listsAccepted, record.counts.accepted > 0 {
        findings.notes.append(
          "file \(id) is under way: its \(counted(record.counts.accepted, "accepted item")) can be searched once its receipt is written"
        )
      }
      try await searchWaiting(record, outbox, bodies, template, &findings)
    }
    if unread > 0 {
      findings.notes.append(
        "\(counted(unread, "file is", "files are")) being read, or waiting for their release, and can't be searched yet"
      )
    }
  }

  private func searchRejects(
    _ record: FileRecord, _ outbox: Outbox, _ template: RecordFinding, _ findings: inout RecordFindings
  ) throws {
    var last = 0
    while true {
      let page = try outbox.rejects(record.id, after: last, limit: 500)
      guard let end = page.last else { return }
      last = end.item
      for reject in page where isMeant(reject.key, record.inbox) {
        var finding = template
        (finding.item, finding.line, finding.key) = (reject.item, reject.line, reject.key)
        (finding.outcome, finding.code, finding.message) = ("rejected", reject.code, reject.message)
        findings.found.append(finding)
      }
    }
  }

  private func searchAccepted(
    _ record: FileRecord, _ outbox: Outbox, _ template: RecordFinding, _ findings: inout RecordFindings
  ) throws {
    var last = Int.min
    while true {
      let page = try outbox.accepted(record.id, after: last, limit: 16)
      guard let end = page.last else { return }
      last = end.first
      for batch in page {
        var reader = AcceptedItemReader(batch.items)
        reading: while true {
          switch reader.next() {
          case .end: break reading
          case .damaged:
            findings.unreadable.append(
              "outbox \"\(outbox.path)\": the accepted items of file \(record.id) can't be read")
            break reading
          case .item:
            let item = reader.item
            guard isMeant(String(decoding: item.key, as: UTF8.self), record.inbox) else { continue }
            var finding = template
            (finding.item, finding.line) = (item.number, item.line)
            finding.key = String(decoding: item.key, as: UTF8.self)
            finding.outcome = item.isUnchanged ? "unchanged" : "accepted"
            finding.requestID = batch.requestID
            (finding.sentAt, finding.answeredAt) = (batch.sentAt?.description, batch.answeredAt?.description)
            if !item.recordID.isEmpty { finding.recordID = String(decoding: item.recordID, as: UTF8.self) }
            if !item.recordVersion.isEmpty {
              finding.recordVersion = String(decoding: item.recordVersion, as: UTF8.self)
            }
            findings.found.append(finding)
          }
        }
      }
    }
  }

  /// Items that are still to be sent, or are being sent.
  private func searchWaiting(
    _ record: FileRecord, _ outbox: Outbox, _ bodies: BodyLoader, _ template: RecordFinding,
    _ findings: inout RecordFindings
  ) async throws {
    guard let api = record.facts.target.flatMap({ routeAPIs[$0] })?[record.inbox, record.name] else { return }
    var last: String?
    var key: [UInt8] = []
    var layout = KeyLayout()
    while true {
      let page = try await outbox.batches(of: record.id, after: last, limit: 64)
      for batch in page.batches {
        guard let content = try await outbox.content(of: batch.name) else { continue }
        let loaded: LoadedBatch
        do {
          loaded = try bodies.read(content.batch, of: record.id, inbox: record.inbox, name: record.name)
        } catch {
          findings.unreadable.append("file \(record.id), batch \(batch.name.position): \(error)")
          continue
        }
        for (item, piece) in zip(loaded.batch.items, loaded.batch.pieces ?? []) {
          key.removeAll(keepingCapacity: true)
          api.appendKey(ofPiece: loaded.batch.body[piece].span, to: &key, noting: &layout)
          guard isMeant(String(decoding: key, as: UTF8.self), record.inbox) else { continue }
          var finding = template
          (finding.item, finding.line, finding.outcome) = (item.number, item.line, "waiting")
          (finding.key, finding.message) = (String(decoding: key, as: UTF8.self), content.problem)
          findings.found.append(finding)
        }
      }
      guard !page.isEnd, let end = page.batches.last?.name.position else { return }
      last = end
    }
  }
}
