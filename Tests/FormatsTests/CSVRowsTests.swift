import Core
import Formats
import Testing

@Suite struct CSVRowsTests {
  @Test func `rows become items with their line and their place`() {
    let reading = readCSV("a,b\n1,2\n3,4\n")
    #expect(reading.places == ["1 2 4..<7", "2 3 8..<11"])
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#])
    #expect(reading.dialect == CSVDialect())
    #expect(reading.fault == nil)
  }

  @Test func `the last line may lack its line break`() {
    let reading = readCSV("a,b\r\n1,2\r\n3,4")
    #expect(reading.places == ["1 2 5..<8", "2 3 10..<13"])
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#])
    #expect(reading.dialect?.lineBreak == .crlf)
  }

  @Test func `an empty last cell at the very end is a cell`() {
    let reading = readCSV("a,b\n1,")
    #expect(reading.places == ["1 2 4..<6"])
    #expect(reading.texts == [#"{"a":"1"}"#])
  }

  @Test(arguments: [
    ("a,b\n\"x,y\",z\n", #"{"a":"x,y","b":"z"}"#),
    ("a,b\n\"x\ny\",z\n", #"{"a":"x\ny","b":"z"}"#),
    ("a,b\n\"x\r\ny\",z\r\n", #"{"a":"x\r\ny","b":"z"}"#),
    ("a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", #"{"a":"say \"hi\"","b":"\""}"#),
    ("a,b\nsay \"hi\",x\"\n", #"{"a":"say \"hi\"","b":"x\""}"#),
    ("a,b\n \"x\" , y \n", #"{"a":" \"x\" ","b":" y "}"#),
    ("a,b\n\"x\",\"y\"", #"{"a":"x","b":"y"}"#),
    ("a,b\n\"x\",\"y\"\r\n", #"{"a":"x","b":"y"}"#),
    ("a,b\n\"x\",\"y\"\r", #"{"a":"x","b":"y"}"#),
    ("a,b\nx,y\r", #"{"a":"x","b":"y"}"#),
    ("a,b\nx\ry,\rz\n", #"{"a":"x\ry","b":"\rz"}"#),
    ("a,b\n\rx,y\r\r\n", #"{"a":"\rx","b":"y\r"}"#),
    ("a,b\n\"\",\n", "{}"),
    ("a,b\n\"été\",\u{1F600}\n", "{\"a\":\"été\",\"b\":\"\u{1F600}\"}"),
    ("\"a\",\"b\"\n1,2\n", #"{"a":"1","b":"2"}"#),
    ("a\n\"\"\n", "{}"),
  ])
  func `one row`(_ text: String, _ json: String) {
    let reading = readCSV(text)
    #expect(reading.texts == [json])
    #expect(reading.items.first?.line == 2)
    #expect(reading.fault == nil)
  }

  @Test func `lines within quotes count as lines`() {
    let reading = readCSV("\"a\",b\n\"1\r\n\n2\",3\n4,5\n\"6\n\",7\n8,9\n")
    #expect(reading.places == ["1 2 6..<15", "2 5 16..<19", "3 6 20..<26", "4 8 27..<30"])
  }

  @Test func `blank lines are skipped and counted, also in a file of one column`() {
    let reading = readCSV("\n\r\na\n\n1\n\r\n\n2\n\n")
    #expect(reading.places == ["1 5 6..<7", "2 8 11..<12"])
    #expect(reading.texts == [#"{"a":"1"}"#, #"{"a":"2"}"#])
  }

  @Test func `a row with a wrong number of columns is refused alone`() {
    let reading = readCSV("a,b\n1\n1,2,3\n4,5\n,,\"\",\n")
    #expect(
      reading.places == [
        "1 2 4..<5 wrong-column-count", "2 3 6..<11 wrong-column-count", "3 4 12..<15",
        "4 5 16..<21 wrong-column-count",
      ])
    #expect(reading.texts == ["", "", #"{"a":"4","b":"5"}"#, ""])
    #expect(
      reading.messages == [
        "the row has 1 column, but the header has 2", "the row has 3 columns, but the header has 2",
        "the row has 4 columns, but the header has 2",
      ])
  }

  @Test func `a header alone is a file without items`() {
    for text in ["a,b", "a,b\n", "\u{FEFF}a,b\r\n", "a,b\n\n\n"] {
      let reading = readCSV(text)
      #expect(reading.items.isEmpty)
      #expect(reading.fault == nil)
      #expect(reading.dialect != nil)
    }
  }

  @Test func `a byte order mark is passed over, but counts in places`() {
    let reading = readCSV("\u{FEFF}\"a\",b\n1,2\n")
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#])
    #expect(reading.places == ["1 2 9..<12"])
    #expect(readCSV("\u{FEFF}a,a\n").end == "malformed-csv 1:6")
  }

  @Test(arguments: ["", "\u{FEFF}", "\n", "\r\n\n", "\u{FEFF}\n\r\n", "\r"])
  func `a file without a header row is empty`(_ text: String) {
    #expect(readCSV(text).end == "empty-file -:-")
    let isBlank = text.utf8.contains { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    #expect(
      readCSV(text).fault?.message
        == "the file \(isBlank ? "has only blank lines" : "is empty"): it needs a header row")
  }

  @Test(arguments: [
    // Quotes that stay open are reported where they were opened.
    ("a,b\n1,\"2\n3,4\n", "malformed-csv 2:3"),
    ("a,b\n\"x\ny\",\"2", "malformed-csv 3:4"),
    ("a,\"b", "malformed-csv 1:3"),
    ("a\n\"", "malformed-csv 2:1"),
    ("a\n\"x\"\"", "malformed-csv 2:1"),
    ("a,b\n1,\"2\"3\n", "malformed-csv 2:6"),
    ("a,b\n\"1\n\" ,2\n", "malformed-csv 3:2"),
    ("a,b\n1,\"2\"\r3\n", "malformed-csv 2:6"),
    ("a,b\n1,2\n3,\u{0}4\n", "malformed-csv 3:3"),
    ("a,b\n1,2\n3,\"\n\u{0}4\"\n", "malformed-csv 4:1"),
    ("\u{0}a,b\n", "malformed-csv 1:1"),
    ("a,b,a\n", "malformed-csv 1:5"),
    ("\n\n\"a\n\",b,\"a\n\"\n", "malformed-csv 4:5"),
    ("_error_code,_error_line\n", "malformed-csv 1:-"),
  ])
  func `what is no CSV is told with its place`(_ text: String, _ end: String) {
    #expect(readCSV(text).end == end)
  }

  @Test func `a NUL at the end of a row is found too`() {
    #expect(readCSV("a,b\n1,2\u{0}").end == "malformed-csv 2:4")
  }

  @Test(arguments: [
    ([0x61, 0x0A, 0x31, 0xFF], 3), ([0xFF, 0xFE, 0x61, 0x00], 0), ([0x61, 0x0A, 0xE2, 0x82], 2),
    ([0x61, 0x0A, 0xE2, 0x82, 0x41], 2), ([0x61, 0x0A, 0xC0, 0x80], 2), ([0x61, 0x0A, 0xED, 0xA0, 0x80], 2),
    ([0x61, 0x0A, 0xF4, 0x90, 0x80, 0x80], 2), ([0xEF, 0xBB, 0xBF, 0x61, 0x0A, 0x80], 5), ([0xEF, 0xBB], 0),
    ([0x61, 0xC3, 0xA9, 0x0A, 0xC3, 0xA9, 0xC3], 6),
    (Array("a\n".utf8) + [UInt8](repeating: 0x61, count: 99) + [0x80], 101),
  ])
  func `the first byte that is not UTF-8 is named`(_ content: [UInt8], _ offset: Int) throws {
    let fault = try #require(CSVReadingTerms().read(content).fault)
    #expect(fault.code == .invalidEncoding)
    #expect(fault.message.contains("at offset \(offset):") || fault.message.contains("at offset \(offset) ("))
  }

  @Test func `of two faults the first in the file is told`() {
    let quote = Array("a\n\"x\"y\n".utf8)
    #expect(CSVReadingTerms().read(quote + [0xFF]).end == "malformed-csv 2:4")
    #expect(CSVReadingTerms().read([0x61, 0x0A, 0xFF] + quote).end == "invalid-encoding 2:1")
    #expect(CSVReadingTerms().read(Array("a\n\"x\n".utf8) + [0xFF]).end == "invalid-encoding 3:1")
  }

  @Test(arguments: [
    ("a,b;c\n1,2\n", ",", #"{"a":"1","b;c":"2"}"#),
    ("a;b\n1,5;2\n", ";", #"{"a":"1,5","b":"2"}"#),
    ("a|b\n1|2\n", "|", #"{"a":"1","b":"2"}"#),
    ("a\tb\n1\t2\n", "\t", #"{"a":"1","b":"2"}"#),
    ("a\n1,2\n", ",", ""),
    ("\"a,b,c\";d\n1;2\n", ";", #"{"a,b,c":"1","d":"2"}"#),
    ("\u{FEFF}\n\"a\n,\"\",b\";c;d\n1;2;3\n", ";", #"{"a ,\",b":"1","c":"2","d":"3"}"#),
    ("a,b\"c;d;e\n1;2;3\n", ";", #"{"a,b\"c":"1","d":"2","e":"3"}"#),
    ("\r\na;b\r\n1;2", ";", #"{"a":"1","b":"2"}"#),
  ])
  func `the delimiter is found in the header`(_ text: String, _ delimiter: String, _ json: String) {
    var terms = CSVReadingTerms()
    terms.delimiter = .auto
    let reading = terms.read(text)
    #expect(reading.dialect?.delimiter == Array(delimiter.utf8))
    #expect(reading.texts == [json])
  }

  @Test func `a header without an end is sniffed as far as it goes`() {
    var terms = CSVReadingTerms()
    terms.delimiter = .auto
    #expect(terms.read("a;b").dialect?.delimiter == [UInt8(ascii: ";")])
    #expect(terms.read("a;\"b").end == "malformed-csv 1:3")
    #expect(terms.read("").end == "empty-file -:-")
  }

  @Test func `a TSV stands between tabs whatever the route says`() {
    var terms = CSVReadingTerms()
    terms.kind = .tsv
    terms.delimiter = .character(";")
    #expect(terms.read("a;b\tc\n1,2\t\"3\t\"\n").texts == [#"{"a;b":"1,2","c":"3\t"}"#])
  }

  @Test func `a row over the limit is refused and passed over`() {
    var terms = CSVReadingTerms()
    terms.limits.maxItemBytes = 20
    let long = String(repeating: "x", count: 21)
    let reading = terms.read(
      "a,b\n\(long),\"\n,\"\"\n\"\n1,2\n\(long.dropLast(3)),1\n\(long.dropLast(2)),1\n\"\(long)\n")
    #expect(reading.fault?.line == 8)
    #expect(
      reading.places == [
        "1 2 4..<33 too-large", "2 5 34..<37", "3 6 38..<58 too-large", "4 7 59..<80 too-large",
      ])
    // The third row fits as it is, but not as JSON.
    #expect(reading.texts == ["", #"{"a":"1","b":"2"}"#, "", ""])
  }

  @Test func `of a bad row everything that can be read is handed on, in columns counted from the left`() {
    let reading = readCSV("id,n:number,o.x:json,o.y\n1,two,3,4\n2,2\n3,x,{,\n4,4,4,4,4\n5,5,5,5\n\n,x,,\n")
    #expect(reading.texts == ["", "", "", "", #"{"id":"5","n":5,"o":{"x":5,"y":"5"}}"#, ""])
    #expect(
      reading.leftovers == [
        #"{"id":"1","o":{"x":3,"y":"4"}}"#, #"{"id":"2","n":2}"#, #"{"id":"3"}"#,
        #"{"id":"4","n":4,"o":{"x":4,"y":"4"}}"#, "{}",
      ])
    var terms = CSVReadingTerms()
    terms.limits.maxItemBytes = 12
    #expect(terms.read("a,b\n1,2,\nxxxxxxxxxxxxxxx,1\n").leftovers == ["", ""], "nothing beyond the limit")
  }

  @Test func `a row over the limit with faults of its own still spoils the file`() {
    var terms = CSVReadingTerms()
    terms.limits.maxItemBytes = 4
    #expect(terms.read("a,b\n1111111111,\"2\"3\n").end == "malformed-csv 2:15")
    #expect(terms.read("a,b\n1111111111,\u{0}\n").end == "malformed-csv 2:12")
    #expect(terms.read(Array("a,b\n1111111111,2".utf8) + [0xC3]).end == "invalid-encoding 2:13")
    #expect(terms.read("a,bcdefgh\n").end == "too-large 1:-")
  }

  @Test func `_error_ columns are dropped and their bytes do not count`() {
    var terms = CSVReadingTerms()
    terms.limits.maxItemBytes = 30
    let reading = terms.read(
      "_error_code,_error_message,_error_line,a,_error_x,b\n"
        + "too-large,\"\(String(repeating: "m", count: 100))\",7,1,y,2\nx,y,3\n")
    #expect(reading.fault?.code == .tooLarge)
    terms.limits.maxItemBytes = 60
    let second = terms.read(
      "_error_code,_error_message,_error_line,a,_error_x,b\n"
        + "too-large,\"\(String(repeating: "m", count: 100))\",7,1,y,2\nx,y,3\n"
        + "a,b,c,\(String(repeating: "m", count: 60)),e,f\n")
    #expect(second.texts == [#"{"a":"1","b":"2"}"#, "", ""])
    #expect(second.items.map(\.fault?.code) == [nil, .wrongColumnCount, .tooLarge])
  }
}
