import Calendar
import Core
import Engine
import Testing
import TestKit

/// Random histories: against the rules as they are worded, and with restarts in between.
@Suite struct ExpectationHistoryTests {
  private struct DroppedFile {
    var id: FileID
    var number: Int64
    var readyAt: Timestamp
    var readAt: Timestamp
    var items: Int
    /// False if it turns out to be of no use.
    var counts: Bool
  }

  private enum Event {
    case passes
    case ready(DroppedFile)
    case ends(DroppedFile)
  }

  private struct History {
    var rule: ExpectationRule
    var files: [DroppedFile] = []
    var events: [(at: Timestamp, event: Event)] = []
    var end: Timestamp

    /// Two weeks, in which clocks are put back or forward in most zones.
    init(seed: UInt64) throws {
      var random = SplitMix64(seed: seed)
      let zone = ["Europe/Dublin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"].randomElement(
        using: &random)
      let times = [("00:00", "07:30"), ("20:00", "07:30"), ("01:30", "01:45"), ("02:15", "24:00"), ("12:00", "00:00")]
        .randomElement(using: &random)
      rule = try makeTerms(
        from: times?.0 ?? "", by: times?.1 ?? "", zone: zone ?? "",
        days: ["all", "mon-fri", "sat-mon", "wed"].randomElement(using: &random) ?? "", minItems: 2,
        sequence: "nav-([0-9]+).csv")
      let start = try at(["2026-03-02", "2026-03-23", "2026-10-19", "2026-10-26"].randomElement(using: &random) ?? "")
      func moment(_ range: Range<Int>, after start: Timestamp) -> Timestamp {
        start + .seconds(Int.random(in: range, using: &random))
      }
      let length = 14 * 86_400
      end = start + .seconds(length + 7200)
      events = [(start, .passes), (end, .passes)]
      for number in 1...Int.random(in: 5...40, using: &random) {
        let readyAt = moment(0..<length, after: start)
        // Most files are read at once, some take up to a day and are then read after later ones.
        let isSlow = Int.random(in: 0..<4, using: &random) == 0
        let readAt = min(end, moment(0..<(isSlow ? 86_400 : 2), after: readyAt))
        let file = DroppedFile(
          id: FileID(value: UInt128(number)), number: Int64.random(in: 10...30, using: &random), readyAt: readyAt,
          readAt: readAt, items: Int.random(in: 1...3, using: &random),
          counts: Int.random(in: 0..<5, using: &random) > 0)
        files.append(file)
        events += [(readyAt, .ready(file)), (readAt, .ends(file))]
      }
      for _ in 0..<Int.random(in: 2...60, using: &random) { events.append((moment(0..<length, after: start), .passes)) }
      // Stable: a file is ready before it is read.
      events = events.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }
  }

  /// The world after the history, with a restart before the events for which `isRestart` is true.
  private func world(
    _ history: History, passes: Bool = true, isRestart: () -> Bool = { false }
  ) throws -> ExpectationWorld {
    var world = ExpectationWorld(history.rule)
    for (index, event) in history.events.enumerated() {
      if isRestart() { try world.restarts() }
      switch event.event {
      case .passes:
        // At least at the beginning and at the end.
        if passes || index == 0 || index == history.events.count - 1 { world.passes(event.at) }
      case .ready(let file): world.becomesReady("nav-\(file.number).csv", at: file.readyAt, id: file.id)
      case .ends(let file) where file.counts: world.isRead(file.id, items: file.items, now: event.at)
      case .ends(let file): world.isGone(file.id, now: event.at)
      }
    }
    return world
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `restarts at any point change no alarm and no state`(seed: UInt64) throws {
    let history = try History(seed: seed)
    let through = try world(history)
    var random = SplitMix64(seed: seed &+ 1000)
    for chance in [1, 2, 10] {
      let cut = try world(history) { Int.random(in: 0..<chance, using: &random) == 0 }
      #expect(cut.alarms == through.alarms)
      #expect(cut.expected.state(at: history.end) == through.expected.state(at: history.end))
      #expect(cut.expected.snapshot == through.expected.snapshot)
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `any history gives the alarms that the rules say, each once`(seed: UInt64) throws {
    let history = try History(seed: seed)
    let alarms = try world(history).alarms
    func days(_ kind: ExpectationAlarm.Kind) -> [String] {
      alarms.filter { $0.kind == kind }.map { "\($0.day) \($0.file.map(\.text) ?? "")" }.sorted()
    }
    let deadline = history.rule.deadline
    let counted = history.files.filter(\.counts)
    func line(_ file: DroppedFile) -> String { "\(deadline.day(at: file.readyAt)) \(file.id.text)" }
    func isExpected(_ file: DroppedFile) -> Bool { deadline.days.contains(deadline.day(at: file.readyAt)) }
    func isLate(_ file: DroppedFile) -> Bool { file.readyAt > deadline.due(on: deadline.day(at: file.readyAt)) }

    var missing: [String] = []
    var day = deadline.day(at: history.events[0].at)
    while deadline.due(on: day) < history.end {
      let came = counted.contains { deadline.day(at: $0.readyAt) == day && !isLate($0) }
      if deadline.days.contains(day), !came { missing.append("\(day) ") }
      day = day.adding(days: 1)
    }
    #expect(days(.missing) == missing)
    #expect(days(.late) == counted.filter { isExpected($0) && isLate($0) }.map(line).sorted())
    #expect(days(.early) == counted.filter { !isExpected($0) }.map(line).sorted())
    #expect(days(.short) == counted.filter { $0.items < 2 }.map(line).sorted())

    // In the order in which they were read.
    let read = history.events.compactMap { event in
      if case .ends(let file) = event.event, file.counts { file } else { nil }
    }
    var seen: Set<Int64> = []
    let repeats = read.filter { !seen.insert($0.number).inserted }.map(line).sorted()
    #expect(days(.repeat) == repeats)

    let told = alarms.filter { $0.kind == .gap }.flatMap { $0.numbers.flatMap(Array.init) }
    #expect(told.count == Set(told).count, "no number is told as missing twice")
    if let first = read.first?.number, let highest = seen.max() {
      let left = (first...highest).filter { !seen.contains($0) }
      #expect(Set(told).isSuperset(of: left))
      #expect(told.allSatisfy { (first...highest).contains($0) })
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `a daemon that sleeps most of the time tells the same days as one that always looks`(seed: UInt64) throws {
    let history = try History(seed: seed)
    func missing(_ world: ExpectationWorld) -> [CivilDate] {
      world.alarms.filter { $0.kind == .missing }.map(\.day).sorted()
    }
    // Something happens more often than once a week, or the sleeper would not report all days.
    let times = ([history.events[0].at, history.end] + history.files.map(\.readAt)).sorted()
    let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    guard longest < .seconds(6 * 86_400) else { return }
    #expect(try missing(world(history, passes: false)) == missing(world(history)))
  }
}
