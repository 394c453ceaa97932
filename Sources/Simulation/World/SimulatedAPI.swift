internal import Core
internal import Engine

/// An item of a file, numbered as in the plan: files from 0, items from 1.
struct ItemID: Hashable, Comparable, CustomStringConvertible {
  var file: Int
  var number: Int

  static func < (a: ItemID, b: ItemID) -> Bool { (a.file, a.number) < (b.file, b.number) }
  var description: String { "f\(file).\(number)" }

  /// Its representation in a request.
  var piece: [UInt8] { Array("\(file * 100_000 + number)".utf8) }

  init(file: Int, number: Int) {
    self.file = file
    self.number = number
  }

  /// The items of a request's body; nil if it is not a body that batches produce.
  static func items(of body: [UInt8]) -> [ItemID]? {
    guard body.first == UInt8(ascii: "["), body.last == UInt8(ascii: "]") else { return nil }
    var items: [ItemID] = []
    var number = 0
    for byte in body.dropFirst() {
      guard byte != UInt8(ascii: ","), byte != UInt8(ascii: "]") else {
        items.append(ItemID(file: number / 100_000, number: number % 100_000))
        number = 0
        continue
      }
      number = number * 10 + Int(byte) - 48
    }
    return items
  }
}

/// How one API handles requests, and what it has stored.
///
/// It decides the whole answer when the request is sent; the world carries it out at the given times.
struct SimulatedAPI {
  /// How a request ends for the daemon, if it lives that long.
  enum Ending {
    /// One verdict per item, in the request's order.
    case items([ItemVerdict])
    /// 400, 413, 422: something in the request is rejected.
    case refused(status: Int)
    /// A 2xx that does not say what was applied.
    case ambiguous
    case status(Int, retryAfter: Int64?)
    /// An unreadable 2xx.
    case garbled
    case cut
    /// A kept connection ended before an answer began.
    case lost
    case noConnection
    case badCertificate
    /// No answer within the target's timeout.
    case timedOut
  }

  struct Course {
    var endsAt: Int64
    var ending: Ending
    /// When the items are applied, and which ones.
    var applications: [(at: Int64, items: [ItemID])] = []
  }

  let target: Int
  let plan: WorldPlan
  let dice: Dice

  func course(
    of items: [ItemID], successMode: SuccessMode, sentAt now: Int64, identity: UInt64, timeout: Int64, number: Int
  ) -> Course {
    var effect = number <= plan.answers.count ? plan.answers[number - 1] : effect(at: now, identity)
    // This request already has its token.
    if case .noToken = effect { effect = nil }
    var applyTime = now + dice.number(1...40, .applyTime, identity)
    var course = Course(endsAt: applyTime + dice.number(1...100, .answerTime, identity), ending: .cut)
    if case .slow(let more) = effect {
      course.endsAt += more
      if dice.number(0...1, .applyTime, identity, 1) == 0 { applyTime += more }
    }
    if let effect, apply(effect, to: &course, items, now, applyTime) {
      return within(timeout, course, now)
    }
    judge(items, successMode, now, applyTime, &course)
    return within(timeout, course, now)
  }

  /// The daemon waits no longer than its timeout, whatever the API does.
  private func within(_ timeout: Int64, _ course: Course, _ now: Int64) -> Course {
    guard course.endsAt > now + timeout else { return course }
    var course = course
    (course.endsAt, course.ending) = (now + timeout, .timedOut)
    return course
  }

  /// The effect that applies to a request sent now; `identity` distinguishes it from others, whatever happened before.
  func effect(at now: Int64, _ identity: UInt64) -> Rule.Effect? {
    for (place, rule) in plan.rules.enumerated()
    where rule.target == target && rule.from <= now && now < rule.to && now < plan.calmAt {
      if rule.oneIn <= 1 || dice.number(1...Int64(rule.oneIn), .rule, identity, UInt64(place)) == 1 {
        return rule.effect
      }
    }
    return nil
  }

  /// Returns whether the effect alone determines the course.
  private func apply(
    _ effect: Rule.Effect, to course: inout Course, _ items: [ItemID], _ now: Int64, _ applyTime: Int64
  ) -> Bool {
    switch effect {
    case .status(let status, let retryAfter):
      course.ending =
        [400, 413, 422].contains(status) ? .refused(status: status) : .status(status, retryAfter: retryAfter)
    case .noConnection:
      (course.ending, course.endsAt) = (.noConnection, applyTime)
    case .badCertificate:
      (course.ending, course.endsAt) = (.badCertificate, applyTime)
    case .noToken, .plain: return false
    case .cut(let applies):
      course.ending = .cut
      if applies { course.applications = [(applyTime, applicable(items, now))] }
    case .silent(let appliesAfter):
      (course.ending, course.endsAt) = (.timedOut, .max / 2)
      if let appliesAfter { course.applications = [(now + appliesAfter, applicable(items, now))] }
    case .garbled(let appliesAll):
      course.ending = .garbled
      let applied = applicable(items, now)
      course.applications = [(applyTime, appliesAll ? applied : Array(applied.prefix(applied.count / 2)))]
    case .lost(let applies):
      (course.ending, course.endsAt) = (.lost, now + 2)
      if applies { course.applications = [(now + 1, applicable(items, now))] }
    case .slow: return false
    }
    return true
  }

  private func nature(_ item: ItemID, _ now: Int64) -> ItemPlan.Nature {
    var nature = plan.files[item.file].items[item.number - 1].nature
    // Only LUSID, which keeps keys apart, names its items, and only Liquid echoes them.
    if [.unnamed, .ambiguous].contains(nature) { nature = plan.targets[target].keepsKeysApart ? .unnamed : .ambiguous }
    guard plan.healsWhenCalm, now >= plan.calmAt else { return nature }
    switch nature {
    case .failing, .cutting, .cuttingLate, .forbidden, .unnamed, .ambiguous: return .good
    default: return nature
    }
  }

  /// The items of a request that can be applied at all.
  private func applicable(_ items: [ItemID], _ now: Int64) -> [ItemID] {
    let natures = items.map { nature($0, now) }
    let spoilers: [ItemPlan.Nature] = [.bad, .large, .failing, .cutting, .forbidden]
    if natures.contains(where: spoilers.contains) { return [] }
    return zip(items, natures).filter { $0.1 != .rejected && $0.1 != .unnamed }.map(\.0)
  }

  /// The course that the items' natures lead to.
  private func judge(
    _ items: [ItemID], _ successMode: SuccessMode, _ now: Int64, _ applyTime: Int64, _ course: inout Course
  ) {
    let natures = items.map { nature($0, now) }
    if natures.contains(.forbidden) { return course.ending = .status(403, retryAfter: nil) }
    if natures.contains(.large) { return course.ending = .refused(status: 413) }
    if natures.contains(.bad) { return course.ending = .refused(status: 400) }
    if natures.contains(.failing) { return course.ending = .status(500, retryAfter: nil) }
    if natures.contains(.cutting) { return course.ending = .cut }
    if successMode == .atomic, natures.contains(.rejected) {
      course.ending = .items(
        natures.map { .rejected($0 == .rejected ? .rejectedByAPI : .notApplied, "refused") })
      return
    }
    var applied: [ItemID] = []
    var verdicts: [ItemVerdict] = []
    for (item, nature) in zip(items, natures) {
      // LUSID does not process items that it does not name.
      if nature != .rejected, nature != .unnamed { applied.append(item) }
      switch nature {
      case .rejected: verdicts.append(.rejected(.rejectedByAPI, "refused"))
      case .unchanged: verdicts.append(.unchanged)
      case .unnamed: verdicts.append(.unacknowledged)
      default: verdicts.append(.accepted)
      }
    }
    course.applications.append((applyTime, applied))
    course.ending = .items(verdicts)
    if natures.contains(.cuttingLate) { course.ending = .cut }
    // An echo that fits several items; with one item alone there is no doubt.
    if natures.contains(.ambiguous), items.count > 1, successMode == .partial { course.ending = .ambiguous }
  }
}
