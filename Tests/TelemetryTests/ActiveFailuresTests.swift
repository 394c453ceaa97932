import Logging
import Synchronization
import Testing
@testable import Telemetry

@Suite struct `What does not work` {
  private struct Full: Error, CustomStringConvertible {
    var description: String { "the disk is full" }
  }

  @Test func `is told when it begins and when it is over, and listed between`() {
    let (log, logger) = Self.log()
    let activeFailures = ActiveFailures()
    for _ in 0..<5 { activeFailures.begin("it can't be written", in: "target a", Full(), logger: logger) }
    #expect(activeFailures.all == ["target a: it can't be written: the disk is full"])
    activeFailures.begin("it can't be written", in: "target b", Full(), logger: logger)
    for _ in 0..<5 { activeFailures.end("it can't be written", in: "target a", logger: logger) }
    #expect(activeFailures.all.count == 1)
    activeFailures.forget("target b")
    #expect(activeFailures.all.isEmpty)
    activeFailures.end("it can't be written", in: "target b", logger: logger)
    #expect(
      log.lines == [
        "error it can't be written; retrying", "error it can't be written; retrying", "notice recovered",
      ])
  }

  @Test func `one file's own trouble is listed, but is not everybody's`() {
    let (_, logger) = Self.log()
    let activeFailures = ActiveFailures()
    activeFailures.begin("its results can't be written", in: "file A", Full(), isOneFiles: true, logger: logger)
    #expect(activeFailures.all == ["file A: its results can't be written: the disk is full"])
    #expect(activeFailures.ofAll == [])
    activeFailures.begin("its results can't be written", in: "file B", Full(), logger: logger)
    #expect(activeFailures.ofAll == ["file B: its results can't be written: the disk is full"])
  }

  private final class Log: Sendable {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    func take(_ line: String) { kept.withLock { $0.append(line) } }
  }

  private struct Keeper: LogHandler {
    let log: Log
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log.take("\(event.level) \(event.message)") }
  }

  private static func log() -> (Log, Logger) {
    let log = Log()
    return (log, Logger(label: "test") { _ in Keeper(log: log) })
  }
}
