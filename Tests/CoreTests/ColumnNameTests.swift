import Core
import Testing

struct ColumnNameTests {
  @Test(arguments: [
    ("Ref", "Ref"), ("  Investor \t Ref ", "Investor Ref"), ("Investor\r\nRef", "Investor Ref"),
    ("Investor\u{A0}\u{202F}Ref\u{A0}", "Investor Ref"), ("", ""), (" \n ", ""), ("a  b   c", "a b c"),
    ("É\u{3000}x", "É x"),
  ])
  func `runs of white space become one blank`(_ name: String, _ normalized: String) {
    #expect(ColumnName.normalized(name) == normalized)
  }
}
