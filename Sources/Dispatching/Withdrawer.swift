internal import APIs
internal import Core
internal import Engine

/// Rejects items without another attempt: those of a cancelled file, or of a file that is too old.
struct Withdrawer: Sendable {
  /// The outcome of one page of a file's batches.
  struct Page: Sendable {
    var file: LineFile?
    /// The batches that were rejected.
    var batches: [WaitingBatch] = []
    var items = 0
    /// How far the file has been processed; nil if it has no more batches.
    var position: String?
    var isFileComplete = false
  }

  let outbox: any DispatchStore
  let bodies: BodyLoader
  /// Nil if the configuration no longer has the target.
  let routeAPIs: RouteAPIs?
  let maxAge: Duration

  /// Enough rejected items for a few commits.
  private static let pageSize = 40

  /// - Parameter obstacle: why the target delivers nothing now; nil if it does.
  func withdraw(_ order: DispatchState.Withdrawal, obstacle: String?) async throws(OutboxError) -> Page {
    let found = try await outbox.batches(of: order.file, after: order.after, limit: Self.pageSize)
    var page = Page(file: found.files[order.file])
    if !found.isEnd { page.position = (found.batches.map(\.name.position) + found.damaged.map(\.position)).max() }
    var changes: [(name: BatchName, change: BatchChange)] = []
    for batch in found.batches where !order.spares(batch.name) {
      guard let content = try await outbox.content(of: batch.name), let file = page.file else { continue }
      let rejects = await rejects(batch, content, file, order.cause, obstacle: obstacle)
      changes.append(
        (
          batch.name,
          .settle(
            Settlement(accepted: 0, unchanged: 0, rejects: rejects, ranges: content.batch.items.map(\.number).ranges))
        ))
      page.batches.append(batch)
      page.items += rejects.count
    }
    guard !changes.isEmpty else { return page }
    let results = try await outbox.apply(changes, request: nil)
    page.isFileComplete = results.contains(where: \.isFileComplete)
    return page
  }

  private func rejects(
    _ batch: WaitingBatch, _ content: QueuedContent, _ file: LineFile, _ cause: DispatchState.WithdrawalCause,
    obstacle: String?
  ) async -> [Reject] {
    var fault: ItemFault
    switch cause {
    case .cancelled: fault = ItemFault(.cancelled, "cancelled by an operator")
    case .expired:
      fault = ItemFault(.expired, "not accepted within \(maxAge.text) of its arrival (retry.max_age)")
      if let problem = content.problem ?? obstacle { fault.message += "; last problem: \(problem)" }
    }
    if batch.unanswered > 0 {
      fault.message += "; it may have been applied: a request that contained it got no clear answer"
    }
    // The key is for people to read: if the file is gone or changed, the receipt leaves it out.
    let whole = routeAPIs == nil ? nil : try? await bodies.load(content.batch, of: file).batch
    var pieces: [Int: Range<Int>] = [:]
    if let whole, let places = whole.pieces {
      for (item, place) in zip(whole.items, places) { pieces[item.number] = place }
    }
    let api = routeAPIs?[file.inbox, file.name]
    return content.batch.items.map { item in
      let piece = pieces[item.number].flatMap { whole?.body[$0] }
      return Reject(item, key: piece.flatMap { api?.describe($0.span) }, fault: fault)
    }
  }
}
