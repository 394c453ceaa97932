internal import Delivery
internal import Logging
internal import Outbox
internal import Sender
internal import Settings
internal import TargetAPI

extension Lane {
  /// Sends one batch and does what the answer asks for.
  func deliver(_ batch: WaitingBatch) async {
    do {
      try await attempt(batch)
      instruments.troubles.end("the outbox can't be written", in: "target \(target.name)", logger: logger)
    } catch {
      takeTrouble(error, batch)
    }
    underWay.remove(batch.id)
    if cancelled.contains(batch.file) {
      do { _ = try await refuseCancelled(batch.file) } catch {
        logger.error("the outbox can't be written; the file is not cancelled", metadata: ["reason": "\(error)"])
      }
    }
    signal.raise()
  }

  private func attempt(_ batch: WaitingBatch) async throws(OutboxError) {
    // A token that the API no longer takes is replaced once; a fresh one that it does not take either holds the target.
    for isSecondTry in [false, true] {
      let token: String
      do {
        token = try await tokens.token()
      } catch {
        return wait(for: error, batch)
      }
      let queued = try await outbox.lease(batch.id, dueAfterCrash: dueAfterCrash(of: batch))
      let content: Batch
      do {
        content = try await originals.whole(queued, of: batch)
      } catch {
        return try await takeMissing("\(error)", batch)
      }
      let sentAt = Timestamp.now
      let result = await send(content.body, batch, token: token)
      switch result {
      case .failure(let error):
        return try await takeFailure(error, batch)
      case .success(let answer):
        if answer.unanswered > 0 { try await outbox.countResent(batch.id, times: answer.unanswered) }
        let pieces = content.pieces?.map { content.body[$0] } ?? []
        let verdict = api.judge(
          status: answer.status, body: answer.body, pieces: pieces, successMode: batch.successMode
        ).discreet(about: [content.body, Array(token.utf8)])
        if case .renewToken(let reason) = verdict {
          await tokens.discard(token)
          guard isSecondTry || isStatic else {
            try await outbox.postpone(
              batch.id, until: .now, failures: batch.failures, why: reason, wasAnswered: true)
            if cancelled.contains(batch.file) { return }
            continue
          }
          return try await hold(reason, batch)
        }
        let facts = RequestFacts(
          status: answer.status, requestID: answer.header("lusid-meta-requestid"), sentAt: sentAt)
        return try await take(verdict, answer: answer, facts: facts, batch, content)
      }
    }
  }

  /// When a batch may be sent again whose request, under way now, the daemon does not survive.
  private func dueAfterCrash(of batch: WaitingBatch) -> Timestamp {
    .now + backoff.ceiling(failures: batch.unanswered + 1)
  }

  /// A token that nobody can renew.
  private var isStatic: Bool {
    if case .accessToken = target.auth { true } else { false }
  }

  private func send(
    _ body: [UInt8], _ batch: WaitingBatch, token: String
  ) async -> Result<Answer, SendError> {
    var headers = api.headers.map { Header($0.0, $0.1) }
    headers.append(Header("Authorization", "Bearer \(token)"))
    headers.append(Header("CorrelationId", "\(batch.file)-\(batch.position)"))
    let request = Request(
      method: "POST", url: api.endpoint(base: target.url, successMode: batch.successMode), headers: headers, body: body,
      timeout: target.timeout)
    return await meters.send(request, over: connections)
  }

  // MARK: - What an answer asks for

  private func take(
    _ verdict: BatchVerdict, answer: Answer, facts: RequestFacts, _ batch: WaitingBatch, _ content: Batch
  ) async throws(OutboxError) {
    let retryAfter = answer.header("retry-after").flatMap { RetryAfter.wait($0, now: .now) }
    switch verdict {
    case .settled(let verdicts):
      pace.succeeded(at: .now)
      try await settle(batch, content, verdicts, facts: facts)
    case .split(let why):
      pace.succeeded(at: .now)
      tell(split: batch, why: why)
      meters.split()
      let halves = content.halves
      replace(batch.id, by: try await outbox.split(batch.id, into: [halves.0, halves.1], why: why))
    case .retry(let reason, let slowing):
      if slowing { pace.slow(reason, retryAfter: retryAfter, at: .now, jitter: .random(in: 0...1)) }
      try await retry(batch, reason: reason, retryAfter: retryAfter, wasAnswered: true)
    case .hold(let reason), .renewToken(let reason):
      try await hold(reason, batch)
    }
  }

  private func settle(
    _ batch: WaitingBatch, _ content: Batch, _ verdicts: [ItemVerdict], facts: RequestFacts
  ) async throws(OutboxError) {
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
    let (rest, isFileComplete) = try await outbox.settle(batch.id, settlement, request: facts)
    tell(sent: batch, settlement, status: facts.status)
    meters.settled(
      inbox: batch.inbox, accepted: settlement.accepted, rejected: settlement.refused.count)
    replace(batch.id, by: rest.map { [$0] } ?? [])
    if isFileComplete {
      fileNews.forget(batch.file)
      onSettled()
    }
  }

  func refusal(of item: BatchItem, _ piece: ArraySlice<UInt8>?, _ fault: ItemFault) -> Refusal {
    Refusal(
      item: item.number, line: item.line, source: item.source, key: piece.flatMap { api.describe($0.span) },
      fault: fault)
  }

  // MARK: - What has to wait

  /// No answer: what that means depends on whether anything went out.
  private func takeFailure(_ error: SendError, _ batch: WaitingBatch) async throws(OutboxError) {
    switch error.code {
    case .unanswered:
      if error.unanswered > 1 { try await outbox.countResent(batch.id, times: error.unanswered - 1) }
      pace.stumbled(at: .now)
      try await retry(batch, reason: error.description, retryAfter: nil, wasAnswered: false)
    case .notSent:
      // Nobody is there for any batch: the whole target waits, so that a long queue does not knock all the time.
      pace.slow(error.description, retryAfter: nil, at: .now, jitter: .random(in: 0.5...1))
      meters.sendsAgain(.unsent)
      tell(delayed: batch, why: error.description)
      try await outbox.takeBack(batch.id, why: error.description)
      window.putBack(batch.id, due: .now)
    case .tls, .setup:
      meters.sendsAgain(.unsent)
      tell(delayed: batch, why: error.description)
      pace.hold(error.description, at: .now, jitter: .random(in: 0...1))
      try await outbox.takeBack(batch.id, why: error.description)
      window.putBack(batch.id, due: .now)
    case .cancelled:
      // The daemon stops: whether the API has it is unknown, and stays counted.
      window.putBack(batch.id, due: .now)
    }
  }

  /// What the batch left in its claimed file can't be had: nothing went out.
  private func takeMissing(_ reason: String, _ batch: WaitingBatch) async throws(OutboxError) {
    try await outbox.takeBack(batch.id, why: reason)
    let failures = batch.failures + 1
    let due = Timestamp.now + backoff.ceiling(failures: failures)
    try await outbox.postpone(batch.id, until: due, failures: failures, why: reason, wasAnswered: false)
    batches[batch.id]?.failures = failures
    window.putBack(batch.id, due: due)
    meters.sendsAgain(.unsent)
    tell(delayed: batch, why: reason, until: due, level: .error)
  }

  /// Sent again with backoff.
  private func retry(
    _ batch: WaitingBatch, reason: String, retryAfter: Duration?, wasAnswered: Bool
  ) async throws(OutboxError) {
    meters.sendsAgain(wasAnswered ? .answer : .unanswered)
    // While a target is on hold, an attempt counts against nothing but the items' age.
    var failures = batch.failures
    if case .held = pace.state {
      pace.hold(reason, at: .now, jitter: .random(in: 0...1))
    } else {
      failures += 1
    }
    let wait = max(backoff.delay(failures: failures, jitter: .random(in: 0...1)), retryAfter ?? .zero)
    let due = Timestamp.now + wait
    try await outbox.postpone(batch.id, until: due, failures: failures, why: reason, wasAnswered: wasAnswered)
    batches[batch.id]?.failures = failures
    batches[batch.id]?.attempts += 1
    if !wasAnswered { batches[batch.id]?.unanswered += 1 }
    window.putBack(batch.id, due: due)
    tell(delayed: batch, why: reason, until: due)
  }

  private func hold(_ reason: String, _ batch: WaitingBatch) async throws(OutboxError) {
    meters.sendsAgain(.hold)
    tell(delayed: batch, why: reason)
    pace.hold(reason, at: .now, jitter: .random(in: 0...1))
    try await outbox.postpone(batch.id, until: .now, failures: batch.failures, why: reason, wasAnswered: true)
    window.putBack(batch.id, due: .now)
  }

  /// No token: nothing was sent.
  private func wait(for error: TokenError, _ batch: WaitingBatch) {
    meters.sendsAgain(.unsent)
    tell(delayed: batch, why: error.reason)
    if error.isRefusal {
      pace.hold(error.reason, at: .now, jitter: .random(in: 0...1))
    } else {
      pace.slow(error.reason, retryAfter: error.retryAfter, at: .now, jitter: .random(in: 0.5...1))
    }
    window.putBack(batch.id, due: .now)
  }
}
