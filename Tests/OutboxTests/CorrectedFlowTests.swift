import Core
import Outbox
import Testing

/// What of a day's rejected items was dropped again.
@Suite struct `Corrections taken off` {
  private static func id(_ number: UInt64) -> FileID {
    FileID(at: Timestamp(milliseconds: 1_763_000_000_000 + Int64(number)), entropy: 1)
  }

  private static func taken(
    _ corrections: [(file: UInt64, items: Int, corrects: UInt64)], off rejected: Int
  ) -> InboxFlow {
    var corrected = CorrectedFlow()
    for correction in corrections {
      corrected.add(id(correction.file), items: correction.items, correcting: id(correction.corrects))
    }
    var flow = InboxFlow()
    corrected.take(id(1), rejected: rejected, off: &flow)
    return flow
  }

  @Test func `what was dropped again is taken off, through several files`() {
    let some = Self.taken([(2, 3, 1), (3, 1, 1)], off: 5)
    #expect(some.droppedAgain == 4 && some.filesCorrected == 0)
    let all = Self.taken([(2, 3, 1), (3, 2, 1)], off: 5)
    #expect(all.droppedAgain == 5 && all.filesCorrected == 1)
  }

  @Test func `rejects that were dropped twice, or with others added, take off no more than there were`() {
    #expect(Self.taken([(2, 5, 1), (3, 5, 1)], off: 5).droppedAgain == 5)
  }

  @Test func `a file that only claims to correct a later one, or one that nothing was rejected of, takes off nothing`()
  {
    #expect(Self.taken([(0, 5, 1)], off: 5) == InboxFlow())
    #expect(Self.taken([(2, 5, 1)], off: 0) == InboxFlow())
    #expect(Self.taken([(2, 5, 3)], off: 5) == InboxFlow())
  }
}
