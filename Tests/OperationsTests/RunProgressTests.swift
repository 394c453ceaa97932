import Core
import Testing

@testable import Operations

/// What `run --once` says while it works, and at its end.
@Suite struct RunProgressTests {
  private static func sample(at seconds: Int, _ change: (inout RunProgress.Sample) -> Void) -> RunProgress.Sample {
    var sample = RunProgress.Sample()
    sample.at = .seconds(seconds)
    change(&sample)
    return sample
  }

  @Test func `within one large file that is sent, items, rate and remaining time are told`() {
    var progress = RunProgress()
    for (second, settled) in [(0, 0), (5, 5000), (10, 10_000)] {
      progress.note(
        Self.sample(at: second) {
          $0.openFiles = 1
          ($0.readItems, $0.readBytes) = (40_000, 4_000_000)
          ($0.settledItems, $0.queuedItems) = (settled, 40_000 - settled)
        })
    }
    #expect(progress.line == "0 of 1 file done, 10000 of 40000 items (25 %), 1000 items/s, about 30 s left")
  }

  @Test func `while one large file is read, bytes and the time to read are told`() {
    var progress = RunProgress()
    for (second, read) in [(0, 0), (4, 1 << 30)] {
      progress.note(
        Self.sample(at: second) {
          $0.openFiles = 1
          $0.unreadBytes = 4 << 30
          $0.reading = [.init(name: "big.csv", read: read, size: 4 << 30)]
        })
    }
    #expect(
      progress.line
        == "0 of 1 file done, about 12 s left to read; reading big.csv: 1.0 GiB of 4.0 GiB (25 %)")
    #expect(progress.timeLeft == nil && progress.totalItems == nil)
  }

  @Test func `items of files that are not read are estimated from those that are`() {
    var progress = RunProgress()
    progress.note(Self.sample(at: 0) { _ in })
    progress.note(
      Self.sample(at: 10) {
        ($0.doneFiles, $0.openFiles) = (1, 1)
        ($0.readItems, $0.readBytes, $0.unreadBytes) = (1000, 50_000, 100_000)
        ($0.settledItems, $0.queuedItems) = (500, 500)
      })
    #expect(progress.totalItems == 3000)
    #expect(progress.timeLeft == .seconds(50))
    #expect(progress.line.contains("500 of about 3000 items (16 %)"))
  }

  @Test func `a rate is that of the last seconds, and a stop is seen`() {
    var progress = RunProgress()
    for second in 0...60 {
      progress.note(
        Self.sample(at: second) {
          $0.openFiles = 1
          ($0.settledItems, $0.queuedItems) = (min(second, 30) * 100, 10_000)
          if second > 30 { $0.obstacle = "lusid held: answered 401" }
        })
    }
    #expect(progress.itemRate == 0)
    #expect(progress.timeLeft == nil)
    #expect(progress.line == "0 of 1 file done, 3000 of 13000 items (23 %); lusid held: answered 401")
  }

  @Test func `odd samples are harmless`() {
    var progress = RunProgress()
    #expect(progress.line == "")
    progress.note(
      Self.sample(at: 0) {
        ($0.readItems, $0.readBytes, $0.unreadBytes) = (.max, 1, .max)
        ($0.settledItems, $0.queuedItems) = (.max, .max)
        $0.reading = [.init(name: "a\nb", read: .max, size: 1), .init(name: "c", read: 0, size: 0)]
      })
    progress.note(Self.sample(at: 100) { $0.reading = [.init(name: "a\nb", read: .max, size: 1)] })
    #expect(progress.line.contains("a\\nb: 1 byte of 1 byte (100 %)"), "\(progress.line)")
    #expect(progress.itemRate == 0)
  }

  @Test func `the number of files does not fall while one is between two folders`() {
    var progress = RunProgress()
    progress.note(Self.sample(at: 0) { $0.openFiles = 3 })
    progress.note(Self.sample(at: 1) { ($0.doneFiles, $0.openFiles) = (1, 1) })
    #expect(progress.line == "1 of 3 files done")
  }

  @Test func `nothing is counted before a file is found, and no time is promised while a target takes nothing`() {
    var progress = RunProgress()
    progress.note(Self.sample(at: 0) { _ in })
    #expect(progress.line == "looking for files")
    progress.note(Self.sample(at: 1) { ($0.openFiles, $0.queuedItems) = (1, 100) })
    progress.note(Self.sample(at: 4) { ($0.openFiles, $0.queuedItems, $0.settledItems) = (1, 90, 10) })
    #expect(progress.line.contains(" left"))
    progress.note(
      Self.sample(at: 5) {
        ($0.openFiles, $0.queuedItems, $0.settledItems, $0.obstacle) = (1, 90, 10, "t is on hold")
      })
    #expect(progress.line.contains("t is on hold") && !progress.line.contains(" left"))
  }

  // MARK: - Summary

  @Test func `the summary has files, items and where the results are`() {
    var summary = RunSummary()
    summary.took = .seconds(75)
    (summary.items, summary.rejectedItems, summary.unusableFiles) = (10, 2, 1)
    summary.parts = [
      .init(files: 3, rejectedFiles: 2, receipts: "/s/a/outbox/receipts", rejects: "/s/a/outbox/rejected"),
      .init(files: 1, rejectedFiles: 0, receipts: "/s/b/outbox/receipts", rejects: "/s/b/outbox/rejected"),
    ]
    #expect(
      summary.lines == [
        "4 files done in 1 min 15 s: 10 items, 8 accepted, 2 rejected; 1 file could not be used",
        "receipts: /s/a/outbox/receipts (3)", "receipts: /s/b/outbox/receipts (1)",
        "rejected, to be corrected: /s/a/outbox/rejected (2)",
      ])
  }

  @Test func `the summary says what is left`() {
    var summary = RunSummary()
    #expect(summary.lines == ["there was no file to send"])
    (summary.isSomethingLeft, summary.queuedItems) = (true, 7)
    #expect(
      summary.lines == [
        "no file is done", "not everything is done: 7 items queued; see `upsertd status`; the next run continues",
      ])
  }
}
