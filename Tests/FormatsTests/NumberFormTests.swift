import Core
import Formats
import JSONText
import Testing
import TestKit

@Suite struct NumberFormTests {
  private func form(
    _ decimal: Unicode.Scalar = ".", grouping: Unicode.Scalar? = nil, _ negative: Set<NumberForm.Negative> = [],
    symbols: String = ""
  ) -> NumberForm {
    var form = NumberForm()
    form.decimal = decimal
    form.grouping = grouping
    form.negative = negative
    form.symbols = Set(symbols.unicodeScalars)
    return form
  }

  private func json(_ text: String, _ form: NumberForm) throws -> String? {
    try NumberReader(form).json(Array(text.utf8).span).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("1.234,56", "1234.56"), ("1234,56", "1234.56"), ("1.250", "1250"), ("12.345.678", "12345678"), ("0", "0"),
    ("-1.234,56", "-1234.56"), ("+1.234,56", "1234.56"), ("0012,50", "12.50"), ("007", "7"), ("000", "0"),
    ("00,00", "0.00"), (",5", "0.5"), ("-,5", "-0.5"), ("-0", "-0"), ("001.234", "1234"),
    ("12345678901234567890,10", "12345678901234567890.10"),
  ])
  func `a number of the declared form keeps its digits`(_ text: String, _ result: String) throws {
    #expect(try json(text, form(",", grouping: ".")) == result)
  }

  @Test(arguments: [
    "12.50", "1.23", "1.2345", "1234.567", "1..234", ".123", "1.234.", "1.234,5.678", "1,234,567", "5,", ",", "", "-",
    "+",
    "--1", "+-1", "1-", "(1)", "1e5", "1,5E+03", "NaN", " 1", "1 ", "- 1", "€1", "0x10", "٣", "1.234.56", "1'234",
    "1 234",
  ])
  func `what does not fit the declared form is refused`(_ text: String) throws {
    #expect(try json(text, form(",", grouping: ".")) == nil)
  }

  @Test(arguments: [" ", "\u{A0}", "\u{202F}", "\u{2009}"])
  func `a blank between groups may be any blank`(_ blank: String) throws {
    let form = form(",", grouping: " ")
    #expect(try json("1\(blank)234\(blank)567,5", form) == "1234567.5")
    #expect(try json("1\(blank)23", form) == nil)
    #expect(try json("1\(blank)", form) == nil)
    #expect(try json("\(blank)123", form) == nil)
  }

  @Test func `a grouping character stands for itself alone`() throws {
    #expect(try json("1'234.50", form(grouping: "'")) == "1234.50")
    #expect(try json("1\u{2019}234.50", form(grouping: "\u{2019}")) == "1234.50")
    #expect(try json("1\u{A0}234", form(grouping: "\u{A0}")) == "1234")
    #expect(try json("1 234", form(grouping: "\u{A0}")) == nil)
    #expect(try json("1,234.50", form(grouping: ",")) == "1234.50")
  }

  @Test(arguments: [
    ("12.50-", "-12.50"), ("12.50+", "12.50"), ("(12.50)", "-12.50"), ("-12.50", "-12.50"), ("$12.50", "12.50"),
    ("$ 12.50", "12.50"), ("12.50 €", "12.50"), ("12.50\u{A0}€", "12.50"), ("-$12.50", "-12.50"), ("$-12.50", "-12.50"),
    ("$12.50-", "-12.50"), ("12.50-$", "-12.50"), ("12.50$-", "-12.50"), ("($12.50)", "-12.50"), ("$(12.50)", "-12.50"),
    ("(12.50 €)", "-12.50"), ("(12.50) €", "-12.50"), ("US$ 5", "5"), ("USD5", "5"), ("(1,234)", "-1234"),
  ])
  func `signs, parentheses and symbols are taken off`(_ text: String, _ result: String) throws {
    let form = form(grouping: ",", [.trailing, .parentheses], symbols: "$€USD")
    #expect(try json(text, form) == result)
  }

  @Test(arguments: [
    "-12.50-", "(-12.50)", "(12.50", "12.50)", "()", "(", ")", "-(12.50)", "(12.50)-", "((1))", "$", "$ ", "-$", "£5",
    "5$5",
    "( 12.50)", " $5", "$5 ", "1$2",
  ])
  func `two signs, or what is left open, are refused`(_ text: String) throws {
    let form = form(grouping: ",", [.trailing, .parentheses], symbols: "$€USD")
    #expect(try json(text, form) == nil)
  }

  @Test func `forms of negative numbers must be declared`() throws {
    #expect(try json("1-", form(",")) == nil)
    #expect(try json("(1)", form(",", [.trailing])) == nil)
    #expect(try json("1-", form(",", [.parentheses])) == nil)
    #expect(try json("1+", form(",", [.parentheses])) == nil)
  }

  @Test func `without a declared form a number is JSON's`() throws {
    #expect(try json("1e5", NumberForm()) == "1e5")
    for text in ["007", "+1", ".5", "1,5", "1-"] { #expect(try json(text, NumberForm()) == nil) }
  }

  @Test(
    arguments: [
      (".", ".", "", "decimal and grouping are both \".\""), ("1", nil, "", "decimal can't be \"1\""),
      (",", "-", "", "grouping can't be \"-\""), (".", nil, "$.", "symbols can't hold \".\""),
      (".", ",", ",", "symbols can't hold \",\""), (".", nil, "5", "symbols can't hold \"5\""),
      (".", nil, "(", "symbols can't hold \"(\""),
    ] as [(Unicode.Scalar, Unicode.Scalar?, String, String)])
  func `a character can't have two meanings`(
    _ decimal: Unicode.Scalar, _ grouping: Unicode.Scalar?, _ symbols: String, _ reason: String
  ) throws {
    let fault = #expect(throws: FileFault.self) {
      try NumberReader(form(decimal, grouping: grouping, symbols: symbols))
    }
    #expect(fault?.message.hasPrefix(reason) == true, "\(fault?.message ?? "")")
  }

  @Test func `a column's number has the route's form, or its own`() {
    var terms = CSVReadingTerms()
    terms.options.numbers = form(",", grouping: ".")
    #expect(terms.read("a:number,b\n1.250,x\n").texts == [#"{"a":1250,"b":"x"}"#])
    let reading = terms.read("a:number\n\"12.50\"\n\"1,5\"\n")
    #expect(reading.items.map(\.fault?.code) == [.invalidValue, nil])
    #expect(reading.messages == [#"column "a:number": "12.50" is not a number of the form 1.234,56"#])
    #expect(reading.texts == ["", #"{"a":1.5}"#])

    var own = ColumnMapping.MappedField(to: "b", type: .number)
    own.numbers = form(",")
    terms.mapping = ColumnMapping(
      columns: ["a": [.init(to: "a", type: .number)], "b": [own]], constants: [], ignore: [], path: "m.yaml")
    let mapped = terms.read("a,b\n1.250,\"1,5\"\n1.250,1.250\n")
    #expect(mapped.texts == [#"{"a":1250,"b":1.5}"#, ""])
    #expect(mapped.messages == [#"column "b": "1.250" is not a number of the form 1234,56"#])
  }

  @Test func `values and defaults have the form of the column`() {
    var field = ColumnMapping.MappedField(to: "a", type: .number, values: ["x": "1,5"])
    field.defaultText = "x"
    field.numbers = form(",")
    var terms = CSVReadingTerms()
    terms.mapping = ColumnMapping(columns: ["a": [field]], constants: [], ignore: [], path: "m.yaml")
    #expect(terms.read("a\nx\n\"\"\n").texts == [#"{"a":1.5}"#, #"{"a":1.5}"#])
    terms.mapping?.columns["a"]?[0].values = ["x": "1.5"]
    #expect(
      terms.read("a\nx\n").fault?.message
        == "column \"a\": the value for \"x\": \"1.5\" is not a number of the form 1234,56, in m.yaml")
  }

  @Test func `a control total is read in the form of the numbers`() throws {
    let reader = try NumberReader(form(",", grouping: "."))
    #expect(reader.value(Array("1.234,50".utf8).span)?.text == "1234.50")
    #expect(reader.value(Array("1.234.50".utf8).span) == nil)
    #expect(reader.value(Array(String(repeating: "9", count: 40).utf8).span) == nil)
  }

  @Test func `no text traps, and what is taken is a JSON number`() throws {
    var dice = SplitMix64(seed: 5)
    let letters = ["1", "2", "0", ".", ",", "-", "+", "(", ")", "$", "€", " ", "\u{A0}", "e"]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...9, using: &dice)).map { _ in letters.randomElement(using: &dice) ?? "" }
        .joined()
      for form in [
        form(",", grouping: ".", [.trailing, .parentheses], symbols: "$€"), form(grouping: " ", [.trailing]),
      ] {
        guard let json = try json(text, form) else { continue }
        #expect(try self.json(json, NumberForm()) == json, "\(text)")
        #expect(json.filter(\.isNumber).drop { $0 == "0" } == text.filter(\.isNumber).drop { $0 == "0" }, "\(text)")
      }
    }
  }
}
