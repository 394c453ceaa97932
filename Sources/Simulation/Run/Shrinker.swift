internal import Core

/// Makes a world that breaks a promise smaller, as long as it still breaks the same promise.
///
/// Delta debugging over the plan: removes whatever can be removed, many things at once first, and simplifies whatever
/// can be simplified.
package struct Shrinker: Sendable {
  /// The most runs; each is a whole world.
  package var mostRuns: Int
  private let kind: Violation.Kind
  private let run: @Sendable (WorldPlan) async -> Violation?
  private var runs = 0

  package init(
    _ violation: Violation, mostRuns: Int = 3000, run: @escaping @Sendable (WorldPlan) async -> Violation?
  ) {
    kind = violation.kind
    self.mostRuns = mostRuns
    self.run = run
  }

  /// The smallest plan found.
  package mutating func shrink(_ plan: WorldPlan) async -> WorldPlan {
    var best = plan
    var before: WorldPlan
    repeat {
      before = best
      await leaveOut(\.events, &best)
      await leaveOut(\.rules, &best)
      await leaveOut(\.answers, &best)
      await leaveOutFiles(&best)
      for file in best.files.indices { await leaveOut(\.files[file].items, &best) }
      for change in WorldPlan.simplifications {
        var simpler = best
        change(&simpler)
        _ = await take(simpler, &best)
      }
      await simplifyParts(&best)
    } while best != before && runs < mostRuns
    return best
  }

  private mutating func take(_ plan: WorldPlan, _ best: inout WorldPlan) async -> Bool {
    guard plan != best, runs < mostRuns else { return false }
    runs += 1
    guard await run(plan)?.kind == kind else { return false }
    best = plan
    return true
  }

  /// Removes parts of a list: halves, then quarters, down to single elements.
  private mutating func leaveOut<Element>(
    _ list: WritableKeyPath<WorldPlan, [Element]>, _ best: inout WorldPlan
  ) async {
    var size = max(1, best[keyPath: list].count / 2)
    while true {
      var start = 0
      while start < best[keyPath: list].count {
        var smaller = best
        smaller[keyPath: list].removeSubrange(start..<min(start + size, best[keyPath: list].count))
        if await !take(smaller, &best) { start += size }
      }
      guard size > 1 else { return }
      size /= 2
    }
  }

  private mutating func leaveOutFiles(_ best: inout WorldPlan) async {
    var size = max(1, best.files.count / 2)
    while true {
      var start = 0
      while start < best.files.count, best.files.count > 1 {
        let smaller = best.without(files: start..<min(start + size, best.files.count))
        if await !take(smaller, &best) { start += size }
      }
      guard size > 1 else { return }
      size /= 2
    }
  }

  private mutating func simplifyParts(_ best: inout WorldPlan) async {
    for index in best.files.indices {
      for change in FilePlan.simplifications {
        var simpler = best
        change(&simpler.files[index])
        _ = await take(simpler, &best)
      }
      for item in best.files[index].items.indices {
        for change in ItemPlan.simplifications {
          var simpler = best
          change(&simpler.files[index].items[item])
          _ = await take(simpler, &best)
        }
      }
    }
    for index in best.targets.indices {
      for change in TargetPlan.simplifications {
        var simpler = best
        change(&simpler.targets[index])
        _ = await take(simpler, &best)
      }
    }
    for index in best.inboxes.indices {
      for change in InboxPlan.simplifications {
        var simpler = best
        change(&simpler.inboxes[index])
        _ = await take(simpler, &best)
      }
    }
    for index in best.rules.indices {
      var simpler = best
      simpler.rules[index].oneIn = 1
      _ = await take(simpler, &best)
      simpler = best
      simpler.rules[index].from = 0
      _ = await take(simpler, &best)
    }
    for index in best.events.indices {
      for change in PlannedEvent.simplifications {
        var simpler = best
        change(&simpler.events[index])
        _ = await take(simpler, &best)
      }
    }
  }
}

extension WorldPlan {
  /// Without these files or the events that concern them; the other files are renumbered.
  fileprivate func without(files range: Range<Int>) -> WorldPlan {
    var plan = self
    plan.files.removeSubrange(range)
    func moved(_ file: Int) -> Int? {
      range.contains(file) ? nil : file < range.lowerBound ? file : file - range.count
    }
    plan.events = events.compactMap { event in
      var event = event
      switch event.what {
      case .cancel(let file): event.what = .cancel(file: moved(file) ?? -1)
      case .retryFile(let file): event.what = .retryFile(moved(file) ?? -1)
      case .hideOriginal(let file, let lasts): event.what = .hideOriginal(file: moved(file) ?? -1, lasts: lasts)
      case .changeOriginal(let file): event.what = .changeOriginal(file: moved(file) ?? -1)
      case .damage(let file): event.what = .damage(file: moved(file) ?? -1)
      default: return event
      }
      return event.isAboutNothing ? nil : event
    }
    return plan
  }

  fileprivate static let simplifications: [@Sendable (inout WorldPlan) -> Void] = [
    { plan in
      for index in plan.inboxes.indices { plan.inboxes[index].target = 0 }
      for index in plan.rules.indices { plan.rules[index].target = 0 }
      plan.events.removeAll { $0.isAboutTargets }
      plan.targets.removeSubrange(1...)
    },
    { plan in
      for index in plan.files.indices { plan.files[index].inbox = 0 }
      plan.events.removeAll { $0.isAboutInboxes }
      plan.inboxes.removeSubrange(1...)
    },
    { $0.usesTinyLimits = false },
    { $0.storeDelay = 0 },
    { $0.storeDelay = min($0.storeDelay, 1) },
    { $0.retryInitial = 1000 },
    { $0.retryMax = 8000 },
    { $0.maxAge = 432_000_000 },
    { $0.healsWhenCalm = true },
    { $0.calmAt = $0.rules.map(\.to).max() ?? 1000 },
    { $0.seed = 1 },
  ]
}

extension FilePlan {
  fileprivate static let simplifications: [@Sendable (inout FilePlan) -> Void] = [
    { $0.inbox = 0 },
    { $0.reading = .fine },
    { $0.droppedAt = 0 },
    { $0.droppedAt = $0.droppedAt / 1000 * 1000 },
    { $0.readTime = 5 },
  ]
}

extension ItemPlan {
  fileprivate static let simplifications: [@Sendable (inout ItemPlan) -> Void] = [
    { $0.nature = .good },
    { $0.key = 0 },
    { $0.key /= 2 },
  ]
}

extension TargetPlan {
  fileprivate static let simplifications: [@Sendable (inout TargetPlan) -> Void] = [
    { $0.concurrency = 1 },
    { $0.concurrency = min($0.concurrency, 2) },
    { $0.maxRequestsPerSecond = nil },
    { $0.maxItems = 1 },
    { $0.maxItems = min($0.maxItems, 2) },
    { $0.linger = nil },
    { $0.timeout = 3000 },
    { $0.keepsKeysApart = true },
  ]
}

extension InboxPlan {
  fileprivate static let simplifications: [@Sendable (inout InboxPlan) -> Void] = [
    { $0.target = 0 },
    { $0.ordering = .key },
    { $0.successMode = .partial },
    { $0.isKeyed = true },
  ]
}

extension PlannedEvent {
  fileprivate static let simplifications: [@Sendable (inout PlannedEvent) -> Void] = [
    { event in
      switch event.what {
      case .crash: event.what = .crash(downFor: 0)
      case .powerCut(let commits, _, let step): event.what = .powerCut(commits: commits, downFor: 0, step: step)
      case .stop: event.what = .stop(downFor: 0)
      case .failReads: event.what = .failReads(1)
      case .failWrites: event.what = .failWrites(1)
      case .fillDisk: event.what = .fillDisk(lasts: 100)
      case .pause(let target, _): event.what = .pause(target: target, lasts: 100)
      default: break
      }
    },
    { event in
      if case .powerCut(let commits, let downFor, _) = event.what {
        event.what = .powerCut(commits: commits, downFor: downFor, step: 0)
      }
    },
    { event in
      if case .powerCut(_, let downFor, let step) = event.what {
        event.what = .powerCut(commits: 1, downFor: downFor, step: step)
      }
    },
  ]

  fileprivate var isAboutNothing: Bool {
    switch what {
    case .cancel(let file), .retryFile(let file), .hideOriginal(let file, _), .changeOriginal(let file),
      .damage(let file):
      file < 0
    default: false
    }
  }

  fileprivate var isAboutTargets: Bool {
    switch what {
    case .retryTarget(let target), .pause(let target, _): target > 0
    case .reload(.concurrency(let target, _)), .reload(.remove(let target)), .reload(.restore(let target)),
      .reload(.route(_, let target)):
      target > 0
    default: false
    }
  }

  fileprivate var isAboutInboxes: Bool {
    switch what {
    case .reload(.route(let inbox, _)), .reload(.ordering(let inbox, _)): inbox > 0
    default: false
    }
  }
}
