internal import Core

/// Every world of two small files with two keys and one target, with every sequence of first answers and every event at
/// every step, or several events at every third step.
///
/// What random worlds reach by luck, these reach for certain.
package struct TinyWorlds: Sendable {
  /// For how many requests all answers are tried; later ones are answered well.
  package var answers: Int
  /// How many events there are at most.
  package var eventCount: Int
  private static let lastStep = 60

  package init(answers: Int, events: Int = 1) {
    self.answers = answers
    eventCount = events
  }

  package var count: Int {
    Self.files.count * Self.files.count * Self.targets.count * Self.power(Self.effects.count, answers)
      * Self.power(choicesOfAnEvent, eventCount)
  }

  private var stride: Int { eventCount > 1 ? 3 : 1 }
  /// None, or one of all at one of the steps.
  private var choicesOfAnEvent: Int { Self.events.count * (Self.lastStep / stride) + 1 }

  package func plan(at index: Int) -> WorldPlan {
    var rest = index
    func choice(_ count: Int) -> Int {
      defer { rest /= count }
      return rest % count
    }
    var plan = WorldPlan(seed: 1)
    plan.targets = [Self.targets[choice(Self.targets.count)]]
    plan.inboxes = [InboxPlan(target: 0)]
    for _ in 1...2 {
      let keys = Self.files[choice(Self.files.count)]
      plan.files.append(FilePlan(inbox: 0, droppedAt: 0, items: keys.map { ItemPlan(key: $0) }))
    }
    for _ in 0..<answers { plan.answers.append(Self.effects[choice(Self.effects.count)]) }
    for _ in 0..<eventCount {
      let event = choice(choicesOfAnEvent)
      guard event > 0 else { continue }
      let step = (event - 1) / Self.events.count * stride + 1
      plan.events.append(PlannedEvent(.step(step), Self.events[(event - 1) % Self.events.count]))
    }
    plan.calmAt = 60_000
    plan.maxAge = 100_000
    return plan
  }

  private static func power(_ base: Int, _ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { power, _ in power * base }
  }

  private static let files = [[0], [1], [0, 1], [0, 0]]

  private static let targets = [
    TargetPlan(concurrency: 1, keepsKeysApart: true), TargetPlan(concurrency: 2, keepsKeysApart: false),
    TargetPlan(concurrency: 2, keepsKeysApart: false, linger: 20),
  ]

  private static let effects: [Rule.Effect] = [
    .plain, .status(500, retryAfter: nil), .status(400, retryAfter: nil), .status(403, retryAfter: nil),
    .cut(applies: true), .silent(appliesAfter: 4000), .garbled(appliesAll: false),
  ]

  private static let events: [PlannedEvent.What] = [
    .crash(downFor: 0), .crash(downFor: 5000), .powerCut(commits: 1, downFor: 0, step: 0), .stop(downFor: 0),
    .failReads(1), .failWrites(1), .cancel(file: 0), .cancel(file: 1), .retryAll, .pause(target: 0, lasts: 1000),
    .reload(.same), .reload(.remove(target: 0)), .changeOriginal(file: 0), .hideOriginal(file: 0, lasts: 3000),
    .damage(file: 0),
  ]
}

extension TargetPlan {
  fileprivate init(concurrency: Int, keepsKeysApart: Bool, linger: Int64? = nil) {
    self.init()
    maxItems = 2
    self.concurrency = concurrency
    self.keepsKeysApart = keepsKeysApart
    self.linger = linger
  }
}
