import APIs
import Core
import Testing

@testable import Inspection

@Suite struct NumberTests {
  @Test(
    arguments: [
      "1", "-1", "1.5", "1,5", "1.234,56", "1,234.56", "1'234.50", "1 234,50", "1\u{A0}234", "12.50-", "(12.50)", "$5",
      "5 €", "-$5.00", "($5.00)", "5%", "1.5E+10", "+5", ".50", "5.", "007",
    ])
  func `a number is read as people write it`(_ text: String) {
    #expect(NumberText(text) != nil)
  }

  @Test(
    arguments: [
      "", "-", "a", "1a", "1.2.3", "1,2,3", "1.23.456,7", "12.34.567", "--1", "1-2", "(5", "5)", "1e", "1e5e5", "€",
      "31.01.2026", "1234.567,8", "0x1F", "1,", "IE00", "1/2", "٣",
    ])
  func `what is no number is none`(_ text: String) {
    #expect(NumberText(text) == nil)
  }

  private func form(_ cells: String..., delimiter: String = "|") -> (NumberForm, CellType?, Inspection) {
    let rows = cells.enumerated().map { "k\($0.offset)\(delimiter)\($0.element)\n" }.joined()
    let inspection = inspection("id\(delimiter)amount\n\(rows)")
    return (inspection.options?.numbers ?? NumberForm(), inspection.mapping?.columns["amount"]?[0].type, inspection)
  }

  @Test func `decimal and grouping are those that all cells fit`() {
    #expect(form("1.5", "-2").0 == NumberForm())
    #expect(form("1,5", "2").0.decimal == ",")
    #expect(form("1.234,56", "17,00", "1.250").0.grouping == ".")
    #expect(form("1.234,56").0.decimal == ",")
    #expect(form("1,234.56", "5").0.grouping == ",")
    #expect(form("1,234.56").0.decimal == ".")
    #expect(form("1'234.50").0.grouping == "'")
    #expect(form("1\u{A0}234,50").0.grouping == " ")
    #expect(form("1 234 567").0.grouping == " ")
  }

  @Test func `one thousand or one and a quarter is said to be unsure`() {
    let (english, _, doubt) = form("1,250")
    #expect(english.grouping == ",")
    #expect(doubt.isUnsure("1,250, is a thousands separator"))
    let (point, _, other) = form("1.250")
    #expect(point == NumberForm())
    #expect(other.isUnsure("1.250, is the decimal point"))
    // Another column settles it.
    let settled = inspection("id;a;b\nk;1.250;1,5\n")
    #expect(settled.options?.numbers.grouping == ".")
    #expect(!settled.isUnsure("whether the \".\""))
    #expect(!form("1.2505").2.isUnsure("whether the \".\""))
  }

  @Test func `marks of negative numbers and symbols are found`() {
    #expect(form("12.50-", "1").0.negative == [.trailing])
    #expect(form("(12.50)", "1").0.negative == [.parentheses])
    #expect(form("$1", "5 €").0.symbols == ["$", "€"])
    #expect(form("-12.50").0 == NumberForm())
    #expect(form("5%").2.isUnsure("the % is dropped"))
  }

  @Test(arguments: ["+5", ".50", "007.5", "-00.5"])
  func `numbers that are none of JSON's need a form that takes them`(_ cell: String) {
    let (form, type, inspection) = form(cell, "1.5")
    #expect(form.decimal == "." && form.grouping == ",")
    #expect(type == .number)
    #expect(!inspection.isUnsure("\"amount\""))
  }

  @Test(arguments: ["5.", "1.5E+10"]) func `numbers that upsertd would refuse stay text`(_ cell: String) {
    let (form, type, inspection) = form(cell, "(1.5)")
    #expect(form == NumberForm())
    #expect(type == .string)
    #expect(inspection.isUnsure("\"amount\": whether it must be a number"))
  }

  @Test func `columns written in different ways have their own forms`() {
    let inspection = inspection("id|a|b|c\nk|1.5|1,5|2.25\nl|2.25|2,75|1\n")
    #expect(inspection.options?.numbers == NumberForm())
    var comma = NumberForm()
    comma.decimal = ","
    #expect(inspection.mapping?.columns["a"]?[0].numbers == nil)
    #expect(inspection.mapping?.columns["b"]?[0].numbers == comma)
    #expect(inspection.mappingText.contains("  \"b\": {to: b, type: number, decimal: \",\"}"))
  }

  @Test func `codes are never numbers`() {
    let inspection = inspection(
      "id,zip,units,ref,long\n1,01234,5,17,12345678901234567\n2,98765,6,18,12345678901234568\n")
    let types = inspection.csv?.columns.map(\.content)
    #expect(types == [.text, .text, .number(isWhole: true), .text, .text])
  }

  @Test func `whole numbers in a column whose name does not tell are in doubt`() {
    let inspection = inspection("id,units,grade\nA,5,1\nB,6,1\n")
    #expect(inspection.isUnsure("whether \"grade\" holds numbers or codes"))
    #expect(!inspection.isUnsure("whether \"units\""))
  }

  @Test func `digits that Excel has cut are in doubt`() {
    #expect(form("1.23457E+11").2.isUnsure("1.23457E+11 is how Excel cuts long numbers"))
  }
}
