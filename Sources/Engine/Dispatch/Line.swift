internal import Core

/// One target's waiting batches as far as they are known, and which of them are held back by nothing but their due
/// time.
///
/// The line is scanned from its beginning. Each scanned batch gets a place, and the index notes which places hold its
/// keys. A batch may go once no earlier place holds one of its keys. From then on nothing can block it again, since no
/// batch is added before it. Scanning continues past blocked batches, so batches with other keys are always found.
///
/// # Memory
///
/// In memory are batches that may go (`fresh`, `waiting`), those in flight, and the first blocked ones. All others,
/// which may be millions, keep only a name and their keys. Names take no room of their own if batches of a file follow
/// each other. Keys are kept outside memory if there are many.
///
/// - *Passed over*: blocked, and there is no room for it. When a place leaves, the next holder of one of its keys is
///   checked again (`freed`). If it is not in memory, it is read by its name.
/// - *Set aside*: it failed, and others are due before it. The outbox finds such batches by due time.
///
/// `startOver` forgets everything but batches in flight, and scans again. It is correct at any moment, and handles the
/// rare cases: a file published behind the scan, a row that differs from what was known, more dead entries than living
/// ones.
struct Line {
  struct Entry {
    var batch: WaitingBatch
    /// Nil for a batch in flight that was not met since the line was restarted.
    var place: Place?
    /// The keys that order its delivery, without repeats.
    var keys: [KeyHash]
    var state: State
    /// Nothing blocked it when it was sent, so nothing blocks it when it comes back.
    var isKnownFree = false
    /// Since when it may be sent; it may wait for others to share a request.
    var readySince = QueueTime(milliseconds: 0)
    /// The most batches that may share a request with it, itself included.
    var coalescingLimit = Int.max
    /// Whether the outbox knows its due time; otherwise it could not be found by that time.
    var isWritten = true
  }

  enum State: Equatable {
    /// A place before it holds this key.
    case blocked(by: KeyHash)
    /// It may be sent, and has never failed.
    case fresh
    /// It may be sent once it is due.
    case waiting
    case underWay
  }

  /// A batch that waits for its time.
  struct Waiting: Comparable {
    var due: QueueTime
    var place: Place

    static func < (a: Waiting, b: Waiting) -> Bool { (a.due, a.place) < (b.due, b.place) }
  }

  /// How much is kept in memory.
  struct Limits {
    var blocked = 1000
    var waiting = 2000
    /// Of all entries in memory; batches in flight or fresh are kept regardless of their keys.
    var keys = 24_000
    /// Of the index, besides those of the entries in memory. A hash table has room for 49,152 of both before it grows
    /// to 2 MiB.
    var indexed = 24_000
    var freed = 10_000
    var names = 100_000
    var parts = 20_000
    var dead = 100_000

    /// About a hundredth of the defaults, so that small worlds reach all limits.
    static let tiny = Limits(
      blocked: 3, waiting: 3, keys: 20, indexed: 15, freed: 4, names: 50, parts: 4, dead: 10)
  }

  let limits: Limits
  private(set) var entries: [BatchName: Entry] = [:]
  private(set) var files: [FileID: LineFile] = [:]
  private var fileUses: [FileID: Int] = [:]
  private var byPlace: [Place: BatchName] = [:]
  private var index: KeyIndex
  private var names = ScannedNames()
  private let runs: any KeyRunStorage

  /// In the order of the line.
  private(set) var fresh = SortedArray<Place>()
  private(set) var waiting = SortedArray<Waiting>()
  private var blocked = SortedArray<Place>()
  /// Files of which nothing more is sent, because an operator cancelled them or they are too old.
  private(set) var withdrawn: Set<FileID> = []
  /// The keys of the entries in memory.
  private(set) var keyCount = 0
  /// Scanned, not settled, and not in memory.
  private(set) var forgottenCount = 0
  /// The same for those that hold no keys and are found without their place.
  private var looseCount = 0

  /// The last batch that was scanned.
  private(set) var scanned: BatchName?
  private(set) var isAtEnd = false
  /// Files that were published behind the scan and hold no keys, each with the position up to which it was read.
  private(set) var late: [(file: FileID, after: String?)] = []
  /// Passed over, and possibly free by now.
  private(set) var freed = SortedArray<Place>()
  /// Everything set aside is due after this; nil if nothing is set aside.
  private(set) var setAsideAfter: Waiting.Mark?
  /// The same for what is being read.
  private var takingBackAfter: Waiting.Mark?
  /// Places of batches with many keys that were set aside and are not blocked: looking up each key outside memory takes
  /// long.
  private var knownFree: Set<Place> = []
  private static let manyKeys = 8
  /// Since a batch last left, there was no room for all waiting batches. Until one leaves, those set aside are not
  /// read.
  private(set) var isFullOfRetries = false
  /// The index can't be written: nothing more is scanned until it can be, or until it is small.
  private(set) var isFull = false

  init(limits: Limits, runs: any KeyRunStorage) {
    self.limits = limits
    self.runs = runs
    index = KeyIndex(runs: KeyRuns(storage: runs))
  }

  subscript(place: Place) -> Entry? { byPlace[place].flatMap { entries[$0] } }
  subscript(name: BatchName) -> Entry? { entries[name] }

  // MARK: - Scanning

  /// Takes batches from the outbox that come after those already scanned.
  mutating func append(_ page: LinePage, at now: QueueTime) {
    for batch in page.batches {
      scanned = batch.name
      guard let file = page.files[batch.name.file] else { continue }
      insert(scanned: batch, file, at: now)
      spillIfLarge()
    }
    // Damaged rows are skipped, wherever they are.
    if let last = page.damaged.last, scanned.map({ $0 < last }) ?? true { scanned = last }
    isAtEnd = page.isEnd
  }

  private mutating func insert(scanned batch: WaitingBatch, _ file: LineFile, at now: QueueTime) {
    if let known = entries[batch.name] {
      guard known.place == nil, let place = names.append(batch.name) else { return }
      // In flight since before the line was restarted.
      entries[batch.name]?.place = place
      byPlace[place] = batch.name
      index.insert(known.keys, at: place)
      return
    }
    // A part of the batch that was scanned last may already be here.
    guard names[batch.name] == nil, let place = names.append(batch.name) else { return }
    let keys = file.orderKeys(of: batch.itemKeys)
    let holder = index.held(keys, before: place)
    index.insert(keys, at: place)
    guard !withdrawn.contains(file.id) else {
      if file.ordering == .none { looseCount += 1 } else { forgottenCount += 1 }
      return
    }
    guard let holder else { return add(batch, file, keys, at: place, now) }
    guard blocked.count < limits.blocked, keyCount < limits.keys else {
      forgottenCount += 1
      return
    }
    hold(batch, file, keys, at: place, .blocked(by: holder))
    blocked.insert(place)
  }

  /// Adds a batch that is held back by nothing but its due time.
  ///
  /// - Parameter coalescingLimit: if known.
  private mutating func add(
    _ batch: WaitingBatch, _ file: LineFile, _ keys: [KeyHash], at place: Place, _ now: QueueTime,
    coalescingLimit: Int? = nil
  ) {
    hold(batch, file, keys, at: place, .fresh)
    entries[batch.name]?.coalescingLimit = coalescingLimit ?? (batch.retryState.travelsAlone ? 1 : .max)
    makeReady(batch.name, at: now)
    setAsideIfMany()
  }

  private mutating func hold(
    _ batch: WaitingBatch, _ file: LineFile, _ keys: [KeyHash], at place: Place?, _ state: State
  ) {
    entries[batch.name] = Entry(batch: batch, place: place, keys: keys, state: state)
    if let place { byPlace[place] = batch.name }
    keyCount += keys.count
    files[file.id] = file
    fileUses[file.id, default: 0] += 1
  }

  /// Removes an entry from memory; its keys stay in the index.
  private mutating func drop(_ name: BatchName) {
    guard let entry = entries.removeValue(forKey: name) else { return }
    isFullOfRetries = false
    keyCount -= entry.keys.count
    if let place = entry.place {
      byPlace[place] = nil
      leaveQueues(entry, place)
    }
    let uses = (fileUses[name.file] ?? 1) - 1
    fileUses[name.file] = uses > 0 ? uses : nil
    if uses <= 0 { files[name.file] = nil }
  }

  private mutating func leaveQueues(_ entry: Entry, _ place: Place) {
    switch entry.state {
    case .blocked: blocked.remove(place)
    case .fresh: fresh.remove(place)
    case .waiting: waiting.remove(Waiting(due: entry.batch.retryState.due, place: place))
    case .underWay: break
    }
  }

  private mutating func makeReady(_ name: BatchName, at now: QueueTime) {
    guard let entry = entries[name], let place = entry.place else { return }
    let retryState = entry.batch.retryState
    entries[name]?.readySince = max(now, retryState.due)
    if retryState.failures == 0, retryState.failedAt == nil, retryState.due <= now {
      entries[name]?.state = .fresh
      fresh.insert(place)
    } else {
      entries[name]?.state = .waiting
      waiting.insert(Waiting(due: retryState.due, place: place))
    }
  }

  /// The name of a batch that is in memory or was passed over.
  func name(of place: Place) -> BatchName? { byPlace[place] ?? names[place] }

  // MARK: - Outside memory

  private mutating func setAsideIfMany() {
    while waiting.count > limits.waiting || keyCount > limits.keys, waiting.count > 1, let last = lastThatFailed,
      let name = byPlace[last.place]
    {
      setAside(name, at: last)
      isFullOfRetries = true
    }
  }

  /// The batch to set aside first. A batch that never failed waits since a crash, and is not set aside: the outbox does
  /// not list it as postponed.
  private var lastThatFailed: Waiting? {
    waiting.elements.last { waiting in
      self[waiting.place].map { $0.isWritten && $0.batch.retryState.failedAt != nil } ?? false
    }
  }

  /// Makes room for batches that were set aside and are due. Batches due later give way, or batches that always fail
  /// could fill memory forever.
  ///
  /// - Returns: whether there is room for a page.
  mutating func makeRoom(forDueAt due: QueueTime) -> Bool {
    guard !isFullOfRetries else { return false }
    while waiting.count * 2 > limits.waiting || keyCount * 2 > limits.keys, let last = lastThatFailed, last.due > due,
      let name = byPlace[last.place]
    {
      setAside(name, at: last)
    }
    return waiting.count * 2 <= limits.waiting
  }

  /// How many due batches there is room for if they have as many keys as those in memory.
  var roomForDue: Int {
    let keys = max(1, keyCount / max(1, entries.count))
    return max(2, min(limits.waiting / 2, limits.keys / 2 / keys))
  }

  private mutating func setAside(_ name: BatchName, at waiting: Waiting) {
    if let keys = entries[name]?.keys.count, keys > Self.manyKeys, knownFree.count < limits.names {
      knownFree.insert(waiting.place)
    }
    forget(name)
    let mark = Waiting.Mark(before: waiting.due, name)
    setAsideAfter = min(setAsideAfter ?? mark, mark)
  }

  private mutating func forget(_ name: BatchName) {
    guard let place = entries[name]?.place else { return }
    let isOrdered = files[name.file]?.ordering != Ordering.none
    drop(name)
    // Batches without keys are found without their place.
    guard isOrdered else { return looseCount += 1 }
    if place.isPart { names.note(part: name, at: place) }
    forgottenCount += 1
  }

  /// Batches set aside are about to be read, from the first one on; those set aside meanwhile are counted separately.
  mutating func beginTakingBack() {
    takingBackAfter = setAsideAfter
    setAsideAfter = nil
  }

  /// The read failed, or its result is of no use.
  mutating func stopTakingBack() {
    if let mark = takingBackAfter { setAsideAfter = min(setAsideAfter ?? mark, mark) }
    takingBackAfter = nil
  }

  /// Takes batches that were set aside and are due, or soon will be.
  mutating func takeBack(_ page: LinePage, isEnd: Bool, touched: Set<BatchName>, at now: QueueTime) {
    takingBackAfter = nil
    if let last = page.batches.last, !isEnd {
      let mark = Waiting.Mark(due: last.retryState.due, name: last.name)
      setAsideAfter = min(setAsideAfter ?? mark, mark)
    }
    for batch in page.batches where entries[batch.name] == nil && !touched.contains(batch.name) {
      guard let file = page.files[batch.name.file] else { continue }
      takeBack(batch, file, at: now)
    }
  }

  /// Takes batches that were passed over, to check whether they are free.
  mutating func takeFreed(_ page: LinePage, of places: [Place], touched: Set<BatchName>, at now: QueueTime) {
    for place in places { freed.remove(place) }
    for batch in page.batches where entries[batch.name] == nil && !touched.contains(batch.name) {
      guard let file = page.files[batch.name.file] else { continue }
      takeBack(batch, file, at: now)
    }
  }

  private mutating func takeBack(_ batch: WaitingBatch, _ file: LineFile, at now: QueueTime) {
    guard !withdrawn.contains(file.id) else { return }
    if file.ordering == .none {
      // It holds nothing, so any place is as good.
      looseCount -= 1
      return add(batch, file, [], at: names.appendNameless(), now)
    }
    // A batch that the scan has not met yet may be blocked, so it is left to the scan.
    guard let place = names[batch.name] else { return }
    let keys = file.orderKeys(of: batch.itemKeys)
    guard knownFree.remove(place) != nil || index.held(keys, before: place) == nil else { return }
    names.forget(part: batch.name)
    forgottenCount -= 1
    add(batch, file, keys, at: place, now)
  }

  /// Takes the next batches of a file that was published behind the scan and holds no keys.
  mutating func takeLate(_ page: LinePage, of file: FileID, isEnd: Bool, at now: QueueTime) {
    for batch in page.batches where entries[batch.name] == nil && !withdrawn.contains(file) {
      guard let file = page.files[batch.name.file] else { continue }
      add(batch, file, [], at: names.appendNameless(), now)
    }
    guard let index = late.firstIndex(where: { $0.file == file }) else { return }
    if isEnd {
      late.remove(at: index)
    } else {
      late[index].after = (page.batches.map(\.name.position) + page.damaged.map(\.position)).max() ?? late[index].after
    }
  }

  /// Retries the spill that keeps the line from being scanned.
  mutating func spillIfFull() {
    if isFull { spillIfLarge() }
  }

  private mutating func spillIfLarge() {
    isFull = false
    guard index.count > limits.indexed + keyCount else { return }
    let byPlace = byPlace
    do {
      try index.spill { byPlace[$0] != nil }
    } catch {
      isFull = index.count > 4 * limits.indexed + keyCount
    }
  }

  /// Whether the line should be restarted, since most of what it remembers is no longer of use.
  var needsReload: Bool {
    index.isBroken || names.partCount > limits.parts || freed.count > limits.freed
      || index.deadCount > limits.dead && index.deadCount > index.spilledCount / 2
      || names.runCount > limits.names && names.runCount > 4 * (forgottenCount + looseCount + entries.count)
  }

  mutating func startOver() {
    let underWay = entries.values.filter { $0.state == .underWay }
    let (oldFiles, oldWithdrawn) = (files, withdrawn)
    self = Line(limits: limits, runs: runs)
    withdrawn = oldWithdrawn
    for var entry in underWay {
      entry.place = nil
      guard let file = oldFiles[entry.batch.name.file] else { continue }
      hold(entry.batch, file, entry.keys, at: nil, .underWay)
      entries[entry.batch.name]?.coalescingLimit = entry.coalescingLimit
    }
  }

  /// A file was published.
  ///
  /// - Returns: whether the line has to be restarted, because the file is behind the scan and may hold keys.
  mutating func published(_ file: FileID, holdsKeys: Bool) -> Bool {
    guard let scanned, file <= scanned.file else {
      isAtEnd = false
      return false
    }
    // The scan may have met it before this was reported.
    if file == scanned.file || names.holds(file) { return false }
    if holdsKeys { return true }
    if !late.contains(where: { $0.file == file }) { late.append((file, nil)) }
    return false
  }

  // MARK: - Outcomes of batches

  mutating func begin(_ name: BatchName) {
    guard let entry = entries[name], let place = entry.place else { return }
    leaveQueues(entry, place)
    if case .blocked = entry.state {} else { entries[name]?.isKnownFree = true }
    entries[name]?.state = .underWay
    isFullOfRetries = false
  }

  /// Puts a batch that was in flight back in its place.
  ///
  /// - Parameter isWritten: whether the outbox has it in this state.
  mutating func putBack(_ batch: WaitingBatch, isWritten: Bool = true, at now: QueueTime) {
    guard let entry = entries[batch.name] else { return }
    guard let place = entry.place else {
      // Not met since the line was restarted: the scan finds it.
      return drop(batch.name)
    }
    entries[batch.name]?.batch = batch
    entries[batch.name]?.isWritten = isWritten
    if withdrawn.contains(batch.name.file) { return forget(batch.name) }
    // It may have been sent behind others that it waits for and that come back too.
    if !entry.isKnownFree, let holder = index.held(entry.keys, before: place) {
      entries[batch.name]?.state = .blocked(by: holder)
      blocked.insert(place)
    } else {
      makeReady(batch.name, at: now)
      setAsideIfMany()
    }
  }

  /// Puts parts, in order, in the place of a batch that was in flight: its halves, the items that an answer left, or
  /// nothing.
  ///
  /// - Returns: whether the line has to be restarted, because there is no place left between its neighbours.
  mutating func replace(_ name: BatchName, by parts: [WaitingBatch], at now: QueueTime) -> Bool {
    guard let entry = entries[name] else { return false }
    let file = files[name.file]
    drop(name)
    if name == scanned, let last = parts.last { scanned = last.name }
    // Not met since the line was restarted: the scan finds its parts.
    guard let place = entry.place else { return false }
    var added: [(batch: WaitingBatch, place: Place, keys: [KeyHash])] = []
    if !parts.isEmpty, let file {
      guard let places = place.parts, parts.count <= 2 else { return true }
      for (part, place) in zip(parts, [places.0, places.1]) {
        let keys = file.orderKeys(of: part.itemKeys)
        index.insert(keys, at: place)
        added.append((part, place, keys))
      }
    }
    let next = index.remove(entry.keys, at: place)
    if let file {
      for part in added {
        let company = max(1, entry.coalescingLimit / 2)
        if withdrawn.contains(file.id) {
          guard file.ordering != .none else { continue }
          names.note(part: part.batch.name, at: part.place)
          forgottenCount += 1
        } else if let holder = index.held(part.keys, before: part.place) {
          hold(part.batch, file, part.keys, at: part.place, .blocked(by: holder))
          blocked.insert(part.place)
        } else {
          add(part.batch, file, part.keys, at: part.place, now, coalescingLimit: company)
        }
      }
    }
    lookAgain(at: next, now)
    dropOldNames()
    return false
  }

  /// A batch that is not in flight is gone, because its items were rejected.
  mutating func removed(_ batch: WaitingBatch, of file: LineFile, at now: QueueTime) {
    let place: Place
    let keys: [KeyHash]
    if let entry = entries[batch.name] {
      guard let known = entry.place else { return drop(batch.name) }
      (place, keys) = (known, entry.keys)
      drop(batch.name)
    } else {
      guard let known = names[batch.name] else { return }
      guard file.ordering != .none else { return looseCount -= 1 }
      (place, keys) = (known, file.orderKeys(of: batch.itemKeys))
      names.forget(part: batch.name)
      freed.remove(place)
      knownFree.remove(place)
      forgottenCount -= 1
    }
    lookAgain(at: index.remove(keys, at: place), now)
  }

  /// Removes a file's batches that are in memory and not in flight from the queues: they will not be sent. Their keys
  /// are held until they are `removed`.
  mutating func withdraw(_ file: FileID) {
    withdrawn.insert(file)
    for entry in entries.values where entry.batch.name.file == file && entry.state != .underWay {
      forget(entry.batch.name)
    }
  }

  /// Nothing is left of a withdrawn file.
  mutating func ended(_ file: FileID) { withdrawn.remove(file) }

  /// Checks again the places that are now the first holders of a key; they may be free.
  private mutating func lookAgain(at places: [Place], _ now: QueueTime) {
    guard !places.isEmpty else { return }
    for place in places.count > 1 ? Array(Set(places)).sorted() : places {
      guard let name = byPlace[place] else {
        freed.insert(place)
        continue
      }
      guard let entry = entries[name], case .blocked(let key) = entry.state else { continue }
      guard let holder = index.held([key], before: place) ?? index.held(entry.keys, before: place) else {
        blocked.remove(place)
        makeReady(name, at: now)
        continue
      }
      entries[name]?.state = .blocked(by: holder)
    }
    setAsideIfMany()
  }

  /// Makes waiting batches due: all of them, or a file's; `now` is the due time that the outbox now has for them.
  mutating func makeDue(file: FileID?, at now: QueueTime) {
    for entry in waiting.elements where entry.due > now {
      guard let name = byPlace[entry.place], file == nil || name.file == file else { continue }
      waiting.remove(entry)
      entries[name]?.batch.retryState.due = now
      entries[name]?.readySince = now
      waiting.insert(Waiting(due: now, place: entry.place))
    }
    if setAsideAfter != nil || takingBackAfter != nil {
      setAsideAfter = Waiting.Mark(before: QueueTime(milliseconds: 0), .first)
    }
  }

  mutating func limitJoining(of name: BatchName, to limit: Int) {
    entries[name]?.coalescingLimit = limit
  }

  private mutating func dropOldNames() {
    guard names.runCount > 256, forgottenCount == 0 else { return }
    guard let first = entries.values.compactMap(\.place).min() else { return }
    names.drop(before: first)
  }

  // MARK: - Requests of several batches

  /// Entries that may be sent, or may be sent behind others, in line order.
  func candidates(at now: QueueTime, withBlocked: Bool) -> [Entry] {
    var places = fresh.elements
    let others = waiting.elements.prefix { $0.due <= now }.map(\.place) + (withBlocked ? blocked.elements : [])
    if !others.isEmpty { places = (places + others).sorted() }
    return places.compactMap { self[$0] }
  }

  /// Whether everything that blocks this entry is among these places.
  func isBlocked(_ entry: Entry, onlyBy others: Set<Place>) -> Bool {
    guard let place = entry.place else { return false }
    return entry.keys.allSatisfy { index.isHeld($0, before: place, onlyBy: others) }
  }
}

extension Line.Waiting {
  /// A point in the order of batches set aside: by due time, then by name.
  struct Mark: Comparable {
    var due: QueueTime
    var name: BatchName

    init(due: QueueTime, name: BatchName) {
      self.due = due
      self.name = name
    }

    /// A point shortly before this batch.
    init(before due: QueueTime, _ name: BatchName) {
      self.due = due
      // Sorts behind every batch of the previous file.
      self.name = BatchName(file: FileID(value: name.file.value == 0 ? 0 : name.file.value - 1), position: "~")
      if name.file.value == 0 { self.name.position = "" }
    }

    static func < (a: Self, b: Self) -> Bool { (a.due, a.name) < (b.due, b.name) }
  }
}

extension BatchName {
  /// Sorts before every batch.
  static let first = BatchName(file: .first, position: "")
}
