package import Calendar
package import Core

/// Decides, for an entry of `expect`, what is missing, late, early, short or out of sequence.
///
/// Events in:
/// - `ready`: a file whose name matches became ready. Whether it counts is known only once it was read.
/// - `read`: it was read to its end, and counts. The caller leaves out what does not: unusable files, rejects files,
///   replays and duplicates.
/// - `gone`: it does not count, or went back to its inbox, to come again as another file.
/// - `waiting`: files are ready that can't be claimed yet, since the inbox is paused or the queue is full.
/// - `passed`: time went on. Due at `nextChange`, and before that may come at any time.
/// - `change`: the configuration has another rule for the entry.
///
/// Answers out: the alarms that each event returns, `state` and `nextChange`.
///
/// A file counts for the day in which it became ready, however long it takes to read it. So while one that became ready
/// in time is not read, `missing` waits; and a gap waits for files that have one of its numbers.
///
/// **Once.** Everything that was reported is in the `snapshot`. It is stored in the same commit as the alarms and, for
/// `read`, the file's publication; so each event counts once and each alarm is given once, whatever crashes. After a
/// restart, `ready` is reported again for all claimed files that were not read, before anything else.
///
/// **While the daemon is stopped** no file becomes ready. So the days whose `by` passed meanwhile had no file, and are
/// reported as missing at the next start, as a running daemon would have done; of the days before the current one the
/// last `maxLookBack`. What is in the inbox becomes ready at the start, and counts for that day. At the first start of
/// all, and for a new entry, only the current day is decided: it is missing if `by` has passed, since upsertd saw no
/// file.
///
/// **If the clock is set back**, days that were reported are not reported again, unless it is set by more than two
/// weeks.
///
/// Memory is bounded: 16 days, 2,000 files under way, and the numbers as `SequenceNumbers` says.
package struct ExpectedFiles: Sendable {
  package private(set) var rule: ExpectationRule
  package private(set) var snapshot: Snapshot
  private var underWay: [FileID: Arrival] = [:]
  private var unclaimed: [Arrival] = []

  static let maxLookBack: Int64 = 7
  static let maxDays = 16
  static let maxUnderWay = 1_000

  /// All that has to survive a restart; a few hundred bytes, and 40 for each gap in the sequence.
  package struct Snapshot: Sendable, Equatable, Codable {
    /// What is known of a day.
    fileprivate struct Day: Equatable, Codable {
      /// Since 1970-01-01.
      var number: Int64
      var files = 0
      /// When the first of them became ready, in milliseconds.
      var firstReady: Int64?
      /// Whether one came in time, or it was reported that none did.
      var isDecided = false
      /// The last file that came and does not count, with the reason, for the alarm.
      var leftOut: String?
    }

    /// Ascending.
    fileprivate var days: [Day] = []
    /// All days before it are decided; nil before the first event.
    fileprivate var undecided: Int64?
    /// The sequence's pattern that `numbers` belong to.
    fileprivate var pattern: String?
    fileprivate var numbers: SequenceNumbers?

    package init() {}
  }

  /// A file that was not read yet.
  package struct Arrival: Sendable, Equatable {
    package var name: [UInt8]
    /// When it became ready.
    package var at: Timestamp

    package init(name: [UInt8], at: Timestamp) {
      self.name = name
      self.at = at
    }
  }

  /// - Parameter kept: the last stored snapshot; nil for a new entry.
  package init(_ rule: ExpectationRule, from kept: Snapshot? = nil) {
    self.rule = rule
    snapshot = kept?.withinBounds ?? Snapshot()
    change(rule)
  }

  // MARK: - Events

  /// A file became ready, by its claim.
  package mutating func ready(_ id: FileID, name: [UInt8], at moment: Timestamp) {
    guard underWay.count < Self.maxUnderWay else { return }
    underWay[id] = Arrival(name: name, at: moment)
  }

  /// These files are ready and not claimed, and no others.
  package mutating func waiting(_ files: some Sequence<Arrival>) {
    unclaimed = Array(files.prefix(Self.maxUnderWay))
  }

  /// A file counts.
  ///
  /// - Parameters:
  ///   - readyAt: as for `ready`, which need not have been called.
  ///   - items: all of them, rejected ones included.
  package mutating func read(
    _ id: FileID, name: [UInt8], readyAt: Timestamp, items: Int, now: Timestamp
  ) -> [ExpectationAlarm] {
    underWay[id] = nil
    let day = deadline.day(at: readyAt)
    let isExpected = deadline.isExpected(on: day)
    snapshot.update(day) { record in
      record.files = record.files.addingSaturated(1)
      record.firstReady = min(record.firstReady ?? .max, readyAt.milliseconds)
    }
    let words = AlarmWords(rule: rule, day: day, file: id, name: name)
    var alarms: [ExpectationAlarm] = []
    if !isExpected { alarms.append(words.early(at: readyAt)) }
    if isExpected, readyAt > deadline.due(on: day) { alarms.append(words.late(at: readyAt)) }
    if let least = rule.minItems, items < least { alarms.append(words.short(items: items, least: least)) }
    if let number = rule.sequence?.number(in: name) {
      if snapshot.numbers == nil {
        snapshot.numbers = SequenceNumbers(first: number)
      } else if snapshot.numbers?.arrived(number) == .seenBefore {
        alarms.append(words.repeated(number))
      }
    }
    return decide(now) + alarms + tellGaps(now, revealedBy: (id, name))
  }

  /// A file does not count.
  ///
  /// - Parameter reason: why, if it came and stays; for people.
  package mutating func gone(_ id: FileID, because reason: String? = nil, now: Timestamp) -> [ExpectationAlarm] {
    if let reason, let file = underWay[id] {
      let day = deadline.day(at: file.at)
      let text = AlarmWords(rule: rule, day: day, file: id, name: file.name).leftOut(at: file.at, because: reason)
      snapshot.update(day) { $0.leftOut = text }
    }
    forget(id)
    return passed(now)
  }

  /// The same, for a caller that lets time pass next.
  package mutating func forget(_ id: FileID) { underWay[id] = nil }

  /// Time went on.
  package mutating func passed(_ now: Timestamp) -> [ExpectationAlarm] { decide(now) + tellGaps(now) }

  /// The entry has another rule from now on.
  ///
  /// What came is kept by its date. A day that is decided stays decided; another `by` decides about later days, and
  /// about the current one if that is still open. With another `sequence`, all numbers are forgotten.
  package mutating func change(_ rule: ExpectationRule) {
    self.rule = rule
    guard snapshot.pattern != rule.sequence?.text else { return }
    snapshot.pattern = rule.sequence?.text
    snapshot.numbers = nil
  }

  // MARK: - Queries

  package func state(at now: Timestamp) -> ExpectationState {
    let today = deadline.day(at: now)
    let isExpected = deadline.isExpected(on: today)
    let due = isExpected ? today : (1...15).map { today.adding(days: $0) }.first { deadline.isExpected(on: $0) }
    return ExpectationState(
      state: isExpected ? word(today, at: now) : .waiting,
      // `days` is never empty, so that one of the next 15 is expected in any zone.
      due: deadline.due(on: due ?? today), since: deadline.start(of: today),
      files: snapshot.day(today)?.files ?? 0,
      missingNumbers: missingNumbers, missingCount: snapshot.numbers?.missingCount ?? 0)
  }

  /// When the state may change by itself, or an alarm becomes due.
  package func nextChange(after now: Timestamp) -> Timestamp {
    let today = deadline.day(at: now)
    let due = deadline.due(on: today)
    return deadline.isExpected(on: today) && now <= due ? due + .milliseconds(1) : deadline.end(of: today)
  }

  private func word(_ day: CivilDate, at now: Timestamp) -> ExpectationState.Word {
    let due = deadline.due(on: day)
    if let first = snapshot.day(day)?.firstReady {
      return first <= due.milliseconds ? .came : .late
    }
    return now <= due || isUnderWay(for: day) ? .waiting : .missing
  }

  private var missingNumbers: [Int64] {
    var numbers: [Int64] = []
    for gap in snapshot.numbers?.missing ?? [] {
      numbers += gap.prefix(ExpectationState.maxNumbers - numbers.count)
      if numbers.count == ExpectationState.maxNumbers { break }
    }
    return numbers
  }

  // MARK: - Decisions

  private var deadline: DailyDeadline { rule.deadline }

  /// Reports the days on which no file came in time.
  private mutating func decide(_ now: Timestamp) -> [ExpectationAlarm] {
    let today = deadline.day(at: now).daysSince1970
    // Not beyond today: the clock may have been set back.
    let first = max(min(snapshot.undecided ?? today, today), today - Self.maxLookBack)
    snapshot.undecided = nil
    var alarms: [ExpectationAlarm] = []
    for number in first...today {
      if let decision = decision(on: CivilDate(daysSince1970: number), now) {
        alarms += decision
      } else {
        snapshot.undecided = snapshot.undecided ?? number
      }
    }
    snapshot.undecided = snapshot.undecided ?? today + 1
    snapshot.prune(around: today)
    return alarms
  }

  /// At most one alarm; nil if the day can't be decided yet.
  private mutating func decision(on day: CivilDate, _ now: Timestamp) -> [ExpectationAlarm]? {
    let record = snapshot.day(day)
    guard deadline.isExpected(on: day), record?.isDecided != true else { return [] }
    let due = deadline.due(on: day)
    let came = record?.firstReady.map { $0 <= due.milliseconds } ?? false
    guard came || (now > due && !isUnderWay(for: day)) else { return nil }
    snapshot.update(day) { $0.isDecided = true }
    return came ? [] : [AlarmWords(rule: rule, day: day).missing(record?.leftOut)]
  }

  /// Whether a file is there that may turn out to have come in time.
  private func isUnderWay(for day: CivilDate) -> Bool {
    let (start, due) = (deadline.start(of: day), deadline.due(on: day))
    return waitingFiles.contains { start <= $0.at && $0.at <= due }
  }

  /// What was not read yet.
  private var waitingFiles: [Arrival] { underWay.values + unclaimed }

  /// - Parameter last: the file that counts just now, if there is one.
  private mutating func tellGaps(
    _ now: Timestamp, revealedBy last: (id: FileID, name: [UInt8])? = nil
  ) -> [ExpectationAlarm] {
    guard let sequence = rule.sequence, snapshot.numbers != nil else { return [] }
    let numbers = waitingFiles.compactMap { sequence.number(in: $0.name) }
    guard let gaps = snapshot.numbers?.tellGaps(underWay: numbers), !gaps.isEmpty else { return [] }
    // The file with the number above a gap reveals it; where that gap had to wait, another one is the last.
    let revealing = last.flatMap { file in
      sequence.number(in: file.name).flatMap { number in
        gaps.contains { $0.upperBound < number && number - $0.upperBound == 1 } ? file.id : nil
      }
    }
    return [AlarmWords(rule: rule, day: deadline.day(at: now), file: revealing).gap(gaps)]
  }
}

extension ExpectedFiles.Snapshot {
  fileprivate func day(_ date: CivilDate) -> Day? { days.first { $0.number == date.daysSince1970 } }

  fileprivate mutating func update(_ date: CivilDate, _ change: (inout Day) -> Void) {
    let number = date.daysSince1970
    let index = days.firstIndex { $0.number >= number } ?? days.count
    if index == days.count || days[index].number != number { days.insert(Day(number: number), at: index) }
    change(&days[index])
  }

  /// Keeps the days that are nearest to today.
  fileprivate mutating func prune(around today: Int64) {
    while days.count > ExpectedFiles.maxDays, let first = days.first, let last = days.last {
      if today.subtractingSaturated(first.number) >= last.number.subtractingSaturated(today) {
        days.removeFirst()
      } else {
        days.removeLast()
      }
    }
  }

  /// What of it can be used: it was stored outside, and may be damaged.
  fileprivate var withinBounds: Self {
    var usable = self
    // As far as a `CivilDate` reaches.
    let range: ClosedRange<Int64> = -1 << 48...1 << 48
    usable.days = days.filter { range.contains($0.number) && $0.files >= 0 }.sorted { $0.number < $1.number }
    if let undecided, !range.contains(undecided) { usable.undecided = nil }
    if numbers?.isValid == false { usable.numbers = nil }
    return usable
  }
}
