internal import Core
internal import Engine

/// Compares what a world does with what is promised.
///
/// It knows what was dropped and in which order it was claimed, every request, what it applied and how it ended, and
/// every receipt. It does not look at how the daemon decides.
final class Checker {
  /// A batch in a request, with its items.
  struct Member {
    var name: BatchName
    var items: [ItemID]
    /// Whether it was tried before.
    var isRetry: Bool
    /// The world's step at which it was decided to send it.
    var step: Int
  }

  private struct Request {
    var target: Int
    var items: [ItemID]
    /// The files of its batches.
    var files: [Int]
    var isRetry: Bool
    /// Whether the daemon waits for its end.
    var isLive = true
  }

  /// The state of an item so far.
  private struct Item {
    var isSettled = false
    /// Requests that applied it, in order.
    var applications: [(request: Int, isLate: Bool)] = []
    /// Requests for which it is unknown what they applied.
    var open = 0
    /// Whether a power cut took back commits after it was sent.
    var isUncertain = false
    var isSent = false
  }

  /// The items that one key orders at one target, in the order in which they were claimed.
  private struct KeyLine {
    var items: [ItemID] = []
    /// All before it are settled.
    var start = 0
  }

  let plan: WorldPlan
  private var items: [[Item]]
  private var ids: [FileID: Int] = [:]
  /// By the plan's file index.
  private var files: [SimulatedFile?]
  /// By target.
  private var lines: [[KeyHash: KeyLine]]
  private var requests: [Int: Request] = [:]
  private var live: Set<ItemID> = []
  private var liveCount: [Int]
  /// Requests with each file's batches.
  private var sends: [Int]
  /// The items applied to each key of each target, in order; only items whose order matters.
  private var applied: [[Int: [(item: ItemID, request: Int, isLate: Bool)]]]
  /// Whether the daemon died, so that some of what it counted was never sent.
  private var hasDied = false
  private var hasLostCommits = false
  /// When the last requests of each item were sent.
  private var lastSends: [ItemID: [Int64]] = [:]
  private var claimedAt: [Int: Int64] = [:]
  private(set) var damagedFiles: Set<Int> = []
  /// The files that may stay, for this number of claims and damaged files.
  private var staying = (claims: 0, damaged: 0, files: Set<Int>())
  /// The world's step at which dispatch was informed that a file is cancelled.
  private var cancelledAt: [Int: Int] = [:]

  init(_ plan: WorldPlan) {
    self.plan = plan
    items = plan.files.map { $0.items.map { _ in Item() } }
    files = plan.files.map { _ in nil }
    lines = plan.targets.map { _ in [:] }
    liveCount = plan.targets.map { _ in 0 }
    sends = plan.files.map { _ in 0 }
    applied = plan.targets.map { _ in [:] }
  }

  // MARK: - Files

  /// Requests in flight of which each batch was tried before.
  func liveRetries(_ target: Int) -> Int {
    requests.values.count { $0.isLive && $0.target == target && $0.isRetry }
  }

  /// Every id that was ever assigned.
  var allIDs: [FileID] { files.compactMap { $0?.id } }

  func number(of id: FileID) -> Int { ids[id] ?? -1 }

  func claimed(_ file: SimulatedFile, at now: Int64) {
    guard files[file.file] == nil else { return }
    files[file.file] = file
    ids[file.id] = file.file
    claimedAt[file.file] = now
    for (index, item) in plan.files[file.file].items.enumerated() where item.nature != .invalid {
      for key in file.orderKeys(of: item.key) {
        lines[file.target][key, default: KeyLine()].items.append(ItemID(file: file.file, number: index + 1))
      }
    }
  }

  /// Nothing in the file is sent.
  func unusable(_ file: Int) { for number in items[file].indices { items[file][number].isSettled = true } }

  /// It can no longer be known what these are, or what follows them.
  func damaged(_ damaged: [ItemID]) {
    for item in damaged {
      damagedFiles.insert(item.file)
      items[item.file][item.number - 1].isSettled = true
    }
  }

  var hasDamage: Bool { !damagedFiles.isEmpty }

  /// Whether the file may have no receipt at the end, because some of it is damaged or waits for damaged batches.
  func mayStay(_ file: Int) -> Bool {
    guard hasDamage else { return false }
    let claims = ids.count
    if staying.claims != claims || staying.damaged != damagedFiles.count {
      staying = (claims, damagedFiles.count, waiting(for: damagedFiles))
    }
    return staying.files.contains(file)
  }

  /// These files, those behind them that share a key with one of them, and so on.
  func waiting(for first: Set<Int>) -> Set<Int> {
    var waiting: Set<Int> = first
    var held = plan.targets.map { _ in KeySet() }
    let claims = files.compactMap { $0 }.sorted { $0.id < $1.id }
    for file in claims {
      let keys = plan.files[file.file].items.flatMap { file.orderKeys(of: $0.key) }
      guard waiting.contains(file.file) || keys.contains(where: { held[file.target].contains($0) }) else { continue }
      waiting.insert(file.file)
      for key in keys { _ = held[file.target].insert(key) }
    }
    return waiting
  }

  func isDamaged(_ file: Int) -> Bool { damagedFiles.contains(file) }

  func acknowledgedCancel(_ file: Int, at step: Int) { if cancelledAt[file] == nil { cancelledAt[file] = step } }

  // MARK: - Requests

  func sent(
    _ number: Int, _ sent: [ItemID], to target: Int, _ members: [Member], _ world: World
  ) {
    requests[number] = Request(
      target: target, items: sent, files: members.compactMap { $0.items.first?.file },
      isRetry: members.allSatisfy(\.isRetry))
    liveCount[target] += 1
    let options = world.configuration.targets[target].options
    // Requests begun under an earlier configuration may go out after a reload.
    let most = plan.mostConcurrency(of: target)
    if liveCount[target] > most { world.fail(.request, "\(liveCount[target]) requests at once to t\(target)") }
    if members.count > 1 && sent.count > options.maxItems {
      world.fail(.request, "\(sent.count) items in request \(number) to t\(target)")
    }
    var before: Set<ItemID> = []
    var keys: Set<Int> = []
    for item in sent {
      if !live.insert(item).inserted { world.fail(.request, "\(item) is sent while a request carries it") }
      if items[item.file][item.number - 1].isSettled, !isDamaged(item.file) {
        world.fail(.request, "\(item) is sent though it is settled")
      }
      checkTurn(of: item, behind: before, at: target, world)
      before.insert(item)
      let key = plan.files[item.file].items[item.number - 1].key
      if plan.targets[target].keepsKeysApart, files[item.file]?.isKeyed == true, !keys.insert(key).inserted {
        world.fail(.request, "k\(key) twice in request \(number)")
      }
      items[item.file][item.number - 1].isSent = true
      checkPace(of: item, world)
    }
    for member in members {
      guard let file = member.items.first?.file else { continue }
      sends[file] += 1
      if let cancelled = cancelledAt[file], cancelled < member.step {
        world.fail(.request, "\(member.items) are sent though f\(file) is cancelled")
      }
    }
  }

  /// Whether everything that was claimed before the item and shares a key with it is settled or is sent before it.
  private func checkTurn(of item: ItemID, behind before: Set<ItemID>, at target: Int, _ world: World) {
    guard let file = files[item.file] else {
      return world.fail(.request, "\(item) is sent though it was never claimed")
    }
    for key in file.orderKeys(of: plan.files[item.file].items[item.number - 1].key) {
      // A file with `ordering: file` is sent one batch at a time: within it, only a key orders items.
      let isWhole = file.isKeyed && key == KeyHash(inbox: file.inboxName)
      guard var line = lines[target][key] else { continue }
      while line.start < line.items.count, isSettled(line.items[line.start]) { line.start += 1 }
      lines[target][key]?.start = line.start
      for earlier in line.items[line.start...] {
        if !isBefore(earlier, item) || isWhole && earlier.file == item.file { break }
        guard !isSettled(earlier), !before.contains(earlier) else { continue }
        world.fail(.order, "\(item) is sent before \(earlier), which was dropped before it and has the same key")
        return
      }
    }
  }

  func isSettled(_ item: ItemID) -> Bool { items[item.file][item.number - 1].isSettled }

  /// An item sent thirty times within three of the longest retry waits is not being backed off.
  private func checkPace(of item: ItemID, _ world: World) {
    var sends = lastSends[item, default: []]
    sends.append(world.now)
    if sends.count > 30 {
      let time = world.now - sends[0]
      if time < 3 * plan.retryMax { world.fail(.hammering, "\(item) is sent 30 times in \(time) ms") }
      sends.removeFirst()
    }
    lastSends[item] = sends
  }

  /// The request has ended for the daemon.
  func ended(_ number: Int, isOpen: Bool) {
    guard let request = requests[number], request.isLive else { return }
    requests[number]?.isLive = false
    liveCount[request.target] -= 1
    for item in request.items {
      live.remove(item)
      if isOpen { items[item.file][item.number - 1].open += 1 }
    }
  }

  func daemonDied() {
    hasDied = true
    for number in requests.keys.sorted() { ended(number, isOpen: true) }
    live = []
  }

  /// A power cut took back commits.
  func lostCommits() {
    hasLostCommits = true
    for file in items.indices {
      for number in items[file].indices where items[file][number].isSent { items[file][number].isUncertain = true }
    }
  }

  func applied(_ applied: [ItemID], by number: Int, at target: Int, _ world: World) {
    let isLate = !(requests[number]?.isLive ?? false)
    for item in applied {
      items[item.file][item.number - 1].applications.append((number, isLate))
      guard let file = files[item.file], file.ordering != .none, file.isKeyed else { continue }
      let key = plan.files[item.file].items[item.number - 1].key
      let earlier = self.applied[target][key, default: []]
      let isFirst = items[item.file][item.number - 1].applications.count == 1
      if isFirst, !isLate, !hasLostCommits, let later = earlier.first(where: { !$0.isLate && isBefore(item, $0.item) })
      {
        world.fail(.order, "\(item) is applied for the first time after \(later.item), which was dropped after it")
      }
      self.applied[target][key, default: []].append((item, number, isLate))
    }
  }

  /// By claim order.
  private func isBefore(_ a: ItemID, _ b: ItemID) -> Bool {
    a.file == b.file ? a.number < b.number : files[a.file]?.id ?? .first < files[b.file]?.id ?? .first
  }

  // MARK: - Settling

  /// The outbox reports these as settled.
  func settled(_ settled: [ItemID]) {
    for item in settled { items[item.file][item.number - 1].isSettled = true }
  }

  /// After a power cut: what is left in the outbox is not settled, whatever the outbox reported before.
  func learnSettled(from world: World) async {
    var waiting: Set<ItemID> = []
    for (number, _) in plan.targets.enumerated() {
      var last: BatchName?
      while let page = try? await world.disk.outbox.store.line(for: "t\(number)", after: last, limit: 500) {
        for batch in page.batches {
          guard let content = try? await world.disk.outbox.store.content(of: batch.name),
            let file = ids[batch.name.file]
          else { continue }
          for item in content.batch.items { waiting.insert(ItemID(file: file, number: item.number)) }
        }
        guard !page.isEnd, let name = page.batches.last?.name else { break }
        last = name
      }
    }
    for file in world.folders.work {
      let knowledge = try? await world.disk.outbox.knows(file.id)
      let isUnread: Bool
      switch knowledge {
      case .unknown, .reading, nil: isUnread = true
      case .read, .finished: isUnread = false
      }
      for number in items[file.file].indices {
        let item = ItemID(file: file.file, number: number + 1)
        items[file.file][number].isSettled = !isUnread && !waiting.contains(item)
      }
    }
    for target in lines.indices {
      for key in lines[target].keys { lines[target][key]?.start = 0 }
    }
  }

  /// An item of the file that is not settled and not in any request.
  func idleItem(of file: Int) -> ItemID? {
    items[file].indices.lazy.map { ItemID(file: file, number: $0 + 1) }.first {
      !self.isSettled($0) && !self.live.contains($0) && !self.damagedFiles.contains(file)
        && self.plan.files[file].items[$0.number - 1].nature != .invalid
    }
  }

  func checkExpiry(of file: Int, _ world: World) {
    // Across a boot, the wall clock's difference counts, and it may be anything.
    guard !world.machine.hasBootedAgain, let claimedAt = claimedAt[file] else { return }
    if world.now - claimedAt < plan.maxAge {
      world.fail(
        .earlyExpiry, "f\(file) expires \(world.now - claimedAt) ms after its claim; max_age is \(plan.maxAge) ms")
    }
  }

  // MARK: - Receipts

  func wrote(_ receipt: Receipt, of file: Int, _ world: World) {
    if let before = world.folders.receipts[file] {
      if before != receipt { world.fail(.receiptChanged, "f\(file): \(before) became \(receipt)") }
      return
    }
    let counts = receipt.record.counts
    guard receipt.record.fault == nil else {
      if counts.items != 0 || !receipt.rejects.isEmpty || !receipt.settled.isEmpty {
        world.fail(.balance, "f\(file) can't be used, but counts \(counts)")
      }
      return
    }
    let all = plan.files[file].items
    guard counts.items == all.count, counts.accepted + counts.rejected == counts.items,
      receipt.rejects.count == counts.rejected, counts.unchanged <= counts.accepted
    else { return world.fail(.balance, "f\(file) has \(all.count) items, its receipt \(counts)") }
    let rejects = Set(receipt.rejects.map(\.item))
    var covered: Set<Int> = []
    for range in receipt.settled.flatMap(\.ranges) {
      for number in range where !covered.insert(number).inserted {
        return world.fail(.balance, "f\(file).\(number) is settled twice")
      }
    }
    for (index, item) in all.enumerated() {
      let number = index + 1
      if covered.contains(number) == (item.nature == .invalid) {
        return world.fail(
          .balance,
          "f\(file).\(number) is settled \(covered.contains(number) ? "though it was never sent" : "by no request")")
      }
      if !rejects.contains(number), items[file][index].applications.isEmpty {
        return world.fail(.acceptedNotApplied, "f\(file).\(number) is accepted, but was never applied")
      }
    }
    checkRequests(receipt, of: file, world)
  }

  private func checkRequests(_ receipt: Receipt, of file: Int, _ world: World) {
    let requests = receipt.record.counts.requests
    if hasLostCommits { return }
    if requests < sends[file] || !hasDied && requests != sends[file] {
      world.fail(.balance, "f\(file): \(sends[file]) requests were sent, its receipt counts \(requests)")
    }
    for row in receipt.settled {
      for number in row.ranges.joined() {
        let open = items[file][number - 1].open
        if row.unanswered < open || !hasDied && row.unanswered != open {
          return world.fail(
            .balance, "f\(file).\(number): \(open) requests are open, its receipt counts \(row.unanswered)")
        }
      }
    }
  }

  // MARK: - The end

  func checkEnd(_ world: World) {
    for (file, receipt) in world.folders.receipts.sorted(by: { $0.key < $1.key }) {
      let unusable = receipt.record.fault != nil
      for reject in receipt.rejects { checkRefused(reject, receipt, file, world) }
      for (index, item) in items[file].enumerated() where unusable && !item.applications.isEmpty {
        world.fail(.rejectedApplied, "f\(file).\(index + 1) was applied, though the file could not be used")
      }
    }
    let accepted = acceptedItems(world)
    for target in applied.indices {
      for (key, log) in applied[target].sorted(by: { $0.key < $1.key }) {
        checkLastValue(of: key, log, at: target, accepted, world)
      }
    }
  }

  private func acceptedItems(_ world: World) -> Set<ItemID> {
    var accepted: Set<ItemID> = []
    for (file, receipt) in world.folders.receipts where receipt.record.fault == nil {
      for number in items[file].indices { accepted.insert(ItemID(file: file, number: number + 1)) }
      for reject in receipt.rejects { accepted.remove(ItemID(file: file, number: reject.item)) }
    }
    return accepted
  }

  private func checkRefused(_ reject: Reject, _ receipt: Receipt, _ file: Int, _ world: World) {
    let item = items[file][reject.item - 1]
    guard !item.applications.isEmpty, !item.isUncertain else { return }
    let row = receipt.settled.first { $0.ranges.contains { $0.contains(reject.item) } }
    if row?.unanswered ?? 0 == 0 {
      world.fail(
        .rejectedApplied, "f\(file).\(reject.item) was applied, is \(reject.code), and its receipt does not say so")
    }
  }

  private func checkLastValue(
    of key: Int, _ log: [(item: ItemID, request: Int, isLate: Bool)], at target: Int, _ accepted: Set<ItemID>,
    _ world: World
  ) {
    guard let last = log.last, !last.isLate, !hasLostCommits else { return }
    // A lost answer explains why the later one was not applied again: it had been rejected.
    if let later = log.first(where: { isBefore(last.item, $0.item) && accepted.contains($0.item) }) {
      world.fail(
        .staleValue, "t\(target) k\(key) has the value of \(last.item), but \(later.item) was dropped after it")
    }
  }
}
