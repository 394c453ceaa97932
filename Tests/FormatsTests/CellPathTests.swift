import Core
import Formats
import Testing

@Suite struct CellPathTests {
  @Test(
    arguments: [
      ("name", [.member("name")], .string),
      ("addresses[0].city", [.member("addresses"), .element(0), .member("city")], .string),
      ("a[0][12].b", [.member("a"), .element(0), .element(12), .member("b")], .string),
      ("exposure:number", [.member("exposure")], .number),
      ("a.b:boolean", [.member("a"), .member("b")], .boolean),
      ("days:list", [.member("days")], .list),
      ("extra[1]:json", [.member("extra"), .element(1)], .json),
      ("a:string", [.member("a")], .string),
      (
        "identifiers.InvestorRecord/ExternalIdentifier/ExternalIRId",
        [.member("identifiers"), .member("InvestorRecord/ExternalIdentifier/ExternalIRId")], .string
      ),
      (
        "properties.InvestorRecord/Details/Country.effectiveFrom",
        [.member("properties"), .member("InvestorRecord/Details/Country"), .member("effectiveFrom")], .string
      ),
      ("Ünï cödé.x", [.member("Ünï cödé"), .member("x")], .string),
    ] as [(String, [PathStep], CellType)])
  func `a path is read`(_ text: String, _ steps: [PathStep], _ type: CellType) throws {
    let path = try CellPath(parsing: text)
    #expect(path == CellPath(steps: steps, type: type, text: text))
    #expect(path.name == text.split(separator: ":").first.map(String.init))
  }

  @Test(arguments: [
    ("a..b", "a name is missing"), (".a", "a name is missing"), ("a.", "a name is missing"),
    ("[0]", "a name is missing before \"[0]\""), ("a.[0]", "a name is missing before"),
    ("a[x]", "\"[x]\" is not an index"),
    ("a[]", "\"[]\" is not an index"), ("a[-1]", "\"[-1]\" is not an index"), ("a[0", "\"[0\" is not an index"),
    ("a[0]b", "\"b\" is not an index"), ("a]", "\"]\" is not an index"), ("a[100000]", "from 0 to 99999"),
    ("a[99999999999999999999]", "from 0 to 99999"), ("a:text", "unknown type \"text\""), ("a:", "unknown type \"\""),
    ("a:Number", "unknown type \"Number\""), (":number", "a name is missing"),
    ("a. b", "begin or end with a space"), ("a .b", "begin or end with a space"),
  ])
  func `what is no path is refused with the column and the reason`(_ text: String, _ reason: String) {
    let reading = readCSV("x,\"\(text)\"\n1,2\n")
    #expect(reading.end == "malformed-csv 1:3")
    #expect(reading.fault?.message.contains(reason) == true, "\(reading.fault?.message ?? "")")
    #expect(reading.fault?.message.hasPrefix("column 2: \"\(text)\" is not a field's path: ") == true)
  }

  @Test func `a mapping's path can't begin with a space, which a header's may`() throws {
    #expect(throws: FileFault.self) { try CellPath(parsing: " a") }
    #expect(readCSV(" a ,b\n1,2\n").texts == [#"{"a":"1","b":"2"}"#])
  }

  @Test func `a header of any size makes a message that can be read`() throws {
    let long = String(repeating: "e\u{301}", count: 10_000)
    for header in ["\(long)[x]", "\(long),\(long)", "\(long):x", String(repeating: "a.", count: 2000) + "b"] {
      let message = try #require(readCSV(header).fault?.message)
      #expect(message.utf8.count < 500, "\(message)")
    }
    var terms = CSVReadingTerms()
    terms.place = { path throws(FileFault) in throw FileFault(.unmappedColumn, "no \(path.text)") }
    #expect(terms.read(long).fault?.message.unicodeScalars.count ?? 9999 < 1100)
    let message = readCSV("x:number\n\(long)\n").messages.first ?? ""
    #expect(message.utf8.count < 500)
    #expect(message.contains("…\" is not a JSON number"))
  }
}
