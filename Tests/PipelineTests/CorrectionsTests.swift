import Core
import Testing

@testable import Results

@Suite struct CorrectionsTests {
  private static let ids = (0..<6).map { FileID(at: Timestamp(milliseconds: 1_795_000_000_000 + $0), entropy: 0) }

  private static func file(
    _ items: Int, rejected: Int, _ correctedBy: [Int] = [], isThere: Bool = true
  ) -> Corrections.Facts {
    Corrections.Facts(
      items: items, accepted: items - rejected, rejected: rejected, rejectsFile: rejected > 0 ? "r\(items)" : nil,
      isThere: isThere, isDone: true, correctedBy: correctedBy.map { ids[$0] })
  }

  private static func corrections(_ files: [Corrections.Facts?]) -> Corrections? {
    Corrections(of: ids[0]) { id in ids.firstIndex(of: id).flatMap { $0 < files.count ? files[$0] : nil } }
  }

  @Test func `rejects that nobody dropped again are open in the file's own rejects file`() throws {
    let untouched = try #require(Self.corrections([Self.file(9, rejected: 3)]))
    #expect(untouched.isUntouched && untouched.openItems == 3)
    #expect(untouched.text == "none of 3 rejected items was corrected; 3 are open in r9")
    let taken = try #require(Self.corrections([Self.file(9, rejected: 1, isThere: false)]))
    #expect(!taken.isUntouched && taken.open.map(\.isTaken) == [true])
    #expect(taken.text == "the rejected item was not corrected; 1 is open: r9 was taken away")
    #expect(Self.corrections([Self.file(9, rejected: 0)]) == nil)
    #expect(Self.corrections([nil]) == nil)
  }

  @Test func `what a chain of corrections leaves open is in the file that rejected it last`() throws {
    let chain = try #require(
      Self.corrections([
        Self.file(100, rejected: 10, [1, 3], isThere: false), Self.file(7, rejected: 4, [2]),
        Self.file(3, rejected: 1), Self.file(2, rejected: 0),
      ]))
    #expect(chain.corrected == 3 + 2 + 2)
    #expect(chain.open.map(\.file) == [0, 1, 2].map { Self.ids[$0] })
    #expect(chain.open.map(\.items) == [1, 1, 1])
    #expect(chain.open.map(\.isTaken) == [true, false, false])
    #expect(chain.corrected + chain.openItems == chain.rejected)
  }

  @Test func `corrections under way are neither corrected nor open`() throws {
    for (items, open) in [(0, 0), (2, 1), (3, 0)] {
      let found = try #require(
        Self.corrections([Self.file(9, rejected: 3, [1], isThere: false), Corrections.Facts(underWay: items)]))
      #expect(found.openItems == open && found.corrected == 0 && found.underWay == [Self.ids[1]])
    }
  }

  @Test func `rejects that were dropped twice, and names that lie, count for no more than there is`() throws {
    let twice = try #require(
      Self.corrections([Self.file(9, rejected: 2, [1, 2]), Self.file(2, rejected: 0), Self.file(5, rejected: 0)]))
    #expect(twice.corrected == 2 && twice.open.isEmpty)
    // A correction that was rejected again, and another one of the same rejects that was accepted.
    let second = try #require(
      Self.corrections([Self.file(9, rejected: 2, [1, 2]), Self.file(2, rejected: 2), Self.file(2, rejected: 0)]))
    #expect(second.corrected == 2 && second.open.isEmpty)
    let half = try #require(
      Self.corrections([Self.file(9, rejected: 4, [1, 2]), Self.file(4, rejected: 4), Self.file(4, rejected: 1)]))
    #expect(half.corrected == 3 && half.open.map(\.file) == [Self.ids[2]] && half.openItems == 1)
    #expect(half.openItems(in: Self.ids[2]) == 1 && half.openItems(in: Self.ids[1]) == 0)
    let circle = try #require(Self.corrections([Self.file(9, rejected: 2, [1]), Self.file(1, rejected: 1, [0, 1])]))
    #expect(circle.openItems == 2 && circle.corrected == 0)
  }
}
