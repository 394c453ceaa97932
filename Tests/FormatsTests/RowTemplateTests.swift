import Core
import Formats
import Testing

@Suite struct RowTemplateTests {
  @Test(arguments: [
    ("a.b,a.c\n1,2\n", #"{"a":{"b":"1","c":"2"}}"#),
    ("a.b,d,a.c\n1,2,3\n", #"{"a":{"b":"1","c":"3"},"d":"2"}"#),
    ("a.b.c,a.b.d,e\n,,1\n", #"{"e":"1"}"#),
    ("a.b.c,a.b.d,e\n,2,1\n", #"{"a":{"b":{"d":"2"}},"e":"1"}"#),
    ("a.b,a.c.d,a.c.e\n1,,\n", #"{"a":{"b":"1"}}"#),
    ("a.b,a.c.d,a.c.e\n,,1\n", #"{"a":{"c":{"e":"1"}}}"#),
    ("a[0].x,a[0].y,a[1].x\n1,2,3\n", #"{"a":[{"x":"1","y":"2"},{"x":"3"}]}"#),
    ("a[1].x,a[0].x,a[10].x,a[9].x\n1,2,3,4\n", #"{"a":[{"x":"2"},{"x":"1"},{"x":"4"},{"x":"3"}]}"#),
    ("a[0].x,a[0].y,a[1].x,b\n,,3,\n", #"{"a":[{"x":"3"}]}"#),
    ("a[0].x,a[0].y,a[1].x,b\n,,,4\n", #"{"b":"4"}"#),
    ("a[0][0],a[0][1],a[1][0]\n1,2,3\n", #"{"a":[["1","2"],["3"]]}"#),
    ("a[0][0],a[0][1],a[1][0]\n,,3\n", #"{"a":[["3"]]}"#),
    ("a[0],a[1]\n1,2\n", #"{"a":["1","2"]}"#),
    ("a[0],a[1]\n,2\n", #"{"a":["2"]}"#),
    ("a/b.c,\u{e9}\\\n1,2\n", #"{"a/b":{"c":"1"},"é\\":"2"}"#),
    ("\"a\"\"b\",\"c\nd\"\n1,2\n", #"{"a\"b":"1","c d":"2"}"#),
    ("a,b\n,\"\"\n", "{}"),
    ("a.b.c\n\"\"\n", "{}"),
    ("a.b.c\n1\n", #"{"a":{"b":{"c":"1"}}}"#),
  ])
  func `paths become objects and arrays, in the order of columns`(_ text: String, _ json: String) {
    #expect(readCSV(text).texts == [json])
  }

  @Test func `what must be escaped is, and nothing else`() {
    let reading = readCSV("a\n\"\u{1}\u{8}\u{9}\u{A}\u{C}\u{D}\u{1F}\u{7F}\\/\"\"é\u{2028}\"\n")
    #expect(reading.texts == [#"{"a":"\u0001\b\t\n\f\r\u001f"# + "\u{7F}" + #"\\/\"é"# + "\u{2028}" + #""}"#])
  }

  @Test(arguments: [
    ("0", "0"), ("-0", "-0"), ("12345678901234567.10", "12345678901234567.10"), ("1e5", "1e5"),
    ("-1.50E+07", "-1.50E+07"), ("0.0", "0.0"), ("1E-9", "1E-9"),
  ])
  func `a number keeps its digits`(_ text: String, _ json: String) {
    #expect(readCSV("a:number\n\(text)\n").texts == ["{\"a\":\(json)}"])
  }

  @Test(arguments: [
    "01", "1.", ".5", "+1", "1e", "1e+", "- 1", " 1", "1 ", "1\t", "NaN", "Infinity", "0x10", "1_000", "\"1,000\"",
    "--1", "-",
    "٣",
  ])
  func `what is not a JSON number is refused with the column and the text`(_ text: String) {
    let reading = readCSV("b,a:number\nx,\(text)\nx,1\n")
    #expect(reading.items.map(\.fault?.code) == [.invalidValue, nil])
    let message = reading.messages.first ?? ""
    #expect(message.hasPrefix("column \"a:number\": \"\(text.filter { $0 != "\"" }.onOneLine)\" is not a JSON number"))
    #expect(reading.texts == ["", #"{"b":"x","a":1}"#])
  }

  @Test func `booleans go in any case`() {
    let reading = readCSV("a:boolean\ntrue\nFALSE\nTrue\nyes\n1\n")
    #expect(reading.texts == [#"{"a":true}"#, #"{"a":false}"#, #"{"a":true}"#, "", ""])
    #expect(reading.messages.first == "column \"a:boolean\": \"yes\" is neither true nor false")
  }

  @Test func `a list stands between semicolons`() {
    let reading = readCSV("a:list\nMon;Tue\nMon\n\"a \"\"b\"\";\nc\"\n;\n\"\"\n")
    #expect(
      reading.texts == [
        #"{"a":["Mon","Tue"]}"#, #"{"a":["Mon"]}"#, #"{"a":["a \"b\"","\nc"]}"#, #"{"a":["",""]}"#, "{}",
      ])
  }

  @Test func `JSON goes in as it stands`() {
    let reading = readCSV("a:json,b\n\"{\"\"x\"\": [1.50, \"\"\\u00e9\"\"]}\",1\n\" \n12 \",2\nnull,3\n")
    #expect(
      reading.texts == [#"{"a":{"x": [1.50, "\u00e9"]},"b":"1"}"#, #"{"a":12,"b":"2"}"#, #"{"a":null,"b":"3"}"#])
  }

  @Test(arguments: ["{", "\"[1,]\"", "1 2", "nul", "'x'", " ", "\"[\"\"\u{1}\"\"]\"", "01"])
  func `what is not one JSON value is refused`(_ text: String) {
    let reading = readCSV("a:json,b\n\(text),1\n")
    #expect(reading.items.map(\.fault?.code) == [.invalidValue])
    #expect(reading.messages.first?.hasPrefix("column \"a:json\": ") == true)
  }

  @Test func `levels are counted from the item`() {
    var terms = CSVReadingTerms()
    terms.limits.maxNesting = 3
    #expect(terms.read("a.b:json\n1\n[]\n[[]]\n").items.map(\.fault?.code) == [nil, nil, .tooDeep])
    #expect(terms.read("a[0].b\n1\n").fault == nil)
    #expect(terms.read("x,a[0].b.c\n1,2\n").end == "too-deep 1:3")
    #expect(terms.read("a.b.c:list\n1\n").end == "too-deep 1:1")
  }

  @Test(arguments: [
    (EmptyCell.omit, #"{"d":{"x":"1"}}"#),
    (.null, #"{"a":null,"b":null,"c":{"y":null},"d":{"x":"1","y":null},"e":[null],"f":null,"g":null}"#),
    (.string, #"{"a":"","c":{"y":""},"d":{"x":"1","y":""},"e":[""]}"#),
  ])
  func `an empty cell is left out, null, or an empty string`(_ empty: EmptyCell, _ json: String) {
    var terms = CSVReadingTerms()
    terms.empty = empty
    let reading = terms.read("a,b:number,c.y,d.x,d.y,e[0],f:list,g:json\n,,\"\",1,,,,\n")
    #expect(reading.texts == [json])
  }

  @Test func `an item that becomes too large is refused alone`() {
    var terms = CSVReadingTerms()
    terms.limits.maxItemBytes = 16
    let reading = terms.read("a,b\n1234,1\n12,1\n123456,\n\u{1}\u{1},\n")
    // {"a":"12","b":"1"} has 18 bytes, {"a":"123456"} has 14.
    #expect(reading.items.map(\.fault?.code) == [.tooLarge, .tooLarge, nil, .tooLarge])
    #expect(
      reading.messages.first == "the item has more than 16 bytes: make it smaller, or raise limits.max_item_bytes")
  }

  @Test func `the request id is no part of the item`() {
    let reading = readCSV("a,requestId\n1,\"r\"\"1\n\"\n2,\n")
    #expect(reading.texts == [#"{"a":"1"}"#, #"{"a":"2"}"#])
    #expect(reading.items.map(\.requestID) == [Array(#"r\"1\n"#.utf8), nil])
    #expect(readCSV("a,requestId:number\n1,2\n").end == "malformed-csv 1:3")
  }

  @Test func `a row with a bad cell keeps its request id`() {
    let reading = readCSV("a:number,requestId\nx,r1\n1\n")
    #expect(reading.items.map(\.requestID) == [Array("r1".utf8), nil])
    #expect(reading.items.map(\.fault?.code) == [.invalidValue, .wrongColumnCount])
  }

  @Test(arguments: [
    ("a,a:number\n", "malformed-csv 1:3", ["column \"a\"", "column \"a:number\"", "both fill a"]),
    ("a.b,x,a\n", "malformed-csv 1:7", ["column \"a.b\"", "column \"a\"", "both fill a"]),
    ("a,a.b\n", "malformed-csv 1:3", ["column \"a\"", "column \"a.b\"", "a value and an object"]),
    ("a.b,a[0]\n", "malformed-csv 1:5", ["column \"a.b\"", "column \"a[0]\"", "an object and an array"]),
    ("a[0],a.b\n", "malformed-csv 1:6", ["column \"a[0]\"", "column \"a.b\"", "an array and an object"]),
    ("a[0],a[00]\n", "malformed-csv 1:6", ["both fill a[0]"]),
  ])
  func `two columns can't fill the same field`(_ text: String, _ end: String, _ parts: [String]) {
    let reading = readCSV(text)
    #expect(reading.end == end)
    for part in parts { #expect(reading.fault?.message.contains(part) == true, "\(reading.fault?.message ?? "")") }
  }

  @Test func `two columns can't both be the request id`() {
    var terms = CSVReadingTerms()
    terms.place = { path throws(FileFault) in
      path.name.hasPrefix("id") ? .requestID : .field(PlacedField(path: path.steps, type: path.type))
    }
    #expect(terms.read("id1,a,id2\n").fault?.message == "column \"id1\" and column \"id2\" are both the request id")
  }

  @Test func `what the API says of a path gets the column's place`() {
    var terms = CSVReadingTerms()
    terms.place = { path throws(FileFault) in
      if path.name == "bad" { throw FileFault(.malformedCSV, "no such field") }
      return .field(PlacedField(path: path.steps, type: path.type))
    }
    let fault = terms.read("\n\"a\nb\",bad\n").fault
    #expect(fault == FileFault(.malformedCSV, "column \"bad\": no such field", line: 3, column: 4))
  }
}
