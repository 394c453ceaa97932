internal import Core

/// Deadlines: what must have happened by when.
extension WorldPlan {
  /// Everything has ended.
  var deadline: Int64 {
    // Items that the API never takes end by their age, even if a power cut took back the claim.
    let isLost = events.contains {
      switch $0.what {
      case .changeOriginal, .reload: true
      default: false
      }
    }
    return goodDeadline + (!hopelessFiles.isEmpty || isLost || maxAge < 1_000_000 ? maxAge : 0)
  }

  /// Every file that the API takes, and that waits for no other, is done.
  var goodDeadline: Int64 {
    let items = Int64(files.reduce(0) { $0 + $1.items.count })
    let hopelessItems = Int64(hopelessFiles.reduce(0) { $0 + files[$1].items.count { !$0.nature.ends } })
    let slowest = targets.map { 1000 / ($0.maxRequestsPerSecond ?? 1000) }.max() ?? 0
    let timeout = targets.map(\.timeout).max() ?? 0
    let linger = targets.map { $0.linger ?? 0 }.max() ?? 0
    // A retry-after, a hold and a backoff may just have begun; each halving takes five of them. An item may need a
    // request of its own, and a request may need a page, a lease and a settlement.
    return lastTrouble + 30_000 + 20 * retryMax + 10 * timeout + items * (200 + 2 * linger + 6 * storeDelay)
      + Int64(Double(items) * slowest * 4) + hopelessItems * (10 * retryMax + timeout)
  }

  /// Files with items that the API never takes.
  var hopelessFiles: Set<Int> {
    guard !healsWhenCalm else { return [] }
    return Set(files.indices.filter { files[$0].items.contains { !$0.nature.ends } })
  }

  /// How many files have to succeed before an item that never does is separated from seven others.
  static let neighbourCount = 20

  /// Good items in files with items that the API never takes. Each has a key of its own, and other files of the target
  /// succeed all the time, so nothing explains it if they are not settled.
  var neighbours: [(file: Int, item: Int)] {
    let hopeless = hopelessFiles
    let good = files.filter { file in
      file.droppedAt >= calmAt && !file.items.isEmpty && file.items.allSatisfy { $0.nature == .good }
    }
    let keys = files.flatMap { $0.items.map(\.key) }
    guard !hopeless.isEmpty, events.isEmpty, targets.count == 1, Set(keys).count == keys.count,
      inboxes.allSatisfy({ $0.isKeyed && $0.ordering == .key && $0.successMode == .partial }),
      good.count >= Self.neighbourCount * hopeless.count
    else { return [] }
    return hopeless.sorted().flatMap { file in
      files[file].items.indices.filter { files[file].items[$0].nature == .good }.map { (file, $0) }
    }
  }

  /// The most requests at once that any configuration of a target allows.
  func mostConcurrency(of target: Int) -> Int {
    events.reduce(targets[target].concurrency) { most, event in
      guard case .reload(.concurrency(target, let concurrency)) = event.what else { return most }
      return max(most, concurrency)
    }
  }

  var isEverRemoved: Bool {
    events.contains {
      if case .reload(.remove) = $0.what { true } else { false }
    }
  }

  /// When the last planned fault or event is over.
  private var lastTrouble: Int64 {
    var last = calmAt
    for file in files {
      last = max(last, file.droppedAt + file.readTime)
      // A file is tried for at most an hour.
      if case .unreadable(let until) = file.reading { last = max(last, min(until, file.droppedAt + 3_700_000)) }
    }
    for event in events {
      switch event.what {
      case .hideOriginal(_, let lasts), .fillDisk(let lasts), .failKeyRuns(let lasts), .pause(_, let lasts):
        last = max(last, calmAt + lasts)
      case .crash(let downFor), .stop(let downFor), .powerCut(_, let downFor, _): last += downFor + 20_000
      default: break
      }
    }
    return last
  }
}

extension ItemPlan.Nature {
  /// The natures that the API never settles.
  static let endless = allCases.filter { !$0.ends }

  /// Whether the API settles it in the end.
  var ends: Bool {
    switch self {
    case .failing, .cutting, .cuttingLate, .forbidden: false
    default: true
    }
  }
}
