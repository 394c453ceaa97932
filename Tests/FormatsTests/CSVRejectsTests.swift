import Core
import Formats
import Testing

@Suite struct CSVRejectsTests {
  /// The rejects file of `content`, with the rows whose numbers are given, as a receipt's writer makes it.
  private func rejects(
    of content: String, _ refused: [Int: ItemFault], terms: CSVReadingTerms = CSVReadingTerms()
  ) throws -> String {
    let bytes = Array(content.utf8)
    let rejects = try terms.rejects(content)
    var file = rejects.headerLine
    for item in terms.read(bytes).items {
      guard let fault = item.fault ?? refused[item.number] else { continue }
      file += rejects.line(for: Array(bytes[item.source]), fault, line: item.line)
    }
    return String(decoding: file, as: UTF8.self)
  }

  private static let fault = ItemFault(.missingField, "displayName is required")

  @Test func `three columns stand in front of rows that follow byte for byte`() throws {
    let content = "a, b ,\"c\"\n1,2,3\n\"4\", 5 ,\"x\ny\"\n6,7\n"
    #expect(
      try rejects(of: content.replacing(" b ", with: "b"), [2: Self.fault])
        == "_error_code,_error_message,_error_line,a,b,\"c\"\n"
        + "missing-field,displayName is required,3,\"4\", 5 ,\"x\ny\"\n"
        + "wrong-column-count,\"the row has 2 columns, but the header has 3\",5,6,7\n")
  }

  @Test func `delimiter, quotes and line breaks are those of the file`() throws {
    var terms = CSVReadingTerms()
    terms.delimiter = .auto
    let fault = ItemFault(.rejectedByAPI, "bad \"x\"; no,\r\nreally\u{0}")
    #expect(
      try rejects(of: "\u{FEFF}\r\na;b\r\n1;2\r\n3;4", [2: fault], terms: terms)
        == "_error_code;_error_message;_error_line;a;b\r\n"
        + #"rejected-by-api;"bad ""x""; no,\r\nreally\0";4;3;4"# + "\r\n")
    terms.kind = .tsv
    #expect(
      try rejects(of: "a\tb\n1\t\"2\"", [1: ItemFault(.invalidValue, "x,y")], terms: terms)
        == "_error_code\t_error_message\t_error_line\ta\tb\ninvalid-value\tx,y\t2\t1\t\"2\"\n")
  }

  @Test(arguments: ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
  func `no message is a formula`(_ message: String) throws {
    let written = try rejects(of: "a\n1\n", [1: ItemFault(.rejectedByAPI, message)])
    let cell = try #require(written.split(separator: "\n").last?.split(separator: ",")[1])
    // A tab or a line break is escaped before, and so begins no formula either.
    #expect(cell == "'" + message || cell == message.onOneLine && cell.hasPrefix("\\"))
    #expect(try rejects(of: "=a\n=1\n", [1: Self.fault]).hasSuffix(",2,=1\n"))
  }

  @Test func `old error cells do not pile up`() throws {
    let dropped =
      "_error_code,_error_message,_error_line,a,b\nmissing-field,\"x, \"\"y\"\"\",7,1,\"2\"\nz,y,8,3,\n"
      + "wrong-column-count,m,9,4\n5,6\nexpired,m,x,7\n"
    #expect(
      try rejects(of: dropped, [1: Self.fault, 2: Self.fault])
        == "_error_code,_error_message,_error_line,a,b\n"
        + "missing-field,displayName is required,2,1,\"2\"\nmissing-field,displayName is required,3,3,\n"
        + "wrong-column-count,\"the row has 4 columns, but the header has 5\",4,4\n"
        // These are not cells that upsertd wrote.
        + "wrong-column-count,\"the row has 2 columns, but the header has 5\",5,5,6\n"
        + "wrong-column-count,\"the row has 4 columns, but the header has 5\",6,expired,m,x,7\n")
  }

  @Test func `old error cells go wherever they stand`() throws {
    let dropped = "a,_error_line,b,_error_x\n1,2,3,4\n"
    #expect(
      try rejects(of: dropped, [1: Self.fault])
        == "_error_code,_error_message,_error_line,a,b\nmissing-field,displayName is required,2,1,3\n")
    #expect(
      try rejects(of: "_error_x,a\nq,\n", [1: Self.fault])
        == "_error_code,_error_message,_error_line,a\nmissing-field,displayName is required,2,\n")
  }

  @Test(arguments: [
    "a,requestId,c:number\n1,r1,3\n\"x\ny\",\"r\"\"2\",x\n,,\n,r,1\n1,2\n1,2,3,4\n",
    "\u{FEFF}a;requestId;c:number\r\n1;r1;3\r\n\"x;\r\ny\";\"r2\";1e5\r\n;;\r\n1;2\r\n",
    "a,b\nx\ry,z\nv,w\r\r\nx,\"y\r\"\r\n\rx,\r\r\n",
    "a\n1\n\"\"\n\"\n\"\n",
    "_error_code,_error_message,_error_line,a,b\nx,y,z,1,2\ninvalid-value,\"a\nb\",7,,3\nexpired,,1,2\n",
    "\n\n\"a\",b.c,b.d\n\n1,2,\n,,\n",
  ])
  func `a rejects file dropped again holds the same items`(_ content: String) throws {
    var terms = CSVReadingTerms()
    terms.delimiter = .auto
    let before = terms.read(content)
    #expect(before.fault == nil)
    let all = Dictionary(
      uniqueKeysWithValues: before.items.map { ($0.number, ItemFault(.badRequest, "no; \"not\", so|\n")) })
    let file = try rejects(of: content, all, terms: terms)
    let after = terms.read(file)
    #expect(after.fault == nil)
    #expect(after.texts == before.texts)
    #expect(after.items.map(\.requestID) == before.items.map(\.requestID))
    #expect(after.items.map(\.fault?.code) == before.items.map(\.fault?.code))
    #expect(after.dialect == before.dialect)
    // Nothing is added a second time but what the rejects of the rejects say themselves.
    let again = try rejects(of: file, all, terms: terms)
    #expect(again.count - file.count < 10 * before.items.count)
    #expect(terms.read(again).texts == before.texts)
  }

  @Test func `a row in pieces loses the old error cells at its start`() throws {
    let rejects = try CSVReadingTerms().rejects("_error_code,_error_message,_error_line,a\n")
    let piece = Array("too-large,\"x,\ny\",12,\"abc".utf8)
    #expect(rejects.errorCells(atStartOf: piece) == piece.count - 4)
    #expect(rejects.errorCells(atStartOf: Array("too-large,x,12".utf8)) == 0)
    #expect(rejects.errorCells(atStartOf: Array("abc,x,12,y".utf8)) == 0)
    #expect(try CSVReadingTerms().rejects("a,b,c\n").errorCells(atStartOf: piece) == 0)
    #expect(rejects.opening(ItemFault(.tooLarge, "m"), line: 3) == Array("too-large,m,3,".utf8))
    #expect(rejects.lineBreak(after: 0x0D) == [0x0D, 0x0A])
    #expect(rejects.lineBreak(after: 0x41) == [0x0A])
  }

  @Test func `the header is found where it stands`() throws {
    let header = try CSVReadingTerms().header("\u{FEFF}\n\r\n\"a\n\",_error_code,b\r\n1,2,3\n")
    #expect(header.range == 6..<24)
    #expect(header.bytes == Array("\"a\n\",_error_code,b".utf8))
    #expect(header.line == 3)
    #expect(header.dialect == CSVDialect(lineBreak: .crlf))
    #expect(header.columns.map(\.name) == ["a", "b"])
    #expect(header.columns.map(\.line) == [3, 4])
    #expect(header.columns.map(\.column) == [1, 15])
    #expect(header.errorColumns.map(\.index) == [1])
  }
}
