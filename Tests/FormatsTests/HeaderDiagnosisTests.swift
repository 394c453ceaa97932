import Core
import Formats
import Testing

@Suite struct HeaderDiagnosisTests {
  private func cause(_ text: String, delimiter: Unicode.Scalar = ",") throws -> String? {
    var terms = CSVReadingTerms()
    terms.delimiter = .character(delimiter)
    return likelyCause(of: try terms.header(text))
  }

  @Test(
    arguments: [
      ("Ref;Name;Amount", ",", "\";\""), ("Ref|Name", ",", "\"|\""), ("Ref\tName", ",", "tab"),
      ("Ref,Name", ";", "\",\""),
      ("Ref;Name, first;Last", "|", "\";\""),
    ] as [(String, Unicode.Scalar, String)])
  func `a single column whose name holds a delimiter tells which one it is`(
    _ header: String, _ delimiter: Unicode.Scalar, _ likely: String
  ) throws {
    #expect(try cause(header + "\n", delimiter: delimiter) == "the delimiter is probably \(likely): set delimiter")
  }

  @Test(arguments: [
    "1001,Smith,12.50", "1,2,3", "C1,Jane Doe,31/01/2016", "C1,2016-01-31T10:00:00Z,x", "C1,jane@example.com",
    "000123,x",
    "C1,-5", "A,\"1.234,56\"",
  ])
  func `names that only data contains tell that the header row is missing`(_ header: String) throws {
    #expect(try cause(header + "\n") == "the header row is probably missing: set header")
  }

  @Test(arguments: [
    ("<!DOCTYPE html>", "an HTML page"), ("\u{FEFF}<html lang=\"en\">", "an HTML page"), ("  <HTML>", "an HTML page"),
    ("<?xml version=\"1.0\"?>", "XML"), ("<table>", "HTML or XML"), ("{\"a\": 1}", "JSON"), ("[{\"a\": 1}]", "JSON"),
  ])
  func `markup and JSON are told by their beginning`(_ text: String, _ kind: String) throws {
    #expect(try cause(text + "\n") == "it looks like \(kind), not a CSV file")
  }

  @Test func `a header row that comes later tells that the file was put together of pieces`() throws {
    var terms = CSVReadingTerms()
    terms.diagnoses = true
    terms.mapping = ColumnMapping(
      columns: ["Ref": [.init(to: "a")], "Name": [.init(to: "b")]], constants: [], ignore: [], path: "m.yaml")
    let fault = try #require(terms.read("17,Ada\n18,Bob\nx,x\n\nRef,Name\n19,Cy\n").fault)
    #expect(fault.code == .unmappedColumn)
    let cause = "; line 5 is the header row that is wanted here: the file was probably put together of pieces"
    #expect(fault.message.hasSuffix(cause), "\(fault.message)")
    // A later header may be wider; what follows a fault of the file is not looked at.
    terms.mapping?.ignore = ["Note"]
    #expect(terms.read("17,Ada\nRef,Name,Note\n").fault?.message.contains("line 2 is") == true)
    #expect(terms.read("17,Ada\n\"\"x\nRef,Name\n").fault?.message.contains("is the header row") == false)
    let none = terms.read("17,12.50\n18,13.00\n")
    #expect(none.fault?.message.hasSuffix("; the header row is probably missing: set header") == true)
  }

  @Test(arguments: [
    "Ref,Name,Amount", "a;b,c", "name", "addresses[0].city,exposure:number", "Ref,2015,2016", "Name,Q1 2016",
    "@id,v1.2",
    "identifiers.A/B/C,x",
  ])
  func `a usual header has no likely cause`(_ header: String) throws {
    #expect(try cause(header + "\n") == nil)
  }
}
