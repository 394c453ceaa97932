internal import Simulation

struct Options: Sendable {
  var worlds = 1000
  var seed: UInt64 = 1
  /// Runs for this long, however many worlds that makes; nil if `worlds` limits the run.
  var minutes: Double?
  /// How many of the worlds use real SQLite.
  var sqlite = 0
  /// Runs all tiny worlds instead, trying all answers for this many requests.
  var tiny: Int?
  /// How many events a tiny world has at most.
  var events = 1
  var tinyWorlds: TinyWorlds? { tiny.map { TinyWorlds(answers: $0, events: events) } }
  /// After this many violations, no further world is begun.
  var violations = 3
  /// Prints the history of the world of `seed`.
  var shows = false
  /// Whether each world is run twice and must have the same history.
  var runsTwice = false
  /// Whether a violation's history is made as short as possible.
  var shrinks = true
  /// A plan to run instead.
  var plan: String?

  static let usage = """
    usage: upsertd-simulate [--worlds N | --minutes M | --tiny N [--events N]] [--seed S] [--sqlite N] [--violations N] [--twice] [--show] [--no-shrinking] [--plan FILE]

      --worlds N    how many worlds, of the seeds S, S + 1 …; default 1000
      --minutes M   as many as M minutes have room for
      --seed S      default 1
      --sqlite N    this many of them, spread evenly, on a real SQLite outbox
      --tiny N      all tiny worlds instead, with every answer to the first N requests
      --events N    of tiny worlds: each with up to N events, at every third step where N is above 1; default 1
      --violations N  stops after so many; default 3
      --twice       runs each world twice, and compares
      --show        prints what happens in the world of seed S
      --no-shrinking  prints violations as they were found
      --plan FILE   prints what happens in the world that the JSON file describes

    """

  /// The worlds on SQLite are spread evenly.
  func usesSQLite(_ seed: UInt64) -> Bool {
    guard sqlite > 0 else { return false }
    let place = seed &- self.seed
    let before = place.multipliedReportingOverflow(by: UInt64(sqlite)).partialValue / UInt64(worlds)
    return (place + 1) * UInt64(sqlite) / UInt64(worlds) > before
  }

  init?(_ arguments: some Sequence<String>) {
    var rest = Array(arguments)[...]
    while let name = rest.popFirst() {
      switch name {
      case "--show": shows = true
      case "--no-shrinking": shrinks = false
      case "--twice": runsTwice = true
      default:
        guard let value = rest.popFirst() else { return nil }
        switch (name, Int(value), Double(value)) {
        case ("--worlds", let number?, _) where number > 0: worlds = number
        case ("--seed", _, _):
          guard let number = UInt64(value) else { return nil }
          seed = number
        case ("--minutes", _, let number?) where number > 0: minutes = number
        case ("--sqlite", let number?, _) where number >= 0: sqlite = number
        case ("--tiny", let number?, _) where (0...6).contains(number): tiny = number
        case ("--events", let number?, _) where (0...3).contains(number): events = number
        case ("--violations", let number?, _) where number > 0: violations = number
        case ("--plan", _, _): plan = value
        default: return nil
        }
      }
    }
    if let tinyWorlds {
      worlds = tinyWorlds.count
      seed = 0
    }
    if shows { (worlds, shrinks) = (1, false) }
  }
}
