import Core
import Testing

@Suite struct ColumnNameTests {
  @Test(arguments: [
    ("Name", "Name"), ("", ""), (" \t\r\n", ""), ("Investor\nRef", "Investor Ref"),
    ("Investor \r\n  Ref ", "Investor Ref"),
    ("\u{A0}Name\u{202F}", "Name"), ("a\u{A0}\u{2028}b", "a b"), ("name", "name"), ("Nom de famille", "Nom de famille"),
  ])
  func `white space in names is one blank, and none at the ends`(_ name: String, _ normalized: String) {
    #expect(ColumnName.normalized(name) == normalized)
  }
}
