import Core
import Testing
@testable import Dispatching

/// What `#expect` may change.
private final class Told {
  private var news = FileLogThrottle()

  func isWorthTelling(sent file: FileID) -> Bool { news.isWorthTelling(sent: file) }
  func isWorthTelling(split file: FileID) -> Bool { news.isWorthTelling(split: file) }
  func isWorthTelling(delay reason: String, of file: FileID, at now: QueueTime) -> Bool {
    news.isWorthTelling(delay: reason, of: file, at: now)
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
    let told = (0..<5000).filter { _ in news.isWorthTelling(sent: file) }
    #expect(told == [0])
  }

  @Test func `a delay is told once, and the first batch after it`() throws {
    let file = try #require(file)
    let news = Told()
    #expect(news.isWorthTelling(sent: file))
    #expect(news.isWorthTelling(delay: "500", of: file, at: at(0)))
    #expect(!news.isWorthTelling(delay: "500", of: file, at: at(100)))
    // Another reason at once: it may be one that somebody has to fix.
    #expect(news.isWorthTelling(delay: "409", of: file, at: at(101)))
    #expect(news.isWorthTelling(sent: file))
    #expect(!news.isWorthTelling(sent: file))
  }

  @Test func `batches that fail now and then are told once a minute`() throws {
    let file = try #require(file)
    let news = Told()
    var lines = 0
    for second in 0..<600 {
      if news.isWorthTelling(delay: "500", of: file, at: at(second)) { lines += 1 }
      if news.isWorthTelling(sent: file) { lines += 1 }
    }
    #expect(lines == 20)
  }

  @Test func `halves are told once`() throws {
    let file = try #require(file)
    let news = Told()
    #expect(news.isWorthTelling(split: file))
    #expect(!news.isWorthTelling(split: file))
    news.forget(file)
    #expect(news.isWorthTelling(split: file))
  }
}
