import Core
import Testing

@Suite struct FileIDTests {
  @Test func `ids sort in the order in which they were made, even when the clock stands or steps back`() {
    var source = FileIDSource()
    let times: [Int64] = [5000, 5000, 5000, 4000, 5001, 1]
    let ids = times.map { source.next(at: Timestamp(milliseconds: $0)) }
    #expect(ids == ids.sorted())
    #expect(Set(ids).count == ids.count)
  }

  @Test func `ids sort after those of an earlier run whose clock was ahead`() {
    var earlier = FileIDSource()
    let last = earlier.next(at: Timestamp(milliseconds: 2_000_000_000_000))
    var source = FileIDSource()
    source.skip(past: last)
    #expect(source.next(at: Timestamp(milliseconds: 1_000_000_000_000)) > last)
  }

  @Test func `an id tells when it was made`() {
    var source = FileIDSource()
    let id = source.next(at: Timestamp(milliseconds: 1_795_207_267_123))
    #expect(id.time.description == "2026-11-20T20:41:07.123Z")
    #expect(FileID(id.text) == id)
  }

  @Test(arguments: [
    "", "01ARZ3NDEKTSV4RRFFQ69G5FA", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAU",
    "01arz3ndektsv4rrffq69g5fav",
  ])
  func `what is no id is not taken for one`(text: String) {
    #expect(FileID(text) == nil)
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ])
  func `times are written in UTC with milliseconds`(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
  }

  @Test func `there is no 30 February`() {
    #expect(CivilDate(year: 2024, month: 2, day: 29) != nil)
    #expect(CivilDate(year: 2023, month: 2, day: 29) == nil)
    #expect(CivilDate(year: 2024, month: 2, day: 30) == nil)
    #expect(CivilDate(year: 2024, month: 13, day: 1) == nil)
  }
}
