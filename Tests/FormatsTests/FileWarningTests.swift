import Core
import Formats
import Testing

@Suite struct FileWarningTests {
  private func warnings(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) -> [String] {
    var terms = CSVReadingTerms()
    change(&terms.options)
    let reading = terms.read(text)
    #expect(reading.fault == nil, "\(text)")
    return reading.warnings.map { "\($0.code): \($0.message)" }
  }

  private func nothingTaken(_ reason: String) -> [String] {
    ["nothing-taken: the file has no items, but it is not empty: \(reason)"]
  }

  @Test func `a file of which everything is left out is told`() {
    let skip = { (options: inout CSVOptions) in
      options.skip.rows = [Glob("D*")]
      options.skip.comment = "#"
      options.skip.last = 2
    }
    #expect(
      warnings("a,b\nD1,2\n# x\nD2,2\n#\n1,2\n3,4\n", skip)
        == nothingTaken("skip.rows leaves out 2 rows, skip.comment leaves out 2 lines, skip.last leaves out 2 rows"))
    #expect(warnings("a,b\na,b\n") == nothingTaken("the header row comes again 1 time"))
    #expect(
      warnings("1,2\n\n3,4\n") { options in
        options.header = ["a", "b"]
        options.skip.first = 5
      } == nothingTaken("skip.first leaves out 2 lines"))
    for delimiter in [Delimiter.auto, .character(",")] {
      #expect(
        warnings("#a,b\n#1,2") { options in
          options.header = ["a", "b"]
          options.skip.comment = "#"
          options.delimiter = delimiter
        } == nothingTaken("skip.comment leaves out 2 lines"))
    }
  }

  @Test func `a file that is known to be empty is not told, nor one that has items`() {
    for text in ["a,b\n", "a,b\n\n,\n\n", "# c\nHDR\na,b\n"] {
      #expect(
        warnings(text) { options in
          options.skip.comment = "#"
          options.skip.rows = [Glob("HDR")]
        } == [])
    }
    #expect(warnings("a,b\nT,0\n") { $0.trailer = Trailer(match: Glob("T"), count: 2) } == [])
    #expect(
      warnings("x\nSTART\na,b\nEND\ny\n") { options in
        options.skip.before = "START"
        options.skip.after = "END"
      } == [])
    #expect(warnings("a,b\na,b\n1,2\n#\n") { $0.skip.comment = "#" } == [])
  }

  @Test func `a row that looks like another header row is told`() {
    let pieces = "Ref,Name,Amount\n1,A,5\nRef,Amount,Name\n2,6,B\nRef,Name,Amount\nName,Ref,x\n"
    #expect(
      warnings(pieces) == [
        "second-header: line 3 was read as data, but it looks like a header row, and so does 1 row further on: "
          + "the file was probably put together of pieces with other columns, and values may be in the wrong fields"
      ])
    let wider = readCSV("Ref,Name,Amount\n1,A,5\nRef,Name,Phone,City,Amount\n2,B,3,C,6\n")
    #expect(
      wider.messages == [
        "the row has 5 columns, but the header has 3; it looks like another header row: the file was probably put "
          + "together of pieces", "the row has 5 columns, but the header has 3",
      ])
    #expect(wider.warnings.map(\.code) == ["second-header"])
    #expect(
      warnings("Ref,Name\n1,A\n") { $0.header = ["Ref", "Name"] } == [
        "second-header: line 1 was read as data, but it looks like a header row: header on the route is for files "
          + "without one"
      ])
  }

  @Test(arguments: [
    "Ref,Name,Amount\nRef,x,5\n", "Ref,Name\n1,Name\nName,x\n", "a\nb\n", "A,B,C,D,E\nA,x,y,z,B\n",
    "Ref,Name\nRef,Ref\n,Name\n",
  ])
  func `one equal cell is data`(_ text: String) {
    #expect(warnings(text) == [])
  }
}
