import Core
import Engine
import Spool
import Testing
@testable import Telemetry

@Suite struct `Files that stay` {
  private let start = Timestamp(milliseconds: 1_000_000)

  private func at(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

  private func look(_ files: [(String, UnreadyFile.Kind)]) throws -> InboxScan {
    InboxScan(
      unclaimed: try files.map {
        UnreadyFile(name: try #require(FileName(bytes: Array($0.0.utf8))), kind: $0.1, reason: "\($0.1)")
      })
  }

  @Test func `what a person has to see to is told at once, and once`() throws {
    let tracker = UnclaimedFileTracker()
    let look = try look([("a", .unreadable), ("b", .notRegular), ("c", .settling), ("d", .ignored)])
    let told = tracker.take(look, obstacle: nil, of: "in", at: at(0)).reported
    #expect(told.map(\.name) == ["a", "b"])
    #expect(told.map(\.since) == [at(0), at(0)])
    for second in 1...5 { #expect(tracker.take(look, obstacle: nil, of: "in", at: at(second)).reported.isEmpty) }
  }

  @Test func `what should pass by itself is told when it did not`() throws {
    let tracker = UnclaimedFileTracker()
    let kinds: [UnreadyFile.Kind] = [
      .openForWriting, .settling, .waitingForMarker, .marker, .waitingForChecksum, .checksum, .ignored,
    ]
    let look = try look(kinds.enumerated().map { ("\($0)", $1) })
    #expect(tracker.take(look, obstacle: nil, of: "in", at: at(0)).reported.isEmpty)
    #expect(tracker.take(look, obstacle: nil, of: "in", at: at(599)).reported.isEmpty)
    let told = tracker.take(look, obstacle: nil, of: "in", at: at(600)).reported
    #expect(told.count == kinds.count)
    #expect(told.allSatisfy { $0.since == at(0) })
    #expect(tracker.take(look, obstacle: nil, of: "in", at: at(5000)).reported.isEmpty)
    #expect(tracker.oldest(inbox: "in")[.settling] == at(0))
  }

  @Test func `a file that is left alone for as long as configured is never told`() throws {
    let tracker = UnclaimedFileTracker()
    let look = try look([("a", .minAge)])
    for second in [0, 600, 86_400] {
      #expect(tracker.take(look, obstacle: nil, of: "in", at: at(second)).reported.isEmpty)
    }
    #expect(tracker.oldest(inbox: "in")[.minAge] == at(0))
  }

  @Test func `another reason begins anew, and so does a file that came back`() throws {
    let tracker = UnclaimedFileTracker()
    _ = tracker.take(try look([("a", .settling)]), obstacle: nil, of: "in", at: at(0))
    #expect(tracker.take(try look([("a", .unreadable)]), obstacle: nil, of: "in", at: at(1)).reported.count == 1)
    #expect(tracker.take(try look([]), obstacle: nil, of: "in", at: at(2)).reported.isEmpty)
    #expect(tracker.oldest(inbox: "in").isEmpty)
    #expect(tracker.take(try look([("a", .unreadable)]), obstacle: nil, of: "in", at: at(3)).reported.count == 1)
  }

  @Test func `a thousand of them take no thousand lines`() throws {
    let tracker = UnclaimedFileTracker()
    let look = try look((0..<1000).map { ("\($0)", .unreadable) })
    let news = tracker.take(look, obstacle: nil, of: "in", at: at(0))
    #expect(news.reported.count == 20)
    #expect(news.unreported == 980)
    #expect(tracker.take(look, obstacle: nil, of: "in", at: at(1)) == UnclaimedFileTracker.News())
  }

  @Test func `a folder that can't be looked at for a moment changes nothing`() throws {
    let tracker = UnclaimedFileTracker()
    let files = try look([("a", .unreadable)])
    _ = tracker.take(files, obstacle: nil, of: "in", at: at(0))
    let fault = InboxError(.unusableFolder, "look at", "inbox", "gone")
    #expect(tracker.take(InboxScan(fault: fault), obstacle: nil, of: "in", at: at(1)).reported.isEmpty)
    #expect(tracker.take(files, obstacle: nil, of: "in", at: at(2)).reported.isEmpty)
  }

  @Test func `ready files that nobody claims have a since, and no line each`() throws {
    let tracker = UnclaimedFileTracker()
    let name = try #require(FileName(bytes: Array("a".utf8)))
    let file = ReadyFile(name: name, size: 1, modified: 0, inode: 1, readySince: at(0), marker: nil)
    let obstacle = ClaimObstacle(kind: .queueFull, description: "the queue is full")
    #expect(tracker.take(InboxScan(ready: [file]), obstacle: obstacle, of: "in", at: at(0)).reported.isEmpty)
    #expect(tracker.take(InboxScan(ready: [file]), obstacle: obstacle, of: "in", at: at(9999)).reported.isEmpty)
    #expect(tracker.since(name, .queueFull, inbox: "in") == at(0))
    #expect(tracker.since(name, .diskFull, inbox: "in") == nil)
  }
}
