import Testing

@testable import Inspection

@Suite struct DialectTests {
  private func guess(_ text: String, known: UInt8? = nil) -> DialectGuess {
    let bytes = Array(text.utf8)
    return DialectGuess(bytes, 0..<bytes.count, known: known, comment: "")
  }

  private func rows(_ text: String, _ dialect: Dialect = Dialect(), comment: String = "") -> RowSplitter {
    let bytes = Array(text.utf8)
    return RowSplitter(bytes, 0..<bytes.count, line: 1, dialect, comment: comment)
  }

  @Test(arguments: [",", ";", "|", "\t", "^", "~", "\u{1}"]) func `the delimiter is what makes rows even`(
    _ delimiter: String
  ) {
    let text = "id,name,note\n17,\"a;b|c\",x\n18,Bob,~^\n".replacing(",", with: delimiter)
    let guess = guess(text)
    #expect(guess.dialect.delimiter == delimiter.utf8.first)
    #expect(guess.width == 3)
  }

  @Test func `commas in numbers and in text don't separate cells`() {
    #expect(guess("a;b\n1,5;2,5\n3,5;4,5\n").dialect.delimiter == UInt8(ascii: ";"))
    #expect(guess("1,5;2,5\n3,5;4,5\n").dialect.delimiter == UInt8(ascii: ";"))
    #expect(guess("id|name\n1|Lovelace, Ada\n2|Turing, Alan\n").dialect.delimiter == UInt8(ascii: "|"))
    #expect(guess("\"id\";\"name\"\n\"1\";\"a,b\"\n\"2\";\"c,d\"\n").dialect.delimiter == UInt8(ascii: ";"))
    #expect(guess("1,2\n3,4\n").dialect.delimiter == UInt8(ascii: ","))
  }

  @Test func `a file of one column has none`() {
    #expect(guess("id\n1\n2\n").width == 1)
    #expect(guess("id\n1\n2\n").dialect == Dialect())
    #expect(inspection("id\n1\n2\n").isUnsure("whether the file has only one column"))
  }

  @Test func `backslashes before quotes are escapes, elsewhere text`() {
    #expect(guess("a,b\n1,\"O\\\"Neil\"\n2,x\n").dialect.escape == Ascii.backslash)
    #expect(guess("a,b\n1,x\\,y\n2,z\n").dialect.escape == Ascii.backslash)
    #expect(guess("a,b\n1,C:\\temp\n2,\"D:\\data\"\n").dialect.escape == nil)
    #expect(guess("a,b\n1,\\N\n2,x\n").dialect.escape == nil)
  }

  @Test func `quotes that are never closed are text`() {
    #expect(guess("a,b\n1,\"5 inch\n2,\"6 inch\n").dialect.quote == nil)
    #expect(guess("a,b\n1,5\" nail\n2,x\n").dialect.quote == Ascii.quote)
  }

  @Test func `rows have the lines on which they begin and end`() {
    let rows = rows("a,\"b\nc\"\r\n\r\nd,e").rows
    #expect(rows.map(\.line) == [1, 3, 4])
    #expect(rows.map(\.lastLine) == [2, 3, 4])
    #expect(rows.map(\.texts) == [["a", "b\nc"], [], ["d", "e"]])
    #expect(rows.map(\.hasLineEnd) == [true, true, false])
    #expect(rows.map(\.followsBlank) == [false, false, true])
  }

  @Test func `cells are unescaped, and kept as written`() {
    let dialect = Dialect(escape: Ascii.backslash)
    let cells = rows("\\N,\"a\"\"b\",\"c\\\"d\",e\\,f,\n", dialect).rows[0].cells
    #expect(cells.map(\.text) == ["N", "a\"b", "c\"d", "e,f", ""])
    #expect(cells[0].raw == "\\N")
    #expect(cells.map(\.isQuoted) == [false, true, true, false, false])
  }

  @Test func `what upsertd would refuse is counted`() {
    #expect(rows("a,\"b\"c\n").faults == 1)
    #expect(rows("a\nb,\"c\"d\n").firstFaultLine == 2)
    #expect(rows("a,\"b\n").endsOpen)
    #expect(
      inspection("id,name\n1,\"a\"b\n2,\"c\"\n3,\"d\"\n4,\"e\"\n").isUnsure("how quotes are meant (first in line 2)"))
  }

  @Test func `comments are no rows`() {
    let splitter = rows("# x\na,b\n#y\nc,d\n", comment: "#")
    #expect(splitter.rows.map(\.line) == [2, 4])
    #expect(splitter.comments == [1, 3])
  }
}
