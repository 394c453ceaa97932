import Core
import Testing

@testable import Formats

@Suite struct CSVDialectTests {
  /// The rows of `text` as JSON, read in chunks of several sizes.
  private func rows(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) -> [String] {
    let reading = read(text, change)
    #expect(reading.fault == nil, "\(text)")
    return reading.texts
  }

  private func read(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) -> CSVReading {
    var terms = CSVReadingTerms()
    change(&terms.options)
    return terms.read(text)
  }

  @Test(arguments: ["\n", "\r\n", "\r"])
  func `the first line's end decides how rows end`(_ lineBreak: String) {
    let text = ["a,b", "1,\"x\(lineBreak)y\"", "", "3,4"].joined(separator: lineBreak)
    for text in [text, text + lineBreak] {
      let reading = read(text)
      #expect(reading.texts.first?.contains("\"a\":\"1\"") == true)
      #expect(reading.texts.last == #"{"a":"3","b":"4"}"#)
      #expect(reading.items.map(\.line) == [2, 5])
    }
  }

  @Test func `a line break inside quotes does not decide`() {
    #expect(rows("\"a\nx\",b\r1,2\r") == [#"{"a x":"1","b":"2"}"#])
    // Nor does it after any other delimiter; and a quote after what is not a delimiter opens nothing.
    #expect(rows("b§\"a\rx\"\n1§2\n") { $0.delimiter = .character("§") } == [#"{"b":"1","a x":"2"}"#])
    #expect(
      rows("\"a\\\"\rx\",b\n1,2\n") { $0.escape = UInt8(ascii: "\\") } == [#"{"a\" x":"1","b":"2"}"#])
    #expect(read("Title\ra\nx,b\r1,2\r") { $0.skip.first = 1 }.end?.hasPrefix("malformed-csv") == true)
    #expect(rows("a,\"b;c\r1;2\r") { $0.delimiter = .character(";") } == [#"{"a,\"b":"1","c":"2"}"#])
  }

  @Test(arguments: ["sep=;\n", "sep=;\r\n", "\u{FEFF}\"sep=;\"\n", "SEP=;\n"])
  func `a first line sep= names the delimiter, whatever the route says`(_ first: String) {
    #expect(rows(first + "a;b\n1,5;2\n") == [#"{"a":"1,5","b":"2"}"#])
    #expect(read(first + "a;b\n1;2\n").items.map(\.line) == [3])
    // It counts as one of the lines at the start.
    #expect(rows(first + "Title\na;b\n1;2\n") { $0.skip.first = 2 } == [#"{"a":"1","b":"2"}"#])
  }

  @Test(arguments: [";", "\u{1}", "§", "¦", "^", "😀"] as [Unicode.Scalar])
  func `any character may be the delimiter`(_ delimiter: Unicode.Scalar) {
    #expect(
      rows(
        "a\(delimiter)b\n\"1\(delimiter)\"\(delimiter)2£§¦\n".replacing("2£§¦", with: delimiter == ";" ? "2£§¦" : "2")
      ) {
        $0.delimiter = .character(delimiter)
      }.first?.contains(#""b":"2"#) == true)
    #expect(
      read("a\(delimiter)b\n1\n") { $0.delimiter = .character(delimiter) }.places.first?.hasSuffix("count") == true)
  }

  @Test func `without a quote character quotes are text`() {
    #expect(rows("a,b\n\"1,2\"\n") { $0.quote = nil } == [#"{"a":"\"1","b":"2\""}"#])
    #expect(rows("a,b\n'1,2',3\n") { $0.quote = UInt8(ascii: "'") } == [#"{"a":"1,2","b":"3"}"#])
  }

  @Test(arguments: [
    (#"a,b"# + "\n" + #""x\"y\\",2"#, #"{"a":"x\"y\\","b":"2"}"#),
    ("a,b\nx\\,y,2\n", #"{"a":"x,y","b":"2"}"#),
    ("a,b\n\"x\\\ny\",2\n", #"{"a":"x\ny","b":"2"}"#),
    ("a,b\nx\\\ny,2\n", #"{"a":"x\ny","b":"2"}"#),
    ("a,b\n\\t\\n\\0,2\\", #"{"a":"\t\n\u0000","b":"2\\"}"#),
    ("a,b\n\"x\"\"y\",2\n", #"{"a":"x\"y","b":"2"}"#),
  ])
  func `an escape takes the meaning from what follows it`(_ text: String, _ json: String) {
    #expect(rows(text) { $0.escape = UInt8(ascii: "\\") } == [json])
  }

  @Test func `a route names the columns of a file without a header row`() {
    let reading = read("1,2\n3,4") { $0.header = ["a", "b"] }
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#])
    #expect(reading.places == ["1 1 0..<3", "2 2 4..<7"])
    #expect(read("") { $0.header = ["a", "b"] }.end == "empty-file -:-")
    #expect(read("1,2") { $0.header = ["a", " a "] }.end == "malformed-csv -:-")
  }

  @Test func `lines at the start are skipped, and counted`() {
    let reading = read("Client list,\"\n\na,b\n1,2\n") { $0.skip.first = 2 }
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#])
    #expect(reading.items.map(\.line) == [4])
    #expect(read("x\n") { $0.skip.first = 9 }.end == "empty-file -:-")
  }

  @Test(arguments: 1...4)
  func `rows at the end are skipped, blank ones not counted`(_ last: Int) {
    let data = (1...3).map { "\($0)\n" }.joined()
    let footer = (1...last).map { "\"foot, er\"\n\n,\n".replacing("er", with: "\($0)") }.joined()
    let reading = read("a\n" + data + "\n\n" + footer) { $0.skip.last = last }
    #expect(reading.texts == (1...3).map { "{\"a\":\"\($0)\"}" })
    #expect(reading.items.map(\.number) == [1, 2, 3])
    #expect(reading.items.map(\.line) == [2, 3, 4])
    // A file with fewer rows has nothing but a footer.
    #expect(rows("a\n1\n") { $0.skip.last = last }.isEmpty)
  }

  @Test func `rows of the wrong width may be the last ones`() {
    #expect(
      rows(
        "\"Account ID\",\"Account Name\"\n\"1\",\"Acme\"\n\n\n\"All\"\n\"Copyright\"\n".replacing(
          "Account ID", with: "a"
        )
        .replacing("Account Name", with: "b")
      ) { $0.skip.last = 2 } == [#"{"a":"1","b":"Acme"}"#])
  }

  @Test func `comments are lines, whatever is in them`() {
    let reading = read("# it's \"a\n#;;;;\na,b\n1,2\n# \"\n\"x\n# y\",3\n#") { options in
      options.skip.comment = "#"
      options.delimiter = .auto
    }
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"x\n# y","b":"3"}"#])
    #expect(reading.items.map(\.line) == [4, 6])
  }

  @Test func `what is before and after the data is no data`() {
    let text = "RUN=1\nSTART-OF-DATA,,\na,b\n1,2\nEND-OF-DATAX,3\nEND-OF-DATA \nEND\"\n"
    func options(_ options: inout CSVOptions) {
      options.skip.before = "START-OF-DATA"
      options.skip.after = "END-OF-DATA"
    }
    let reading = read(text, options)
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"END-OF-DATAX","b":"3"}"#])
    #expect(reading.items.map(\.line) == [4, 5])
    // A file that was cut off must not count as a whole one.
    #expect(read("a,b\n1,2\n", options).end == "malformed-csv -:-")
    #expect(read("START-OF-DATA\na,b\n1,2\n", options).end == "malformed-csv 4:-")
    #expect(read("START-OF-DATA\na,b\n1,2\nEND-OF-DATA", options).texts == [#"{"a":"1","b":"2"}"#])
  }

  @Test func `rows are skipped by their first cell, before the header, too`() {
    #expect(
      rows("HDR|20260131\na|b\n\"HDR\"|9\n1|2\nTRL|1\n") { options in
        options.delimiter = .character("|")
        options.skip.rows = [Glob("HDR*"), Glob("TRL*")]
      } == [#"{"a":"1","b":"2"}"#])
  }

  @Test func `empty rows and a header that comes again are no data`() {
    let reading = read("a,b\n,\n1,2\na,b\n,\n3,4\n")
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#])
    #expect(reading.items.map(\.line) == [3, 6])
    // Quoted, they are values.
    #expect(rows("a,b\n\"\",\"\"\n") == ["{}"])
  }

  @Test func `columns at the end without a name hold nothing`() {
    let reading = read("a,b,,\n1,2,,\n3,4\n5,6,,x\n7,8,\n9\n")
    #expect(reading.texts == [#"{"a":"1","b":"2"}"#, #"{"a":"3","b":"4"}"#, "", #"{"a":"7","b":"8"}"#, ""])
    #expect(
      reading.messages == [
        "the row has a value in column 4, which has no name in the header",
        "the row has 1 column, but the header has 2",
      ])
  }

  @Test func `a column's name is its words`() {
    #expect(
      rows("\" a\u{A0}\u{A0}b \",\"c\r\nd\"\n1,2\n") == [#"{"a b":"1","c d":"2"}"#])
    #expect(read("a b,\"a\nb\"\n").end == "malformed-csv 1:5")
  }

  @Test(arguments: ["\u{1A}", "\u{1A}\u{1A}\u{1A}"])
  func `Ctrl-Z ends a file, and is text elsewhere`(_ mark: String) {
    #expect(rows("a\r\n1\u{1A}\r\n2\r\n" + mark) == [#"{"a":"1\u001a"}"#, #"{"a":"2"}"#])
    #expect(rows("a\r\n1" + mark) == [#"{"a":"1"}"#])
    #expect(rows("a\r\n\"1\"" + mark) == [#"{"a":"1"}"#])
  }

  @Test func `two byte order marks are passed over`() {
    #expect(rows("\u{FEFF}\u{FEFF}a,b\n1,2\n") == [#"{"a":"1","b":"2"}"#])
  }

  @Test(arguments: ["_error_code,_error_message,_error_line,a\n", "\"_error_code\",a\n", "sep=,\n_error_code,a\n"])
  func `a rejects file begins with its header, whatever the route says`(_ header: String) {
    let width = header.split(separator: ",").count - (header.hasPrefix("sep") ? 1 : 0)
    let row = String(repeating: "e,", count: width - 1) + "1\n"
    let reading = read(header + row) { options in
      options.header = ["x"]
      options.skip.first = 7
      options.skip.last = 7
      options.skip.before = "B"
      options.skip.after = "A"
      options.trailer = Trailer(match: Glob("T*"), count: 2)
    }
    #expect(reading.texts == [#"{"a":"1"}"#])
    #expect(reading.completeness == nil)
    #expect(read("_error_codes\n1\n") { $0.header = ["x"] }.texts.count == 2)
  }

  @Test func `how cells and lines are written counts for a rejects file, too`() {
    let text =
      "_error_code;_error_message;_error_line;a;b:number\ne;\"m\\\";\";2;'x';1.234,5\n# c\nT;m;3;y;1\ne;m;4;\\N;NULL\n"
      + "_error_code;_error_message;_error_line;a;b:number\ne;m;5;\\\\N;2\n"
    let reading = read(text) { options in
      options.delimiter = .auto
      options.escape = UInt8(ascii: "\\")
      options.numbers.decimal = ","
      options.numbers.grouping = "."
      options.null = ["\\N", "NULL"]
      options.skip.comment = "#"
      options.skip.rows = [Glob("T")]
    }
    #expect(reading.texts == [#"{"a":"'x'","b":1234.5}"#, "{}", #"{"a":"\\N","b":2}"#])
    #expect(
      read("'_error_code'|a\n'x|y'|1\n") { options in
        options.delimiter = .character("|")
        options.quote = UInt8(ascii: "'")
        options.skip.first = 1
      }.texts == [#"{"a":"1"}"#])
  }

  @Test func `options make no difference to how bytes are cut, or to noise`() {
    var dice = SystemRandomNumberGenerator()
    let alphabet = Array("\"'\\,;\n\r#ab=".utf8) + [0x1A, 0xC2, 0xA7]
    for _ in 0..<500 {
      let noise = (0..<Int.random(in: 0...40, using: &dice)).map { _ in alphabet.randomElement(using: &dice) ?? 0 }
      var terms = CSVReadingTerms()
      terms.limits.maxItemBytes = Int.random(in: 4...40)
      terms.chunks = [1, 2, 3, 7, 1 << 18]
      terms.options.delimiter = [.auto, .character(";"), .character("§")].randomElement() ?? .auto
      terms.options.quote = [UInt8(ascii: "\""), UInt8(ascii: "'"), nil].randomElement() ?? nil
      terms.options.escape = [UInt8(ascii: "\\"), nil].randomElement() ?? nil
      terms.options.skip.first = Int.random(in: 0...2)
      terms.options.skip.last = Int.random(in: 0...2)
      terms.options.skip.comment = [nil, "#", "a="].randomElement() ?? nil
      terms.options.skip.before = [nil, "a"].randomElement() ?? nil
      terms.options.skip.after = [nil, "b"].randomElement() ?? nil
      terms.options.header = [nil, ["x", "y"]].randomElement() ?? nil
      terms.place = { path throws(FileFault) in .field(PlacedField(path: path.steps, type: .string)) }
      _ = terms.read(noise)
    }
  }

  @Test func `what rejects need to know survives as text`() throws {
    var layout = CSVLayout(delimiter: 0x3B)
    layout.dialect = CSVDialect(delimiter: Array("§".utf8), quote: nil, escape: UInt8(ascii: "\\"), lineBreak: .cr)
    (layout.encoding, layout.hasByteOrderMark, layout.hasSeparatorLine) = ("UTF-16LE", true, true)
    layout.names = ["a\"b", "c"]
    #expect(CSVLayout(json: layout.json) == layout)
    layout.names = []
    layout.header = 3..<17
    #expect(CSVLayout(json: layout.json) == layout)
    #expect(CSVLayout(json: "{}") == nil)
  }
}
