import Foundation
import Fuzzing

/// Starts a worker for each driver, one after the other, and keeps the inputs that end or hang one.
struct Supervisor {
  let seed: UInt64
  let corpus: String
  let out: String
  /// For each driver.
  let seconds: Double

  /// How long one input may take.
  private static let patience = Duration.seconds(30)
  /// After so many findings a driver has said enough.
  private static let mostFindings = 5

  /// - Returns: how many inputs broke something.
  func run(_ drivers: [FuzzDriver]) throws -> Int {
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    var findings = 0
    for driver in drivers {
      let found = try run(driver)
      findings += found
    }
    say(findings == 0 ? "nothing was found" : "\(findings) inputs break something; they are in \(out)")
    return findings
  }

  private func run(_ driver: FuzzDriver) throws -> Int {
    let end = ContinuousClock.now + .seconds(seconds)
    var (inputs, findings, seed, first) = (0, 0, seed, 0)
    let corpusCount = try FuzzRun.corpus(of: driver, in: corpus).count
    repeat {
      let left = (end - .now) / .seconds(1)
      let scratch = "\(out)/\(driver.name).current"
      guard FileManager.default.createFile(atPath: scratch, contents: nil) else { throw Broken("make \(scratch)") }
      let process = Process()
      process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      process.arguments = [
        "--work", "\(left)", "--driver", driver.name, "--seed", "\(seed)", "--corpus", corpus, "--scratch", scratch,
        "--first", "\(first)",
      ]
      // A trap is to end the process, without a long report.
      process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
      let errors = "\(out)/\(driver.name).log"
      _ = FileManager.default.createFile(atPath: errors, contents: nil)
      process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let isHanging = wait(for: process, scratch)
      let current = Array((try? Data(contentsOf: URL(filePath: scratch))) ?? Data())
      let (number, input) = (Self.number(in: current), Array(current.dropFirst(8)))
      try? FileManager.default.removeItem(atPath: scratch)
      if !isHanging, process.terminationReason == .exit, process.terminationStatus == 0 {
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        inputs += Int(said.split(separator: "\n").last ?? "") ?? 0
        break
      }
      inputs += number
      findings += 1
      let path = "\(out)/\(driver.name)-\(seed)-\(number)"
      try Data(input).write(to: URL(filePath: path))
      let why = isHanging ? "took more than \(Self.patience)" : "ended it (\(process.terminationStatus))"
      let last = (try? String(contentsOfFile: errors, encoding: .utf8))?.split(separator: "\n").last ?? ""
      say("\(driver.name): input \(number) of seed \(seed) \(why): \(path)\n  \(last)")
      // What of the corpus breaks something does so whatever the seed.
      if number < corpusCount { first = number + 1 } else { (seed, first) = (seed &+ 1_000_003, corpusCount) }
    } while ContinuousClock.now < end && findings < Self.mostFindings
    say("\(driver.name): \(inputs) inputs, seed \(self.seed), \(findings == 0 ? "clean" : "\(findings) findings")")
    return findings
  }

  /// Waits for its end; true where it had to be killed, since it was at one input for too long.
  private func wait(for process: Process, _ scratch: String) -> Bool {
    var (last, since) = (UInt64.max, ContinuousClock.now)
    while process.isRunning {
      usleep(20_000)
      let number = UInt64(Self.number(in: Self.start(of: scratch)))
      if number != last { (last, since) = (number, .now) }
      guard since + Self.patience < .now else { continue }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      return true
    }
    process.waitUntilExit()
    return false
  }

  private static func start(of path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 8)
    return read(descriptor, &bytes, 8) == 8 ? bytes : []
  }

  private static func number(in bytes: [UInt8]) -> Int {
    guard bytes.count >= 8 else { return 0 }
    return Int(clamping: bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
  }
}

/// Prints a line at once, whoever reads it.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
