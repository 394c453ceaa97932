internal import Core
internal import Engine

extension Settlement {
  /// Rejects all of these, for one reason.
  init(rejecting items: [BatchItem], _ code: RejectCode) {
    self.init(
      accepted: 0, unchanged: 0, rejects: items.map { Reject($0, ItemFault(code, code.rawValue)) },
      ranges: items.map(\.number).ranges)
  }

  /// What an answer says about a batch; `misses` counts earlier answers that left items out.
  init(_ verdicts: some Collection<ItemVerdict>, of batch: Batch, misses: Int) {
    self.init(accepted: 0, unchanged: 0, rejects: [])
    var unnamed: Set<Int> = []
    var settled: [Int] = []
    for (index, (item, verdict)) in zip(batch.items, verdicts).enumerated() {
      switch verdict {
      case .accepted: accepted += 1
      case .unchanged:
        accepted += 1
        unchanged += 1
      case .rejected(let code, let message): rejects.append(Reject(item, ItemFault(code, message)))
      case .unacknowledged where misses >= 2:
        rejects.append(Reject(item, ItemFault(.unacknowledged, "three answers did not name it")))
      case .unacknowledged:
        unnamed.insert(index)
        continue
      }
      settled.append(item.number)
    }
    ranges = settled.ranges
    if !unnamed.isEmpty { rest = batch.filtered { unnamed.contains($0) } }
  }
}

extension Reject {
  init(_ item: BatchItem, _ fault: ItemFault) {
    self.init(item: item.number, line: item.line, source: item.source, key: nil, fault: fault)
  }
}

extension [Int] {
  /// Ascending numbers as ranges.
  fileprivate var ranges: [ClosedRange<Int>] {
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

extension DispatchState.Outcome {
  /// Whether it is unknown what the request applied.
  var isOpen: Bool {
    switch self {
    case .split(_, let isOpen): isOpen
    case .retry(_, _, _, let isOpen, _): isOpen
    case .lost, .unanswered, .abandoned: true
    default: false
    }
  }

  /// Whether a complete answer came.
  var isAnswer: Bool {
    switch self {
    case .settled, .split, .retry, .hold, .unauthorized: true
    default: false
    }
  }
}
