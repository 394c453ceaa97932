internal import Core
internal import Engine

/// The daemon's configuration; a reload changes it.
struct Configuration {
  struct Target {
    var options: DispatchOptions
    var timeout: Int64
    /// A removed target sends nothing; its files can still be cancelled, and expire.
    var isThere = true
  }

  struct Inbox {
    var target: Int
    var ordering: Ordering
    var isKeyed: Bool
    var successMode: SuccessMode
  }

  var targets: [Target]
  var inboxes: [Inbox]

  init(_ plan: WorldPlan) {
    targets = plan.targets.map { target in
      var options = DispatchOptions()
      options.concurrency = target.concurrency
      options.maxRequestsPerSecond = target.maxRequestsPerSecond
      options.backoff = Backoff(initial: .milliseconds(plan.retryInitial), max: .milliseconds(plan.retryMax))
      options.maxAge = .milliseconds(plan.maxAge)
      options.maxItems = target.maxItems
      options.linger = target.linger.map { .milliseconds($0) }
      options.keepsKeysApart = target.keepsKeysApart
      return Target(options: options, timeout: target.timeout)
    }
    inboxes = plan.inboxes.map { inbox in
      Inbox(
        target: inbox.target, ordering: inbox.ordering, isKeyed: inbox.isKeyed, successMode: inbox.successMode)
    }
  }

  /// Returns the targets whose dispatch has to be rebuilt.
  mutating func take(_ reload: PlannedEvent.Reload) -> [Int] {
    switch reload {
    case .same: return Array(targets.indices)
    case .concurrency(let target, let concurrency):
      targets[target].options.concurrency = concurrency
      return [target]
    case .remove(let target):
      targets[target].isThere = false
      return [target]
    case .restore(let target):
      targets[target].isThere = true
      return [target]
    case .route(let inbox, let target): inboxes[inbox].target = target
    case .ordering(let inbox, let ordering): inboxes[inbox].ordering = ordering
    }
    return []
  }
}
