import Core
import Formats
import Testing

@Suite struct ControlTotalsTests {
  private func terms(
    count: Int? = 2, sums: [String: Int] = [:], _ change: (inout CSVOptions) -> Void = { _ in }
  ) -> CSVReadingTerms {
    var terms = CSVReadingTerms()
    terms.options.trailer = Trailer(match: Glob("T*"), count: count, sums: sums)
    change(&terms.options)
    return terms
  }

  private func mapping(_ field: ColumnMapping.MappedField) -> ColumnMapping {
    ColumnMapping(columns: ["a": [.init(to: "a")], "b": [field]], constants: [], ignore: [], path: "m.yaml")
  }

  @Test func `totals that agree are told, and those that don't are told with the fault`() {
    let terms = terms(sums: ["b": 3])
    let same = terms.read("a,b\n1,1.50\n2,-0.5\nT,2,1.00\n")
    #expect(same.fault == nil)
    #expect(
      same.completeness
        == Completeness(count: .init(expected: "2", found: "2"), sums: ["b": .init(expected: "1.00", found: "1.00")]))
    let other = terms.read("a,b\n1,1.50\nT,2,9\n")
    #expect(other.end == "control-total-mismatch 3:-")
    #expect(other.fault?.message == "the trailer says 2 rows, but there are 1")
    #expect(
      other.completeness
        == Completeness(count: .init(expected: "2", found: "1"), sums: ["b": .init(expected: "9", found: "1.50")]))
    // What can't be compared is left out.
    let unreadable = terms.read("a,b\n1,1.50\nT,x,2\n")
    #expect(unreadable.fault?.message == "cell 2 of the trailer, \"x\", is not a number of rows")
    #expect(unreadable.completeness == Completeness(sums: ["b": .init(expected: "2", found: "1.50")]))
    #expect(terms.read("a,b\n1,1.50\nT\n").fault?.message == "the trailer has 1 cell, and no cell 2")
    #expect(terms.read("a,b\n1,1.50\nT\n").completeness == nil)
  }

  @Test(arguments: [
    ("a\n1\n", "-:-"), ("a\n1\nT,1\nT,1\n", "4:-"), ("a\n1\nT,1\n2\n", "4:-"), ("a\nT,1\n1\n", "3:-"),
  ])
  func `exactly one row is the trailer, and it is the last`(_ text: String, _ place: String) {
    #expect(terms(count: 2).read(text).end == "control-total-mismatch " + place)
  }

  @Test func `a trailer is not among the rows that skip names, and its count may have zeros in front`() {
    #expect(terms(count: 2) { $0.skip.rows = [Glob("HDR*"), Glob("T*")] }.read("a\n1\n2\nT,2\n").fault == nil)
    #expect(terms(count: 2).read("a\n1\n2\nT,0002\n").fault == nil)
    #expect(terms(count: 2).read("a\n1\n2\nT,0003\n").fault?.message == "the trailer says 3 rows, but there are 2")
  }

  @Test func `what skip.last leaves out is no trailer, and may follow one`() {
    let last = terms(count: 2) { $0.skip.last = 1 }
    let followed = last.read("a\n1\n2\nT,2\nend\n")
    #expect(followed.fault == nil && followed.items.count == 2)
    #expect(
      last.read("a\n1\n2\nT,2\n").fault?.message.hasSuffix("; skip.last leaves out the one on line 4") == true)
    #expect(last.read("a\n1\nT,1\n2\nend\n").end == "control-total-mismatch 4:-")
    #expect(last.read("a\n1\nT,1\nT,1\nend\n").end == "control-total-mismatch 4:-")
  }

  @Test func `a trailer may have any width, and rejected rows count`() {
    let wide = terms(count: 5).read("a,b\n1\n2,x,y\n3,4\nT,,,,3\n\n")
    #expect(wide.fault == nil)
    #expect(wide.items.map(\.fault?.code) == [.wrongColumnCount, .wrongColumnCount, nil])
    #expect(terms().read("a,b,c\n1,2,3\nT,1\n").fault == nil)
  }

  @Test func `a row that lacks the cell adds nothing, and one that is no number spoils the file`() {
    let terms = terms(count: nil, sums: ["b": 2])
    #expect(terms.read("a,b\n1\n2,\n3,5\nT,5\n").fault == nil)
    #expect(terms.read("a,b\n1,x\nT,5\n").end == "control-total-mismatch 2:-")
    let nines = String(repeating: "9", count: 38)
    #expect(terms.read("a,b\n1,\(nines)9\nT,5\n").fault?.message.hasSuffix("more than 38 digits") == true)
    #expect(terms.read("a\n1\nT,5\n").end == "missing-column 1:-")
  }

  @Test func `a sum has the form of its column in the mapping, in the rows and in the trailer`() {
    var field = ColumnMapping.MappedField(to: "b", type: .number)
    var numbers = NumberForm()
    (numbers.decimal, numbers.grouping) = (",", ".")
    (numbers.negative, numbers.symbols) = ([.trailing], ["€"])
    field.numbers = numbers
    field.null = ["-"]
    field.isTrimmed = true
    var terms = terms(sums: ["b": 3])
    terms.options.delimiter = .character(";")
    terms.mapping = mapping(field)
    let reading = terms.read("a;b\n1; 1.000,50 \n2;0,5-\n3;-\nT;3; € 1.000,00\n")
    #expect(reading.fault == nil)
    #expect(reading.completeness?.sums["b"] == .init(expected: "1000.00", found: "1000.00"))
    #expect(reading.texts == [#"{"a":"1","b":1000.50}"#, #"{"a":"2","b":-0.5}"#, #"{"a":"3"}"#])
    // A column of text has the form of the route.
    terms.mapping = mapping(.init(to: "b"))
    #expect(terms.read("a;b\n1;1.5\nT;1;1.5\n").fault == nil)
  }

  @Test func `cells are added up as items read them`() {
    let formula = terms(sums: ["b": 3]).read("a,b\n1,=\"2\"\n2,\"=\"\"3\"\"\"\nT,\"=\"\"2\"\"\",=\"5\"\n")
    #expect(formula.fault == nil)
    // As written, before escapes: \N is no value, and \\N is the text \N.
    let escapes = terms(sums: ["b": 3]) { options in
      options.escape = UInt8(ascii: "\\")
      options.null = ["\\N", "7"]
    }
    #expect(escapes.read("a,b\n1,\\N\n2,\\5\nT,2,5\n").fault == nil)
    #expect(escapes.read("a,b\n1,\\\\N\nT,1,0\n").end == "control-total-mismatch 2:-")
    // Quoted, it is a value.
    #expect(escapes.read("a,b\n1,7\n2,\"7\"\nT,2,7\n").end == "control-total-mismatch 4:-")
    #expect(escapes.read("a,b\n1,7\n2,\"7\"\nT,2,\"7\"\n").fault == nil)
  }
}
