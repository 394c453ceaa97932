internal import Delivery
internal import Logging
internal import Outbox
internal import Sender
internal import Settings
internal import TargetAPI

extension Lane {
  /// Sends batches as one request, mostly a single one, and does what the answer asks for.
  func deliver(_ members: [WaitingBatch]) async {
    do {
      try await attempt(members)
      instruments.troubles.end("the outbox can't be written", in: "target \(target.name)", logger: logger)
    } catch {
      if error.code == .damaged, members.count > 1 {
        // The one that can't be read must not keep the others.
        company.suspect(members.map(\.id))
        putBack(members, due: .now)
      } else {
        for batch in members { takeTrouble(error, batch) }
      }
    }
    underWay.subtract(members.map(\.id))
    requestsUnderWay -= 1
    for file in Set(members.map(\.file)) where cancelled.contains(file) {
      do { _ = try await refuseCancelled(file) } catch {
        logger.error("the outbox can't be written; the file is not cancelled", metadata: ["reason": "\(error)"])
      }
    }
    signal.raise()
  }

  private func attempt(_ members: [WaitingBatch]) async throws(OutboxError) {
    // A token that the API no longer takes is replaced once; a fresh one that it does not take either holds the target.
    for isSecondTry in [false, true] {
      let token: String
      do {
        token = try await tokens.token()
      } catch {
        return wait(for: error, members)
      }
      guard let load = try await load(members) else { return }
      let sentAt = Timestamp.now
      let result = await send(load, members, token: token)
      switch result {
      case .failure(let error):
        return try await takeFailure(error, members)
      case .success(let answer):
        if answer.unanswered > 0 {
          for batch in members { try await outbox.countResent(batch.id, times: answer.unanswered) }
        }
        let verdict = api.judge(
          status: answer.status, body: answer.body, isCut: answer.isCut, pieces: load.pieces.map { load.body[$0] },
          successMode: members[0].successMode
        ).discreet(about: [load.body, Array(token.utf8)])
        if case .renewToken(let reason) = verdict {
          await tokens.discard(token)
          guard isSecondTry || isStatic else {
            for batch in members {
              try await outbox.postpone(
                batch.id, until: .now, failures: batch.failures, why: reason, wasAnswered: true)
            }
            if members.contains(where: { cancelled.contains($0.file) }) { return putBack(members, due: .now) }
            continue
          }
          return try await hold(reason, members)
        }
        let facts = RequestFacts(
          status: answer.status, requestID: answer.header("lusid-meta-requestid"), sentAt: sentAt)
        return try await take(verdict, answer: answer, facts: facts, members, load)
      }
    }
  }

  /// When batches may be sent again whose request, under way now, the daemon does not survive.
  private func dueAfterCrash(of members: [WaitingBatch]) -> Timestamp {
    .now + backoff.ceiling(failures: (members.map(\.unanswered).max() ?? 0) + 1)
  }

  /// Counts the attempt and gathers what is to be sent; nil where some of it can't be had, and nothing goes out.
  private func load(_ members: [WaitingBatch]) async throws(OutboxError) -> Load? {
    let queued = try await outbox.lease(members.map(\.id), dueAfterCrash: dueAfterCrash(of: members))
    var contents: [Batch] = []
    var missing: [(batch: WaitingBatch, reason: String)] = []
    for (batch, queued) in zip(members, queued) {
      do {
        contents.append(try await originals.whole(queued, of: batch))
      } catch {
        missing.append((batch, "\(error)"))
      }
    }
    guard !missing.isEmpty else { return Load(contents, api: api) }
    // The others go without these; what follows one of them by its key has to wait for it.
    let others = members.filter { batch in !missing.contains { $0.batch.id == batch.id } }
    for batch in others { try await outbox.takeBack(batch.id, why: nil) }
    var dues: [Timestamp] = []
    for (batch, reason) in missing { dues.append(try await takeMissing(reason, batch)) }
    for (missing, due) in zip(missing, dues) { window.putBack(missing.batch.id, due: due) }
    putBack(others, due: .now)
    return nil
  }

  /// A token that nobody can renew.
  private var isStatic: Bool {
    if case .accessToken = target.auth { true } else { false }
  }

  private func send(
    _ load: Load, _ members: [WaitingBatch], token: String
  ) async -> Result<Answer, SendError> {
    let batch = members[0]
    var headers = api.headers.map { Header($0.0, $0.1) }
    headers.append(Header("Authorization", "Bearer \(token)"))
    headers.append(Header("CorrelationId", "\(batch.file)-\(batch.position)"))
    let request = Request(
      method: "POST", url: api.endpoint(base: target.url, successMode: batch.successMode), headers: headers,
      body: load.body, timeout: target.timeout,
      mostAnswerBytes: api.mostAnswerBytes(requestBytes: load.body.count, items: load.pieces.count))
    return await meters.send(request, over: connections)
  }

  // MARK: - What an answer asks for

  private func take(
    _ verdict: BatchVerdict, answer: Answer, facts: RequestFacts, _ members: [WaitingBatch], _ load: Load
  ) async throws(OutboxError) {
    let retryAfter = answer.header("retry-after").flatMap { RetryAfter.wait($0, now: .now) }
    switch verdict {
    case .settled(let verdicts):
      pace.succeeded(at: .now)
      company.isTrusting = true
      try await settle(members, load, verdicts, facts: facts)
    case .settledInPart(let verdicts, _) where 2 * verdicts.count(where: { $0 == .unacknowledged }) <= verdicts.count:
      pace.succeeded(at: .now)
      company.isTrusting = true
      try await settle(members, load, verdicts, facts: facts)
    case .split(let why), .settledInPart(_, let why):
      pace.succeeded(at: .now)
      company.isTrusting = true
      if members.count > 1 { return try await part(members, why: why) }
      for (batch, content) in zip(members, load.contents) {
        tell(split: batch, why: why)
        meters.split()
        let halves = content.halves
        let parts = try await outbox.split(batch.id, into: [halves.0, halves.1], why: why)
        replace(batch.id, by: parts)
        company.suspect(parts.map(\.id))
      }
    case .retry(let reason, let slowing):
      if slowing { pace.slow(reason, retryAfter: retryAfter, at: .now, jitter: .random(in: 0...1)) }
      if !slowing { company.suspectIfTrusting(members.map(\.id)) }
      try await retry(members, reason: reason, retryAfter: retryAfter, wasAnswered: true)
    case .hold(let reason), .renewToken(let reason):
      try await hold(reason, members)
    }
  }

  private func settle(
    _ members: [WaitingBatch], _ load: Load, _ verdicts: [ItemVerdict], facts: RequestFacts
  ) async throws(OutboxError) {
    var settlements: [(id: Int64, settlement: Settlement)] = []
    for (index, batch) in members.enumerated() {
      settlements.append((batch.id, settlement(of: batch, load.contents[index], load.verdicts(verdicts, of: index))))
    }
    let results = try await outbox.settle(settlements, request: facts)
    for (batch, (settled, result)) in zip(members, zip(settlements, results)) {
      tell(sent: batch, settled.settlement, status: facts.status)
      meters.settled(
        inbox: batch.inbox, accepted: settled.settlement.accepted, rejected: settled.settlement.refused.count)
      replace(batch.id, by: result.rest.map { [$0] } ?? [])
      if result.isFileComplete { fileNews.forget(batch.file) }
    }
    if results.contains(where: \.isFileComplete) { onSettled() }
  }

  private func settlement(of batch: WaitingBatch, _ content: Batch, _ verdicts: [ItemVerdict]) -> Settlement {
    let pieces = content.pieces ?? []
    var settlement = Settlement(accepted: 0, unchanged: 0, refused: [])
    var unnamed: Set<Int> = []
    for (index, verdict) in verdicts.enumerated() {
      var fault: ItemFault?
      switch verdict {
      case .accepted:
        settlement.accepted += 1
      case .unchanged:
        settlement.accepted += 1
        settlement.unchanged += 1
      case .rejected(let code, let message):
        fault = ItemFault(code, message)
      case .unacknowledged where batch.misses + 1 >= Lane.mostMisses:
        fault = ItemFault(
          .unacknowledged, "the API answered \(Lane.mostMisses) times without naming this item; it may have arrived")
      case .unacknowledged:
        unnamed.insert(index)
      }
      if let fault { settlement.refused.append(refusal(of: content.items[index], content.body[pieces[index]], fault)) }
    }
    if !unnamed.isEmpty { settlement.rest = content.filtered { unnamed.contains($0) } }
    return settlement
  }

  func refusal(of item: BatchItem, _ piece: ArraySlice<UInt8>?, _ fault: ItemFault) -> Refusal {
    Refusal(
      item: item.number, line: item.line, source: item.source, key: piece.flatMap { api.describe($0.span) },
      fault: fault)
  }

  // MARK: - What has to wait

  /// Only when nothing more is to be awaited: from here on they may be sent again, and that by another task.
  func putBack(_ members: [WaitingBatch], due: Timestamp) {
    for batch in members { window.putBack(batch.id, due: due) }
  }

  /// No answer: what that means depends on whether anything went out.
  private func takeFailure(_ error: SendError, _ members: [WaitingBatch]) async throws(OutboxError) {
    switch error.code {
    case .unanswered:
      if error.unanswered > 1 {
        for batch in members { try await outbox.countResent(batch.id, times: error.unanswered - 1) }
      }
      pace.stumbled(at: .now)
      company.suspectIfTrusting(members.map(\.id))
      try await retry(members, reason: error.description, retryAfter: nil, wasAnswered: false)
    case .notSent:
      // Nobody is there for any batch: the whole target waits, so that a long queue does not knock all the time.
      pace.slow(error.description, retryAfter: nil, at: .now, jitter: .random(in: 0.5...1))
      meters.sendsAgain(.unsent)
      try await takeBack(members, why: error.description)
    case .tls, .setup:
      meters.sendsAgain(.unsent)
      pace.hold(error.description, at: .now, jitter: .random(in: 0...1))
      try await takeBack(members, why: error.description)
    case .cancelled:
      // The daemon stops: whether the API has it is unknown, and stays counted.
      putBack(members, due: .now)
    }
  }

  /// Nothing went out.
  private func takeBack(_ members: [WaitingBatch], why: String) async throws(OutboxError) {
    for batch in members {
      tell(delayed: batch, why: why)
      try await outbox.takeBack(batch.id, why: why)
    }
    putBack(members, due: .now)
  }

  /// What the batch left in its claimed file can't be had: nothing went out. Returns when it is due again.
  private func takeMissing(_ reason: String, _ batch: WaitingBatch) async throws(OutboxError) -> Timestamp {
    try await outbox.takeBack(batch.id, why: reason)
    let failures = batch.failures + 1
    let due = Timestamp.now + backoff.ceiling(failures: failures)
    try await outbox.postpone(batch.id, until: due, failures: failures, why: reason, wasAnswered: false)
    batches[batch.id]?.failures = failures
    meters.sendsAgain(.unsent)
    tell(delayed: batch, why: reason, until: due, level: .error)
    return due
  }

  /// Sent again with backoff; what failed together comes back together.
  private func retry(
    _ members: [WaitingBatch], reason: String, retryAfter: Duration?, wasAnswered: Bool
  ) async throws(OutboxError) {
    meters.sendsAgain(wasAnswered ? .answer : .unanswered)
    // While a target is on hold, an attempt counts against nothing but the items' age.
    var isHeld = false
    if case .held = pace.state {
      isHeld = true
      pace.hold(reason, at: .now, jitter: .random(in: 0...1))
    }
    let (now, jitter) = (Timestamp.now, Double.random(in: 0...1))
    var dues: [Timestamp] = []
    for batch in members {
      let failures = batch.failures + (isHeld ? 0 : 1)
      let due = now + max(backoff.delay(failures: failures, jitter: jitter), retryAfter ?? .zero)
      try await outbox.postpone(batch.id, until: due, failures: failures, why: reason, wasAnswered: wasAnswered)
      batches[batch.id]?.failures = failures
      batches[batch.id]?.attempts += 1
      if !wasAnswered { batches[batch.id]?.unanswered += 1 }
      tell(delayed: batch, why: reason, until: due)
      dues.append(due)
    }
    for (batch, due) in zip(members, dues) { window.putBack(batch.id, due: due) }
  }

  private func hold(_ reason: String, _ members: [WaitingBatch]) async throws(OutboxError) {
    meters.sendsAgain(.hold)
    pace.hold(reason, at: .now, jitter: .random(in: 0...1))
    for batch in members {
      tell(delayed: batch, why: reason)
      try await outbox.postpone(batch.id, until: .now, failures: batch.failures, why: reason, wasAnswered: true)
    }
    putBack(members, due: .now)
  }

  /// No token: nothing was sent.
  private func wait(for error: TokenError, _ members: [WaitingBatch]) {
    meters.sendsAgain(.unsent)
    for batch in members { tell(delayed: batch, why: error.reason) }
    if error.isRefusal {
      pace.hold(error.reason, at: .now, jitter: .random(in: 0...1))
    } else {
      pace.slow(error.reason, retryAfter: error.retryAfter, at: .now, jitter: .random(in: 0.5...1))
    }
    putBack(members, due: .now)
  }
}
