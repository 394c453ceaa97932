import Core
import Engine
import Testing
@testable import Telemetry

@Suite struct SendingLedgerTests {
  private func file(_ number: Int) -> FileID {
    FileID(at: Timestamp(milliseconds: 1_763_000_000_000 + Int64(number)), entropy: 1)
  }

  private func batch(_ file: FileID, _ position: String, items: Int) -> WaitingBatch {
    WaitingBatch(name: BatchName(file: file, position: position), count: items, bytes: 1, itemKeys: [])
  }

  @Test func `it has what requests carry, by file, until they have ended`() {
    let tracker = SendingLedger()
    let shared = [batch(file(1), "00000001", items: 2), batch(file(2), "00000001", items: 1)]
    let other = [batch(file(1), "00000002", items: 3)]
    tracker.began(shared)
    tracker.began(other)
    #expect(tracker.part(of: file(1)) == SendingLedger.Part(batches: 2, items: 5))
    #expect(tracker.part(of: file(2)) == SendingLedger.Part(batches: 1, items: 1))
    #expect(SendingLedger.parts(line: tracker.line) == tracker.all)
    tracker.ended(shared)
    #expect(tracker.all == [file(1): SendingLedger.Part(batches: 1, items: 3)])
    tracker.ended(other)
    #expect(tracker.all.isEmpty)
    #expect(tracker.part(of: file(1)) == SendingLedger.Part())
  }

  @Test func `its line never exceeds what a command reads`() throws {
    let tracker = SendingLedger()
    tracker.began((1...5000).map { batch(file($0), "00000001", items: 1_000_000) })
    #expect(tracker.line.count < 64 << 10)
    #expect(tracker.line.last == UInt8(ascii: "\n"))
    #expect(try #require(SendingLedger.parts(line: tracker.line))[file(1)]?.items == 1_000_000)
    #expect(SendingLedger.parts(line: Array("{}".utf8)) == nil)
  }
}
