import Core
import Testing

@testable import Inspection

@Suite struct LayoutTests {
  @Test func `a header is known by names above numbers, and its absence by a first row of values`() {
    #expect(inspection("id,name\n17,Ada\n").csv?.headerLine == 1)
    #expect(inspection("17,Ada\n18,Bob\n").csv?.headerLine == nil)
    #expect(inspection("name,2024,2025\nAda,1,2\n").csv?.headerLine == 1)
    #expect(inspection("A,red\nB,blue\nC,red\nA,green\n").csv?.headerLine == nil)
  }

  @Test func `text above text is said to be unsure unless the names are usual`() {
    #expect(inspection("colour,taste\nred,sweet\nblue,sour\n").isUnsure("whether line 1 names the columns"))
    #expect(!inspection("ref,colour\nx,red\ny,blue\n").isUnsure("whether line 1 names the columns"))
  }

  @Test func `lines in front of the header are counted, blank ones included`() {
    let inspection = inspection("Holdings of ACME\nAs of;31.01.2026\n\nid;name;units;price\n1;Ada;5;1,5\n2;Bob;6;2,5\n")
    #expect(inspection.options?.skip.first == 3)
    #expect(inspection.csv?.headerLine == 4)
  }

  @Test func `a footer is rows that are narrower than data, or hold hardly anything`() {
    #expect(inspection("id,name\n1,Ada\n2,Bob\nend of report\n").options?.skip.last == 1)
    #expect(inspection("id,name,x,y\n1,Ada,2,3\n2,Bob,3,4\n\nprinted,,,\nby me,,,\n").options?.skip.last == 2)
    #expect(inspection("id,name,note\n1,Ada,\n2,Bob,\n").options?.skip.last == 0)
  }

  @Test func `rows at the end that lack cells are data, not a footer`() {
    for end in ["4,D\n5,E\n", "4,D\n", "4,,\n"] {
      let inspection = inspection("id,name,units\n1,Ada,5\n2,Bob,6\n3,Cy,7\n\(end)")
      #expect(inspection.options?.skip.last == 0, "\(end)")
    }
    #expect(inspection("id,name,units\n1,Ada,5\n2,Bob,6\nprinted by me,,\n").options?.skip.last == 1)
  }

  @Test func `a trailer counts the rows that would be rejected, too`() {
    let inspection = inspection("id,units\nA,5\nB\nC,6\nTRL,3\n")
    #expect(inspection.options?.trailer == Trailer(match: Glob("TRL"), count: 2))
    #expect(inspection.isUnsure("1 row with too many or too few cells means: line 3"))
  }

  @Test func `lines with a number sign are comments only if they are unlike rows`() {
    #expect(inspection("id,name\n#1,Ada\n2,Bob\n3,Cy\n").options?.skip.comment == nil)
    #expect(inspection("#id,name\n1,Ada\n2,Bob\n").csv?.columns.map(\.name) == ["#id", "name"])
    #expect(inspection("#a\n#b\n#c\nid,name\n1,Ada\n").options?.skip.comment == nil)
  }

  @Test func `a last row that is cut off is no footer`() {
    let inspection = inspection("id,name,units\n1,Ada,5\n2,Bob,6\n3,C")
    #expect(inspection.options?.skip.last == 0)
    #expect(inspection.isUnsure("whether the file is complete"))
  }

  @Test func `rows of another width in between are reported with their lines`() {
    let inspection = inspection("id,name\n1,Ada\n2,Bob,x\n3,Cy\n4\n5,Di\n")
    #expect(inspection.isUnsure("2 rows with too many or too few cells mean: line 3, 5"))
    #expect(inspection.csv?.rowCount == 3)
  }

  @Test func `a trailer counts only if its totals agree, unless its name is sure`() {
    func options(_ last: String) -> CSVOptions? { inspection("id,units\nA,5\nB,6\n\(last)\n").options }
    #expect(options("T,2")?.trailer == Trailer(match: Glob("T"), count: 2))
    #expect(options("99,11")?.trailer == Trailer(match: Glob("99"), sums: ["units": 2]))
    #expect(options("T,7")?.trailer == nil)
    // Without totals it is a row to be left out: the configuration has no other trailer.
    for (row, pattern) in [("TRL,7", "TRL"), ("EOF", "EOF"), ("Summe,3 Posten", "Summe")] {
      #expect(options(row)?.trailer == nil)
      #expect(options(row)?.skip.rows == [Glob(pattern)])
      #expect(inspection("id,units\nA,5\nB,6\n\(row)\n").csv?.rowPatterns == [pattern])
    }
    #expect(inspection("id,units\nA,5\nTRL,7\n").isUnsure("what the numbers in the last row (\"TRL\") are"))
    // An account called T is data, but nobody can be sure.
    #expect(inspection("id,units\nA,5\nT,7\n").isUnsure("whether the last row (\"T\") is data"))
    #expect(inspection("id,units\nA,5\nT,7\n").csv?.rowCount == 2)
  }

  @Test func `the trailer's sums are those of the columns, however they are written`() {
    let inspection = inspection("id;a;b\nk;1.000,50;2,00-\nl;-0,50;1,00\nTotal;1.000,00;1,00-\n")
    #expect(inspection.options?.trailer == Trailer(match: Glob("Total"), sums: ["a": 2, "b": 3]))
    #expect(inspection.csv?.agreements.count == 2)
  }

  @Test func `a pattern stands for its own text`() {
    #expect(Layout.pattern("a*b?c[d]\\") == "a\\*b\\?c\\[d]\\\\")
    for cell in ["***", "T[1]", "a?b", "\\"] {
      #expect(Glob(Layout.pattern(cell)).matches(Array(cell.utf8)))
      #expect(!Glob(Layout.pattern(cell)).matches(Array("\(cell)x".utf8)))
    }
  }

  @Test func `data between markers is found`() {
    let inspection = inspection("made by X\nSTART-OF-DATA\nid,units\nA,5\nB,6\nEND-OF-DATA\nthe end\n")
    #expect(inspection.options?.skip.before == "START-OF-DATA")
    #expect(inspection.options?.skip.after == "END-OF-DATA")
    #expect(inspection.csv?.headerLine == 3)
    #expect(inspection.csv?.rowCount == 2)
  }

  @Test func `null is a word only where it is not quoted, and elsewhere only beside numbers`() {
    #expect(inspection("id,name\n1,NULL\n2,Ada\n").options?.null == ["NULL"])
    #expect(inspection("id,name\n1,\"NULL\"\n2,Ada\n").options?.null == [])
    #expect(inspection("id,land\n1,NA\n2,DE\n").options?.null == [])
    #expect(inspection("id,price\n1,-\n2,1.5\n").options?.null == ["-"])
    // The minus is a value of another column, which may have many.
    let many = (1...30).map { "\($0),\($0),x\($0)\n" }.joined()
    #expect(inspection("id,price,note\n\(many)a,-,-\n").options?.null == [])
    let both = inspection("id,price,sign\n1,-,-\n2,1.5,+\n")
    #expect(both.options?.null == [])
    #expect(both.mapping?.columns["price"]?[0].null == ["-"])
  }

  @Test func `cells with spaces around them are trimmed`() {
    #expect(inspection("id,name\n1,  Ada\n2,Bob\n").mapping?.columns["name"]?[0].isTrimmed == true)
    #expect(inspection("id,name\n1,Ada\n2,Bob\n").mapping?.columns["name"]?[0].isTrimmed == false)
  }

  @Test func `a header with other cells than the rows is replaced`() {
    let inspection = inspection("id,name,x,y\n1,Ada,5\n2,Bob,6\n3,Cy,7\n")
    #expect(inspection.options?.header == ["id", "name", "x"])
    #expect(inspection.options?.skip.first == 1)
    #expect(inspection.isUnsure("what the header's 4 cells mean"))
  }

  @Test func `a rejects file is known`() {
    let inspection = inspection("_error_code,_error_message,_error_line,id,name\nmissing-field,x,2,1,Ada\n")
    #expect(inspection.csv?.isRejects == true)
    #expect(inspection.csv?.columns.map(\.name) == ["id", "name"])
  }

  @Test func `lists, yes and no`() {
    let inspection = inspection("id,days,active,open\n1,Mon;Thu,Yes,Y\n2,Tue;Wed,No,Y\n")
    let columns = inspection.mapping?.columns
    #expect(columns?["days"]?[0].type == .list)
    #expect(columns?["active"]?[0].values == ["Yes": "true", "No": "false"])
    // One letter alone may be anything.
    #expect(columns?["open"]?[0].type == .string)
    #expect(BooleanGuess.values(of: ["true", "FALSE"]) == [:])
    #expect(BooleanGuess.values(of: ["JA"]) == ["JA": "true", "NEIN": "false"])
    #expect(BooleanGuess.values(of: ["No"]) == ["No": "false", "Yes": "true"])
    #expect(BooleanGuess.values(of: ["1", "0"]) == nil)
  }
}
