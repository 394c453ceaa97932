internal import Core

extension WorldPlan {
  /// A world determined by its seed.
  package static func drawn(seed: UInt64, usesSQLite: Bool = false) -> WorldPlan {
    var random = Randomness(seed: seed)
    var plan = WorldPlan(seed: random.next())
    plan.usesSQLite = usesSQLite
    var drawing = WorldDrawing(random: random, plan: plan)
    drawing.draw()
    return drawing.plan
  }
}

private struct WorldDrawing {
  var random: Randomness
  var plan: WorldPlan
  /// How much goes wrong; 0 means nothing.
  private var trouble = 0
  /// How long files are dropped and faults begin.
  private var span: Int64 = 0

  init(random: Randomness, plan: WorldPlan) {
    self.random = random
    self.plan = plan
  }

  private mutating func milliseconds(_ range: ClosedRange<Int64>) -> Int64 {
    Int64(random.number(Int(range.lowerBound)...Int(range.upperBound)))
  }

  mutating func draw() {
    trouble = random.element(of: [0, 1, 1, 2, 2, 3])
    span = milliseconds(1000...random.element(of: [2000, 10_000, 60_000]))
    plan.calmAt = span
    plan.usesTinyLimits = random.once(in: 2)
    plan.storeDelay = random.element(of: [0, 1, 5, 20, 100])
    plan.retryInitial = random.element(of: [100, 500, 1000])
    plan.retryMax = plan.retryInitial * random.element(of: [2, 8, 30])
    plan.healsWhenCalm = random.number(1...3) > 1
    if !plan.healsWhenCalm || random.once(in: 4) {
      plan.maxAge = random.once(in: 3) ? 60_000 + 100 * plan.retryMax : milliseconds(5000...120_000)
    }
    drawTargets()
    drawInboxes()
    switch random.number(1...24) {
    case 1...2: drawBacklog()
    case 3: if random.once(in: 2) { drawStubborn() } else { drawNeighbours() }
    default: drawFiles()
    }
    guard trouble > 0 else { return }
    drawRules()
    // Neighbours are judged by what the API does alone, so no events are drawn for them.
    if plan.neighbours.isEmpty { drawEvents() }
  }

  // MARK: - Targets, inboxes and files

  private mutating func drawTargets() {
    for _ in 1...random.element(of: [1, 1, 1, 2]) {
      var target = TargetPlan()
      target.keepsKeysApart = random.once(in: 2)
      target.concurrency = random.element(of: [1, 1, 2, 3, 4, 8])
      target.maxRequestsPerSecond = random.once(in: 4) ? random.element(of: [2, 5, 20, 100]) : nil
      target.maxItems = random.element(of: [1, 2, 4, 8])
      target.linger = random.once(in: 4) ? random.element(of: [0, 50, 500]) : nil
      target.timeout = random.element(of: [500, 3000, 10_000])
      plan.targets.append(target)
    }
  }

  private mutating func drawInboxes() {
    for _ in 1...random.number(1...3) {
      var inbox = InboxPlan(target: random.number(0...plan.targets.count - 1))
      inbox.ordering = random.element(of: [.key, .key, .key, .file, .none])
      inbox.isKeyed = !random.once(in: 5)
      inbox.successMode = random.once(in: 8) ? .atomic : .partial
      plan.inboxes.append(inbox)
    }
  }

  private mutating func drawFiles() {
    let keys = random.element(of: [1, 2, 4, 20])
    let flaws = random.element(of: [0, 0, 3, 10])
    for _ in 1...random.number(1...random.element(of: [3, 6, 12])) {
      let inbox = random.number(0...plan.inboxes.count - 1)
      var items: [ItemPlan] = []
      for _ in 0..<random.number(random.once(in: 20) ? 0...0 : 1...random.element(of: [1, 4, 10])) {
        items.append(item(keys: keys, flaws: flaws))
      }
      var file = FilePlan(inbox: inbox, droppedAt: milliseconds(0...span / 2), items: items)
      file.readTime = random.element(of: [1, 5, 50, 2000])
      switch random.number(1...(trouble > 0 ? 14 : 200)) {
      case 1: file.reading = .failsOnce
      case 2: file.reading = .unreadable(until: file.droppedAt + milliseconds(100...30_000))
      case 3: file.reading = .malformed
      case 4 where random.once(in: 10): file.reading = .unreadable(until: .max / 4)
      default: break
      }
      plan.files.append(file)
    }
  }

  /// Many batches with few or many keys, some of which fail.
  private mutating func drawBacklog() {
    let keys = random.element(of: [1, 5, 60, 400])
    let nature = random.element(of: [ItemPlan.Nature.good, .failing, .cutting, .forbidden, .bad])
    for target in plan.targets.indices {
      plan.targets[target].maxItems = random.element(of: [1, 2, 4])
      if plan.targets[target].maxRequestsPerSecond ?? 100 < 100 { plan.targets[target].maxRequestsPerSecond = nil }
    }
    for number in 0..<random.number(2...6) {
      let inbox = random.number(0...plan.inboxes.count - 1)
      var items: [ItemPlan] = []
      for _ in 0..<random.number(20...(plan.usesSQLite ? 60 : 150)) {
        let key = random.number(0...keys - 1)
        // One key in ten always fails.
        items.append(ItemPlan(key: key, nature: key % 10 == 0 ? nature : .good))
      }
      plan.files.append(FilePlan(inbox: inbox, droppedAt: Int64(number) * milliseconds(0...500), items: items))
    }
    if nature != .good {
      plan.maxAge = random.once(in: 4) ? 60_000 + 30 * plan.retryMax : milliseconds(20_000...60_000)
      plan.healsWhenCalm = plan.healsWhenCalm || random.once(in: 2)
    }
  }

  /// More batches that always fail than fit in memory, and others that failed only at first.
  private mutating func drawStubborn() {
    plan.usesTinyLimits = true
    plan.healsWhenCalm = false
    plan.retryMax = plan.retryInitial * random.element(of: [2, 8])
    plan.maxAge = 120_000 + 200 * plan.retryMax
    for target in plan.targets.indices {
      plan.targets[target].maxItems = 1
      plan.rules.append(
        Rule(
          target: target, from: 0, to: milliseconds(3000...20_000), effect: .status(500, retryAfter: nil)))
      plan.calmAt = max(plan.calmAt, plan.rules[target].to)
    }
    let stubborn = random.number(3...6)
    let share = random.number(1...2)
    let count = stubborn + random.number(3...12)
    var key = 0
    for number in 0..<random.number(2...4) {
      let inbox = random.number(0...plan.inboxes.count - 1)
      var items: [ItemPlan] = []
      for _ in 0..<count / 2 {
        items.append(
          ItemPlan(
            key: key,
            nature: key < stubborn * share && key % share == 0 ? random.element(of: ItemPlan.Nature.endless) : .good))
        key += 1
      }
      plan.files.append(FilePlan(inbox: inbox, droppedAt: Int64(number) * milliseconds(0...500), items: items))
    }
  }

  /// A file of which the API takes all but one or two items, while others of its target succeed for long enough to find
  /// out which.
  private mutating func drawNeighbours() {
    plan.healsWhenCalm = false
    plan.retryMax = plan.retryInitial * 2
    plan.maxAge = 300_000 + 100 * plan.retryMax
    plan.inboxes = [InboxPlan(target: 0), InboxPlan(target: 0)]
    plan.targets = [plan.targets[0]]
    plan.targets[0].maxItems = random.element(of: [4, 8])
    // Each neighbour's success counts: together in a few requests, they would say too little.
    plan.targets[0].linger = nil
    if plan.targets[0].maxRequestsPerSecond != nil { plan.targets[0].maxRequestsPerSecond = 100 }
    let stubborn = random.number(1...2)
    let items = (0..<8).map {
      ItemPlan(key: $0, nature: $0 < stubborn ? random.element(of: ItemPlan.Nature.endless) : .good)
    }
    plan.files = [FilePlan(inbox: 0, droppedAt: 0, items: items.shuffled(using: &random))]
    for number in 1...WorldPlan.neighbourCount {
      // No rule lasts this long, the Retry-After of its last answer included.
      let droppedAt = plan.calmAt + 36_000 + Int64(number) * 2 * plan.retryMax
      plan.files.append(FilePlan(inbox: 1, droppedAt: droppedAt, items: [ItemPlan(key: 8 + number)]))
    }
  }

  private mutating func item(keys: Int, flaws: Int) -> ItemPlan {
    var item = ItemPlan(key: random.number(0...keys - 1))
    guard trouble > 0, flaws > 0, random.once(in: flaws) else { return item }
    item.nature = random.element(of: ItemPlan.Nature.allCases)
    return item
  }

  // MARK: - Rules and events

  private mutating func drawRules() {
    for _ in 0..<random.number(0...trouble * 2) {
      let from = milliseconds(0...span)
      plan.rules.append(
        Rule(
          target: random.number(0...plan.targets.count - 1), from: from,
          to: from + milliseconds(10...random.element(of: [500, 5000, 20_000])),
          oneIn: random.element(of: [1, 1, 2, 4]),
          effect: effect()))
    }
    // Everything ends.
    for index in plan.rules.indices { plan.calmAt = max(plan.calmAt, plan.rules[index].to) }
  }

  private mutating func effect() -> Rule.Effect {
    switch random.number(1...12) {
    case 1: return .status(random.element(of: [401, 403, 404]), retryAfter: nil)
    case 2: return .status(random.element(of: [400, 413, 422]), retryAfter: nil)
    case 3...4: return .status(random.element(of: [500, 408, 502]), retryAfter: nil)
    case 5...6:
      return .status(random.element(of: [429, 503]), retryAfter: random.once(in: 2) ? milliseconds(0...15_000) : nil)
    case 7: return random.element(of: [.noConnection, .badCertificate, .noToken(isRefusal: random.once(in: 2))])
    case 8: return .cut(applies: random.once(in: 2))
    case 9: return .silent(appliesAfter: random.once(in: 3) ? nil : milliseconds(10...15_000))
    case 10: return .garbled(appliesAll: random.once(in: 2))
    case 11: return .lost(applies: random.once(in: 2))
    default: return .slow(milliseconds(100...8000))
    }
  }

  private mutating func drawEvents() {
    for _ in 0..<random.number(0...trouble * 2) {
      let when: PlannedEvent.When =
        random.once(in: 2) ? .at(milliseconds(0...span)) : .step(random.number(1...random.element(of: [20, 100, 400])))
      plan.events.append(PlannedEvent(when, event()))
    }
  }

  private mutating func event() -> PlannedEvent.What {
    let file = random.number(0...plan.files.count - 1)
    let target = random.number(0...plan.targets.count - 1)
    let days: Int64 = 86_400_000
    switch random.number(1...21) {
    case 1...4: return .crash(downFor: milliseconds(0...random.element(of: [10, 1000, 20_000])))
    case 5:
      return .powerCut(
        commits: random.number(0...20), downFor: milliseconds(10...20_000),
        step: random.element(of: [0, 0, -days, 30 * days]))
    case 6: return .stop(downFor: milliseconds(0...2000))
    case 7...8: return .setWallClock(by: random.element(of: [-20 * days, -60_000, 60_000, 400 * days]))
    case 9: return .failReads(random.number(1...3))
    case 10: return .failWrites(random.number(1...3))
    case 11: return .fillDisk(lasts: milliseconds(10...5000))
    case 12: return .failKeyRuns(lasts: milliseconds(10...5000))
    case 13...14: return .cancel(file: file)
    case 15: return random.element(of: [.retryFile(file), .retryTarget(target), .retryAll])
    case 16: return .pause(target: target, lasts: milliseconds(10...5000))
    case 17...18: return .reload(reload(target))
    case 19: return .damage(file: file)
    case 20: return .hideOriginal(file: file, lasts: milliseconds(10...5000))
    default: return .changeOriginal(file: file)
    }
  }

  private mutating func reload(_ target: Int) -> PlannedEvent.Reload {
    let inbox = random.number(0...plan.inboxes.count - 1)
    switch random.number(1...6) {
    case 1: return .concurrency(target: target, random.number(1...4))
    case 2: return .remove(target: target)
    case 3: return .restore(target: target)
    case 4: return .route(inbox: inbox, target: target)
    case 5: return .ordering(inbox: inbox, random.element(of: Ordering.allCases))
    default: return .same
    }
  }
}
