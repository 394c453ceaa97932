import ArgumentParser
import Foundation
import Fuzzing

@main
struct Fuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upsertd-fuzz",
    abstract: "Feeds upsertd's readers with random changes of a corpus, each driver in a process of its own.",
    discussion: """
      The same seed makes the same inputs. An input that makes a reader trap, hang or break a rule is kept, and its path is \
      printed; --repeat reads it once more.

      Exit status: 0 nothing was found; 1 something was; 64 usage.
      """)

  @Option(help: "How long, for all drivers together.") var minutes = 10.0
  @Option(help: "Where the random numbers begin.") var seed: UInt64 = 1
  @Option(help: "Only this driver; may be repeated.") var driver: [String] = []
  @Option(help: "Holds a folder of inputs for each driver.") var corpus = "Tests/Corpus"
  @Option(help: "Where inputs that break something are kept.") var out = ".build/fuzz"
  @Option(help: "Reads this file with the one --driver, and nothing else.") var `repeat`: String?
  @Flag(help: "Lists the drivers.") var list = false

  /// For the processes that do the work.
  @Option(help: .hidden) var work: Double?
  @Option(help: .hidden) var scratch = ""
  @Option(help: .hidden) var first = 0

  func validate() throws {
    for name in driver where FuzzDriver.named(name) == nil { throw ValidationError("no driver is called \(name)") }
    if `repeat` != nil, driver.count != 1 { throw ValidationError("--repeat goes with one --driver") }
    guard minutes > 0, minutes < 100_000 else { throw ValidationError("--minutes is a number above 0") }
  }

  func run() throws {
    let drivers = driver.isEmpty ? FuzzDriver.all : driver.compactMap { FuzzDriver.named($0) }
    if list {
      for driver in drivers { print("\(driver.name): \(driver.about)") }
      return
    }
    if let seconds = work {
      return try Worker(driver: drivers[0], seed: seed, scratch: scratch, first: first).run(corpus, seconds)
    }
    if let path = `repeat` {
      let input = Array(try Data(contentsOf: URL(filePath: path)))
      try FuzzRun.withFolder { folder in
        var reader = try drivers[0].makeReader(folder)
        print(try reader.read(input) ? "it made sense" : "it made no sense")
      }
      return
    }
    let findings = try Supervisor(
      seed: seed, corpus: corpus, out: out, seconds: minutes * 60 / Double(drivers.count)
    ).run(drivers)
    if findings > 0 { throw ExitCode(1) }
  }
}
