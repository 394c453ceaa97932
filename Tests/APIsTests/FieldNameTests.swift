import Testing

@testable import APIs

@Suite struct FieldNameTests {
  @Test(
    arguments: [
      ("Account ID", ["account", "id"]), ("ACCOUNT_ID", ["account", "id"]), ("accountId", ["account", "id"]),
      ("AccountURLPath", ["account", "url", "path"]), ("Straße 2", ["straße", "2"]), ("  ", []),
      ("Kundennr.", ["kundennr"]),
      ("a-b/c", ["a", "b", "c"]),
    ])
  func `a name has words`(_ name: String, _ words: [String]) {
    #expect(FieldName(name).words == words)
  }

  @Test func `identifiers, codes and quantities are told apart`() {
    for name in ["id", "Account No", "Kundennr", "Kontonummer", "INVESTOR_ID", "Client Ref", "Number"] {
      #expect(FieldName(name).isIdentifier, "\(name)")
    }
    for name in ["Name", "Idea", "Units", "Referenced"] { #expect(!FieldName(name).isIdentifier, "\(name)") }
    for name in ["ISIN", "Postal code", "PLZ", "Phone", "Account"] { #expect(FieldName(name).isCode, "\(name)") }
    for name in ["Number of units", "Balance", "Price"] { #expect(!FieldName(name).isCode, "\(name)") }
    for name in ["Balance", "NAV", "Betrag"] { #expect(FieldName(name).isQuantity, "\(name)") }
    for name in ["Trade Date", "since", "Geburtsdatum"] { #expect(FieldName(name).isDate, "\(name)") }
  }

  @Test(
    arguments: [
      ("Account Name", "accountName"), ("UNITS", "units"), ("Fällig am", "faelligAm"), ("Straße", "strasse"),
      ("Prénom", "prenom"), ("名前", ""), ("2nd name", "2ndName"),
    ])
  func `it has a name as in JSON`(_ name: String, _ camelCase: String) {
    #expect(FieldName(name).camelCase == camelCase)
  }

  @Test(
    arguments: [
      ("Account Name", "AccountName"), ("INVESTOR_ID", "INVESTOR_ID"), ("id", "id"), ("Währung", "Waehrung"),
      ("a/b c", "ABC"), ("名前", ""), (String(repeating: "x", count: 100), String(repeating: "x", count: 64)),
    ])
  func `it has a code that LUSID takes`(_ name: String, _ code: String) {
    #expect(FieldName(name).code == code)
  }
}
