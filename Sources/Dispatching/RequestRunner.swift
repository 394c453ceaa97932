internal import APIs
internal import Core
internal import Engine
package import HTTPClient
internal import Runtime
package import Settings
internal import Telemetry

/// Makes one request: leases its batches, gathers their bytes, sends them, and reads the answer.
///
/// What follows from the outcome is decided elsewhere.
struct RequestRunner: Sendable {
  /// How a request ended, and what is needed to record it.
  struct Report: Sendable {
    var outcome: DispatchState.Outcome
    /// The contents of each batch, if they were read.
    var contents: [Batch] = []
    /// For each batch, the items that are not in `contents` because the claimed file no longer holds what was checked.
    var changed: [[BatchItem]] = []
    /// For each batch, the verdicts on its items, if there is an answer.
    var verdicts: [[ItemVerdict]] = []
    /// How the API names the accepted records of each batch; nil for those whose file does not list them.
    var names: [RecordNames?] = []
    /// Whether the answer was cut off: then an item is not to blame if it is not named.
    var isCut = false
    /// Nil if there was no complete answer.
    var facts: RequestFacts?
    /// An outbox error, for the log.
    var trouble: OutboxError?
  }

  let target: Target
  let api: any TargetAPI
  /// For what depends on a file's route.
  let routeAPIs: RouteAPIs
  let outbox: any DispatchStore
  let bodies: BodyLoader
  let connections: HTTPClient
  let tokens: TokenSource
  let meters: TargetMetrics

  /// How many answers may leave an item unnamed before it is given up.
  static let mostMisses = 3

  func run(_ requestPlan: DispatchState.RequestPlan) async -> Report {
    let token: String
    do {
      token = try await tokens.token()
    } catch {
      return Report(outcome: .noToken(why: error.hindrance, isRefusal: error.isRefusal, retryAfter: error.retryAfter))
    }
    let queued: [QueuedBatch]
    do {
      switch try await outbox.lease(
        requestPlan.batches.map { ($0.name, $0.attempts) }, dueAfterCrash: requestPlan.dueAfterCrash)
      {
      case .leased(let batches): queued = batches
      case .stale: return Report(outcome: .stale)
      case .damaged(let names):
        let error = OutboxError(.damaged, path: "", reason: "batch \(names[0]) can't be read")
        return Report(outcome: .damaged(Set(names), why: "the outbox is damaged: \(error.reason)"), trouble: error)
      }
    } catch {
      return Report(outcome: .notLeased, trouble: error)
    }
    var (contents, missing, changed) = ([Batch](), [BatchName: String](), [[BatchItem]]())
    for (index, queued) in queued.enumerated() {
      do {
        let loaded = try await bodies.load(queued, of: requestPlan.files[index])
        contents.append(loaded.batch)
        changed.append(loaded.changed)
      } catch {
        // A batch without its bytes still has its items.
        contents.append(Batch(items: queued.items, body: []))
        changed.append([])
        missing[requestPlan.batches[index].name] = error.description
      }
    }
    let names = zip(requestPlan.batches, changed).filter { !$1.isEmpty }.map(\.0.name)
    if !names.isEmpty { return Report(outcome: .changed(Set(names)), contents: contents, changed: changed) }
    if !missing.isEmpty { return Report(outcome: .missing(missing), contents: contents) }
    return await exchange(requestPlan, contents, token)
  }

  private func exchange(
    _ requestPlan: DispatchState.RequestPlan, _ contents: [Batch], _ token: String
  ) async -> Report {
    let outgoing = OutgoingRequest(contents, api: api)
    let successMode = requestPlan.files[0].successMode
    let url = api.endpoint(base: target.url, successMode: successMode)
    let sentAt = Timestamp.now
    switch await send(outgoing, to: url, of: requestPlan.batches[0].name, token: token) {
    case .failure(let error):
      let outcome: DispatchState.Outcome =
        switch error.code {
        case .lost: .lost(why: Hindrance(error.description))
        case .unanswered: .unanswered(why: Hindrance(error.description))
        case .notSent: .notSent(why: wording.unsent(error, to: url))
        case .tls, .setup: .unusable(why: wording.unsent(error, to: url))
        case .cancelled: .abandoned
        }
      return Report(outcome: outcome, contents: contents)
    case .success(let answer):
      let answeredAt = Timestamp.now
      var report = Report(outcome: .abandoned, contents: contents)
      report.facts = RequestFacts(
        status: answer.status, requestID: api.requestIDHeader.flatMap { answer.header($0) }, sentAt: sentAt, url: url,
        answeredAt: answeredAt)
      let pieces = outgoing.pieces.map { outgoing.body[$0] }
      var names: RecordNames?
      var verdict: BatchVerdict
      if requestPlan.files.contains(where: \.listsAccepted) {
        var noted = RecordNames(count: pieces.count)
        verdict = api.judge(
          status: answer.status, body: answer.body, isCut: answer.isCut, pieces: pieces, successMode: successMode,
          noting: &noted)
        names = noted
      } else {
        verdict = api.judge(
          status: answer.status, body: answer.body, isCut: answer.isCut, pieces: pieces, successMode: successMode)
      }
      verdict = verdict.redacted(about: [outgoing.body, Array(token.utf8)])
      if case .renewToken = verdict {} else { await tokens.accepted(token) }
      report.outcome = await outcome(of: verdict, answer, token, url)
      report.isCut = if case .settledInPart = verdict { true } else { false }
      switch verdict {
      case .settled(let verdicts), .settledInPart(let verdicts, _):
        report.verdicts = contents.indices.map { outgoing.verdicts(verdicts, of: $0) }
        report.names = zip(contents.indices, requestPlan.files).map { index, file in
          file.listsAccepted ? names.map { $0.extracting(outgoing.places(of: index)) } : nil
        }
      default: break
      }
      return report
    }
  }

  private func send(
    _ outgoing: OutgoingRequest, to url: String, of name: BatchName, token: String
  ) async -> Result<Response, SendError> {
    var headers = api.headers.map { Header($0.0, $0.1) }
    headers.append(Header("Authorization", "Bearer \(token)"))
    if let header = api.batchNameHeader { headers.append(Header(header, "\(name.file)-\(name.position)")) }
    let request = Request(
      method: "POST", url: url, headers: headers, body: outgoing.body, timeout: target.timeout,
      mostAnswerBytes: api.mostAnswerBytes(requestBytes: outgoing.body.count, items: outgoing.pieces.count),
      isSentOnce: true)
    return await measured(request)
  }

  private func measured(_ request: Request) async -> Result<Response, SendError> {
    let bytes = request.body.count
    let began = ContinuousClock.now
    meters.began()
    do throws(SendError) {
      let answer = try await connections.send(request)
      meters.answered(status: answer.status, bytes: bytes, after: began.duration(to: .now))
      return .success(answer)
    } catch {
      let wasSent =
        switch error.code {
        case .lost, .unanswered, .cancelled: true
        case .notSent, .tls, .setup: false
        }
      meters.failed(bytes: bytes, wasSent: wasSent, after: began.duration(to: .now))
      return .failure(error)
    }
  }

  private var wording: HindranceWording { HindranceWording(target.auth) }

  private func outcome(
    of verdict: BatchVerdict, _ answer: Response, _ token: String, _ url: String
  ) async -> DispatchState.Outcome {
    let isSuccess = (200..<300).contains(answer.status)
    switch verdict {
    case .settled: return .settled(isSuccess: isSuccess)
    case .settledInPart(let verdicts, let why):
      // The missing part may have named the others. They are sent again, fewer at a time, so that the answer may fit.
      let namesNone = verdicts.allSatisfy { $0 == .unacknowledged }
      return namesNone ? .split(why: why, isOpen: isSuccess) : .settled(isSuccess: isSuccess)
    case .split(let why): return .split(why: why, isOpen: isSuccess)
    case .retry(let why, let slowing):
      return .retry(
        why: why, slowing: slowing, retryAfter: answer.header("retry-after").flatMap { RetryAfter.wait($0, now: .now) },
        isOpen: isSuccess, isBlamed: isSuccess || answer.status == 408 || answer.status >= 500)
    case .hold(let why): return .hold(why: wording.held(why, status: answer.status, by: url))
    case .renewToken(let why):
      return .unauthorized(why: wording.unauthorized(why, by: url), isRenewable: await tokens.discard(token))
    }
  }

  // MARK: - Recording

  /// The changes to record for each batch: none, one, or two that follow each other.
  func changes(
    _ decided: [DispatchState.MemberChange], _ requestPlan: DispatchState.RequestPlan, _ report: Report
  ) -> [[BatchChange]] {
    zip(requestPlan.batches, decided).enumerated().map { index, member in
      let (batch, change) = member
      switch change {
      case .none: return []
      case .settle:
        return [
          .settle(
            settlement(
              of: batch, in: requestPlan.files[index], report.contents[index], report.verdicts[index],
              report.names[index], isCut: report.isCut))
        ]
      case .halve(let retryState, let why, let isOpen):
        let halves = report.contents[index].halves
        return [.split([halves.0, halves.1], retryState, why: why, isOpen: isOpen)]
      case .postpone(let retryState, let why, let isOpen): return [.postpone(retryState, why: why, isOpen: isOpen)]
      case .takeBack(let retryState, let why): return [.takeBack(retryState, why: why)]
      case .rejectChanged:
        let fault = ItemFault(
          .fileChanged, "the file was changed after it was checked, so the item was not sent")
        let (items, rest) = (report.changed[index], report.contents[index])
        var settlement = Settlement(
          accepted: 0, unchanged: 0, rejects: items.map { Reject($0, key: nil, fault: fault) },
          rest: rest.items.isEmpty ? nil : rest, ranges: items.map(\.number).ranges)
        settlement.restCause = .unsent
        return [.takeBack(batch.retryState, why: nil), .settle(settlement)]
      }
    }
  }

  private func settlement(
    of batch: WaitingBatch, in file: LineFile, _ content: Batch, _ verdicts: [ItemVerdict], _ names: RecordNames?,
    isCut: Bool
  ) -> Settlement {
    let pieces = content.pieces ?? []
    var settlement = Settlement(accepted: 0, unchanged: 0, rejects: [])
    settlement.restCause = isCut ? .cutOff : .unnamed
    let api = routeAPIs[file.inbox, file.name]
    var unnamed: Set<Int> = []
    var key: [UInt8] = []
    var layout = KeyLayout()
    for (index, verdict) in verdicts.enumerated() {
      if let names, verdict == .accepted || verdict == .unchanged {
        key.removeAll(keepingCapacity: true)
        api.appendKey(ofPiece: content.body[pieces[index]].span, to: &key, noting: &layout)
        let item = content.items[index]
        settlement.acceptedItems.append(
          number: item.number, line: item.line, isUnchanged: verdict == .unchanged, key: key, record: names[index])
      }
      var fault: ItemFault?
      switch verdict {
      case .accepted:
        settlement.accepted += 1
      case .unchanged:
        settlement.accepted += 1
        settlement.unchanged += 1
      case .rejected(let code, let message):
        fault = ItemFault(code, message)
      case .unacknowledged where !isCut && batch.misses + 1 >= Self.mostMisses:
        fault = ItemFault(
          .unacknowledged,
          "the API answered \(Self.mostMisses) times without naming this item; it may have been applied")
      case .unacknowledged:
        unnamed.insert(index)
      }
      if let fault {
        // The key is for people to read.
        let key = api.describe(content.body[pieces[index]].span)
        settlement.rejects.append(Reject(content.items[index], key: key, fault: fault))
      }
    }
    if !unnamed.isEmpty { settlement.rest = content.filtered { unnamed.contains($0) } }
    settlement.ranges =
      content.items.indices.lazy.filter { !unnamed.contains($0) }.map { content.items[$0].number }.ranges
    return settlement
  }
}

extension Sequence<Int> {
  /// Consecutive numbers, as ranges.
  var ranges: [ClosedRange<Int>] {
    var ranges: [ClosedRange<Int>] = []
    for number in self {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges
  }
}

extension ConnectionOptions {
  package init(_ target: Target) {
    self.init(
      concurrency: target.concurrency, caFile: target.caFile, clientCert: target.clientCert,
      clientKey: target.clientKey,
      proxy: target.proxy.map {
        Proxy(address: $0.address, username: $0.username, password: $0.password?.value)
      }, userAgent: "upsertd/\(Version.text)")
  }
}
