import Core
import Testing

@testable import Inspection

@Suite struct DateTests {
  @Test(
    arguments: [
      (["31/01/2016", "01/12/2016"], "dd/MM/yyyy"), (["1/31/2026", "12/3/2025"], "M/d/yyyy"),
      (["31.12.2025"], "dd.MM.yyyy"), (["1.2.26", "31.12.25"], "d.M.yy"), (["2016-01-31"], "yyyy-MM-dd"),
      (["2016/1/31", "2016/12/1"], "yyyy/M/d"), (["31 Jan 2026", "01 May 2026"], "dd MMM yyyy"),
      (["31-JAN-26"], "dd-MMM-yy"), (["January 31, 2026", "May 1, 2026"], "MMMM d, yyyy"),
      (["20260131", "20261201"], "yyyyMMdd"), (["31/01/2026 9:05 AM", "01/02/2026 12:00 PM"], "dd/MM/yyyy h:mm a"),
      (["2026-01-31 10:00:00"], "yyyy-MM-dd HH:mm:ss"), (["2026-01-31T10:00"], "yyyy-MM-dd'T'HH:mm"),
      (["2026-01-31 10:00:00.123"], "yyyy-MM-dd HH:mm:ss.SSS"), (["2026-01-31 10:00+01:00"], "yyyy-MM-dd HH:mmXXX"),
      (["2026-01-31 10:00:00 Z"], nil), (["31/13/2026"], nil), (["32/01/2026"], nil), (["00/01/2026"], nil),
      (["2026-13-01"], nil), (["31.01.2026", "31/01/2026"], nil), (["20260131", "20261301"], nil),
      (["31 Foo 2026"], nil), (["1.2.3"], nil), (["12345678"], nil), (["2026-01-31 25:00"], nil), ([""], nil),
      (["17"], nil), (["IE00B4L5Y983"], nil),
    ] as [([String], String?)])
  func `a column's dates have one pattern, or none`(_ texts: [String], _ pattern: String?) {
    #expect(DateGuess(texts, isNamedDate: true)?.pattern == pattern)
  }

  @Test func `no day above twelve leaves the order open, except with points`() {
    let open = DateGuess(["01/02/2026", "03/04/2026"], isNamedDate: true)
    #expect(open?.isAmbiguous == true)
    #expect(open?.pattern == "dd/MM/yyyy")
    #expect(open?.otherPattern == "MM/dd/yyyy")
    #expect(DateGuess(["01/13/2026"], isNamedDate: true)?.isAmbiguous == false)
    #expect(DateGuess(["01.02.2026"], isNamedDate: true)?.isAmbiguous == false)
    #expect(DateGuess(["2026-01-02"], isNamedDate: true)?.isAmbiguous == false)
  }

  @Test func `another column of the file settles the order`() throws {
    #expect(try inspection(of: "ambiguous.csv").isUnsure("whether \"Start\" is dd/MM/yyyy or MM/dd/yyyy"))
    #expect(try !inspection(of: "settled.csv").isUnsure("whether \"Start\""))
    let american = inspection("id,from,to\nA,01/02/2026,01/31/2026\nB,03/04/2026,05/06/2026\n")
    #expect(american.mapping?.columns["from"] == [.init(to: "from", date: "MM/dd/yyyy")])
    #expect(american.mapping?.columns["to"] == [.init(to: "to", date: "MM/dd/yyyy")])
  }

  @Test func `RFC 3339 needs no conversion, and local times are in doubt`() {
    let inspection = inspection("id,at,seen\nA,2026-01-31T10:00:00Z,2026-01-31 10:00\n")
    #expect(inspection.mapping?.columns["at"] == ["at"])
    #expect(inspection.isUnsure("the time zone of \"seen\""))
    #expect(!inspection.isUnsure("the time zone of \"at\""))
  }

  @Test func `eight digits are a date if the column's name says so, or all of several could be one`() {
    #expect(DateGuess(["20260131"], isNamedDate: false) == nil)
    #expect(DateGuess(["20260131"], isNamedDate: true)?.mayBeNumber == false)
    #expect(DateGuess(["20260131", "20260201", "20260301"], isNamedDate: false)?.mayBeNumber == true)
  }
}
