import Core
import Testing
@testable import Dispatching

/// What `#expect` may change.
private final class Told {
  private var news = FileLogThrottle()

  func isWorthLogging(sent file: FileID) -> Bool { news.isWorthLogging(sent: file) }
  func isWorthLogging(split file: FileID) -> Bool { news.isWorthLogging(split: file) }
  func isWorthLogging(delay reason: String, of file: FileID, at now: QueueTime) -> Bool {
    news.isWorthLogging(delay: reason, of: file, at: now)
  }
  func forget(_ file: FileID) { news.forget(file) }
}

@Suite struct `News of a file` {
  private let file = FileID("01ARZ3NDEKTSV4RRFFQ69G5FAV")
  private let start = QueueTime(milliseconds: 1_000_000)

  private func at(_ seconds: Int) -> QueueTime { start + .seconds(seconds) }

  @Test func `of thousands of batches the first is told`() throws {
    let file = try #require(file)
    let news = Told()
    let told = (0..<5000).filter { _ in news.isWorthLogging(sent: file) }
    #expect(told == [0])
  }

  @Test func `a delay is told once, and the first batch after it`() throws {
    let file = try #require(file)
    let news = Told()
    #expect(news.isWorthLogging(sent: file))
    #expect(news.isWorthLogging(delay: "500", of: file, at: at(0)))
    #expect(!news.isWorthLogging(delay: "500", of: file, at: at(100)))
    // Another reason at once: it may be one that somebody has to fix.
    #expect(news.isWorthLogging(delay: "409", of: file, at: at(101)))
    #expect(news.isWorthLogging(sent: file))
    #expect(!news.isWorthLogging(sent: file))
  }

  @Test func `batches that fail now and then are told once a minute`() throws {
    let file = try #require(file)
    let news = Told()
    var lines = 0
    for second in 0..<600 {
      if news.isWorthLogging(delay: "500", of: file, at: at(second)) { lines += 1 }
      if news.isWorthLogging(sent: file) { lines += 1 }
    }
    #expect(lines == 20)
  }

  @Test func `halves are told once`() throws {
    let file = try #require(file)
    let news = Told()
    #expect(news.isWorthLogging(split: file))
    #expect(!news.isWorthLogging(split: file))
    news.forget(file)
    #expect(news.isWorthLogging(split: file))
  }
}
