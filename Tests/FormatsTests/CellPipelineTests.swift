import Core
import Formats
import Testing

/// What becomes of a cell on its way into an item: null, trim, default, required, values, lookup, type.
@Suite struct CellPipelineTests {
  private typealias Field = ColumnMapping.MappedField

  private func terms(_ columns: [String: Field], empty: EmptyCell = .omit) -> CSVReadingTerms {
    var terms = CSVReadingTerms()
    terms.mapping = ColumnMapping(
      columns: columns.mapValues { [$0] }, constants: [], ignore: [], path: "maps/m.yaml")
    terms.empty = empty
    return terms
  }

  private func field(_ type: CellType = .string, _ change: (inout Field) -> Void = { _ in }) -> Field {
    var field = Field(to: "x", type: type)
    change(&field)
    return field
  }

  private let countries = ColumnMapping.Lookup(path: "countries.csv", values: ["Ireland": "IE", "Britain": "GB"])

  @Test func `a null cell counts as empty, unless it is quoted`() {
    var terms = CSVReadingTerms()
    terms.options.null = ["NULL", "\\N", "-"]
    let text = "a,b:number\nNULL,\\N\n\"NULL\",1\nnull,-\n-,2\n NULL,\n"
    let reading = terms.read(text)
    #expect(
      reading.texts == ["{}", #"{"a":"NULL","b":1}"#, #"{"a":"null"}"#, #"{"b":2}"#, #"{"a":" NULL"}"#])
    terms.empty = .null
    #expect(terms.read(text).texts.first == #"{"a":null,"b":null}"#)
    #expect(
      terms.read("a,b:number\nx,\"-\"\n").messages == [#"column "b:number": "-" is not a JSON number (such as -12.50)"#]
    )
  }

  @Test func `a column's null cells are the route's and its own`() {
    var terms = terms(["a": field { $0.null = ["n/a"] }, "b": Field(to: "y")])
    terms.options.null = ["NULL"]
    #expect(terms.read("a,b\nn/a,n/a\nNULL,NULL\nx,x\n").texts == [#"{"y":"n/a"}"#, "{}", #"{"x":"x","y":"x"}"#])
  }

  @Test func `null is compared before white space is dropped, white space before all else`() {
    var terms = terms([
      "a": field {
        $0.isTrimmed = true
        $0.null = ["NULL"]
        $0.values = ["A": "one", "NULL": "two"]
      }
    ])
    let reading = terms.read("a\n A\u{A0}\nNULL\n\" NULL \"\n\u{3000}\t\nA A\n\"\r\n A\"\n")
    #expect(
      reading.texts == [#"{"x":"one"}"#, "{}", #"{"x":"two"}"#, "{}", "", #"{"x":"one"}"#])
    #expect(reading.messages == [#"column "a": "A A" is not one of the mapping's values ("A", "NULL")"#])
    terms = self.terms(["a": field(.number) { $0.isTrimmed = true }])
    #expect(terms.read("a\n 12.50 \n\"  \"\n").texts == [#"{"x":12.50}"#, "{}"])
    terms = self.terms(["a": field { $0.isTrimmed = true }], empty: .string)
    #expect(
      terms.read("a\n\"\u{2003}\"\n\" é \u{1F600}\u{85}\"\n\" a \"\"b\"\" \"\n").texts
        == [#"{"x":""}"#, #"{"x":"é 😀"}"#, #"{"x":"a \"b\""}"#])
  }

  @Test func `an empty cell stands for the default`() {
    let text = "a,b\n,1\n\"\",1\nNULL,1\nFR,1\n"
    var terms = terms(["a": field { $0.defaultText = "GB" }, "b": Field(to: "y")])
    terms.options.null = ["NULL"]
    #expect(terms.read(text).texts == Array(repeating: #"{"x":"GB","y":"1"}"#, count: 3) + [#"{"x":"FR","y":"1"}"#])
    terms.mapping?.columns["a"] = [
      field {
        $0.defaultText = "GB"
        $0.isRequired = true
        $0.values = ["GB": "Britain", "FR": "France"]
      }
    ]
    #expect(
      terms.read(text).texts == Array(repeating: #"{"x":"Britain","y":"1"}"#, count: 3) + [#"{"x":"France","y":"1"}"#])
  }

  @Test func `a default that the column can't hold refuses the file`() {
    func message(_ field: Field) -> String? { terms(["a": field]).read("a\n1\n").fault?.message }
    #expect(
      message(field(.number) { $0.defaultText = "none" })
        == "column \"a\": the default: \"none\" is not a JSON number (such as -12.50), in maps/m.yaml")
    #expect(
      message(field { ($0.defaultText, $0.date) = ("1.1.16", "d.M.yyyy") })?
        .contains("\"1.1.16\" is not a date of the form d.M.yyyy") == true)
    #expect(
      message(field { ($0.defaultText, $0.values) = ("x", ["y": "z"]) })?
        .contains("the default: \"x\" is not one of the mapping's values") == true)
  }

  @Test func `an empty cell of a required column rejects its row`() {
    var terms = terms(["Country": field { $0.isRequired = true }, "b": Field(to: "y")])
    terms.options.null = ["NULL"]
    let reading = terms.read("Country,b\n,1\nNULL,1\n\"NULL\",1\n \n")
    #expect(reading.items.map(\.fault?.code) == [.missingField, .missingField, nil, .wrongColumnCount])
    #expect(reading.messages.first == #"column "Country": the cell has no value, but the mapping requires one"#)
    #expect(reading.texts == ["", "", #"{"x":"NULL","y":"1"}"#, ""])
    let trimmed = self.terms(["a": field { ($0.isRequired, $0.isTrimmed) = (true, true) }, "b": Field(to: "y")])
    #expect(trimmed.read("a,b\n \t ,1\n").items.map(\.fault?.code) == [.missingField])
    // Before a table that knows empty cells.
    let known = self.terms(["a": field { ($0.isRequired, $0.values) = (true, ["": "none"]) }, "b": Field(to: "y")])
    #expect(known.read("a,b\n,1\n").items.map(\.fault?.code) == [.missingField])
  }

  @Test func `a lookup file says what a cell becomes`() {
    let terms = terms(["Country": field { $0.lookup = countries }])
    let reading = terms.read("Country\nIreland\nFrance\n\"\"\n")
    #expect(reading.texts == [#"{"x":"IE"}"#, "", "{}"])
    #expect(reading.items.map(\.fault?.code) == [nil, .invalidValue, nil])
    #expect(reading.messages == [#"column "Country": "France" is not in countries.csv"#])
  }

  @Test func `values come before the lookup, the type after it`() {
    let lookup = ColumnMapping.Lookup(path: "l.csv", values: ["one": "1", "two": "zwei", "": "0"])
    var terms = terms([
      "a": field(.number) { ($0.values, $0.lookup) = (["I": "one", "II": "two", "III": "three"], lookup) }
    ])
    let reading = terms.read("a\nI\nII\nIII\none\n\"\"\n")
    #expect(reading.texts == [#"{"x":1}"#, "", "", "", "{}"])
    #expect(
      reading.messages == [
        #"column "a": "zwei" is not a JSON number (such as -12.50)"#, #"column "a": "three" is not in l.csv"#,
        #"column "a": "one" is not one of the mapping's values ("I", "II", "III")"#,
      ])
    // A lookup may know empty cells.
    terms = self.terms(["a": field(.number) { $0.lookup = lookup }])
    #expect(terms.read("a\n\"\"\n").texts == [#"{"x":0}"#])
  }

  @Test func `booleans may be written in other words`() {
    let terms = terms(
      ["a": field(.boolean) { ($0.values, $0.isTrimmed) = (["Yes": "true", "No": "false"], true) }], empty: .string)
    let reading = terms.read("a\nYes\n No \nyes\ntrue\n\"\"\n")
    // An empty string would not be a boolean.
    #expect(reading.texts == [#"{"x":true}"#, #"{"x":false}"#, "", "", "{}"])
    #expect(reading.items.map(\.fault?.code) == [nil, nil, .invalidValue, .invalidValue, nil])
  }

  @Test(arguments: [
    (#"="00123""#, #"{"a":"00123","b":"x"}"#), (#""=""00123""""#, #"{"a":"00123","b":"x"}"#), (#"="""#, #"{"b":"x"}"#),
    (#""=""""""#, #"{"b":"x"}"#), (#"=" ""#, #"{"a":" ","b":"x"}"#), ("=1+2", #"{"a":"=1+2","b":"x"}"#),
    (#"="a"b""#, ##"{"a":"=\"a\"b\"","b":"x"}"##), (#"="a"&"b""#, ##"{"a":"=\"a\"&\"b\"","b":"x"}"##),
    (#"=""#, ##"{"a":"=\"","b":"x"}"##), (#""=""a""""""#, ##"{"a":"=\"a\"\"","b":"x"}"##),
    (#"="a\b""#, ##"{"a":"a\\b","b":"x"}"##), (#"x="1""#, ##"{"a":"x=\"1\"","b":"x"}"##),
  ])
  func `a text that a spreadsheet wrapped in a formula is taken out of it`(_ cell: String, _ json: String) {
    #expect(readCSV("a,b\n\(cell),x\n").texts == [json])
    // The same where the text passes through a conversion.
    var converted = CSVReadingTerms()
    converted.options.null = ["none"]
    #expect(converted.read("a,b\n\(cell),x\n").texts == [json])
  }

  @Test func `a wrapped text is typed like any other`() {
    #expect(readCSV("a:number,requestId\n=\"12\",=\"0012\"\n").texts == [#"{"a":12}"#])
    #expect(readCSV("a:number,requestId\n=\"12\",=\"0012\"\n").items.first?.requestID == Array("0012".utf8))
    #expect(readCSV("a:number,requestId\n=\"\",=\"\"\n").texts == ["{}"])
    #expect(readCSV("a:number,requestId\n=\"\",=\"\"\n").items.first?.requestID == nil)
    let required = terms(["a": field { $0.isRequired = true }, "b": Field(to: "y")])
    #expect(required.read("a,b\n=\"\",1\n").items.map(\.fault?.code) == [.missingField])
  }

  @Test func `text is computed from columns`() {
    var terms = CSVReadingTerms()
    terms.mapping = ColumnMapping(
      columns: ["Name": [Field(to: "name")]], constants: [.init(to: "c", json: "1")], ignore: ["Ref"], path: "m.yaml")
    terms.mapping?.computed = [
      .init(to: "d.text", parts: [.text("\"N\": "), .column("Name"), .text(", "), .column("Ref"), .column("Ref")])
    ]
    let text = "Ref,Name\nR1,\"A \"\"B\"\"\"\n,N\n R1 ,\n,\"\"\n\"\n\",\u{A0}\n"
    #expect(
      terms.read(text).texts == [
        #"{"name":"A \"B\"","d":{"text":"\"N\": A \"B\", R1R1"},"c":1}"#,
        #"{"name":"N","d":{"text":"\"N\": N, "},"c":1}"#, #"{"d":{"text":"\"N\": , R1R1"},"c":1}"#, #"{"c":1}"#,
        "{\"name\":\"\u{A0}\",\"c\":1}",
      ])
    terms.empty = .null
    #expect(terms.read("Ref,Name\n,\"\"\n").texts == [#"{"name":null,"d":{"text":null},"c":1}"#])
  }

  @Test func `computed text leaves null cells out, and formulas around text`() {
    var terms = terms(["a": field { ($0.null, $0.values) = (["n/a"], ["A": "changed"]) }])
    terms.options.null = ["NULL"]
    terms.mapping?.computed = [.init(to: "d", parts: [.column("a"), .text("-"), .column("b")])]
    let reading = terms.read("a,b\nA,=\"01\"\nn/a,NULL\nA,n/a\nA,\"NULL\"\n")
    #expect(
      reading.texts == [
        #"{"x":"changed","d":"A-01"}"#, "{}", #"{"x":"changed","d":"A-n/a"}"#, #"{"x":"changed","d":"A-NULL"}"#,
      ])
  }

  @Test func `a computed text needs its columns, unless they are optional`() {
    var terms = terms(["a": Field(to: "x")])
    terms.mapping?.computed = [.init(to: "d", parts: [.column("a"), .text("-"), .column("b")])]
    let fault = terms.read("a\n1\n").fault
    #expect(fault?.code == .missingColumn)
    #expect(fault?.message.hasPrefix("column \"b\" (for d, in maps/m.yaml): not in the file") == true)
    terms.mapping?.columns["b"] = [Field(to: "y")]
    terms.mapping?.columns["b"]?[0].isOptional = true
    #expect(terms.read("a\n1\n").texts == [#"{"x":"1","d":"1-"}"#])
    terms.mapping?.columns["a"]?[0].isOptional = true
    terms.mapping?.columns["c"] = [Field(to: "z")]
    #expect(terms.read("c\n1\n").texts == [#"{"z":"1"}"#])
    terms.mapping?.computed = [.init(to: "d", parts: [.text("-")], line: 3)]
    #expect(
      terms.read("c\n1\n").fault?.message
        == "computed \"d\": concat names no column: use constants for fixed text, in maps/m.yaml:3")
    terms.mapping?.computed = [.init(to: "d:number", parts: [.column("c")])]
    #expect(terms.read("c\n1\n").fault?.message.contains("concat makes text, but the field's type is number") == true)
  }

  @Test func `a request id may be computed, and stand for others`() {
    var terms = terms(["a": Field(to: "x")])
    terms.mapping?.computed = [.init(to: "requestId", parts: [.column("a"), .text("\""), .column("b")])]
    let reading = terms.read("a,b\n1,2\n,\"\"\n")
    #expect(reading.items.map(\.requestID) == [Array(#"1\"2"#.utf8), nil])
    #expect(reading.texts == [#"{"x":"1"}"#, "{}"])
    var id = Field(to: "requestId", values: ["1": "one"])
    id.defaultText = "1"
    id.isTrimmed = true
    let mapped = self.terms(["a": Field(to: "x"), "id": id]).read("a,id\n1, 1 \n2,\n3,2\n")
    #expect(mapped.items.map(\.requestID) == [Array("one".utf8), Array("one".utf8), nil])
    #expect(mapped.items.map(\.fault?.code) == [nil, nil, .invalidValue])
  }

  @Test func `what is wrong with a mapping, whatever the files hold, is all told with its line`() {
    func field(_ line: Int, _ type: CellType = .string, _ change: (inout Field) -> Void) -> [Field] {
      var field = Field(to: "f\(line)", type: type)
      change(&field)
      field.line = line
      return [field]
    }
    let lookup = ColumnMapping.Lookup(path: "l.csv", values: ["b": "x", "a": "1.5", "c": "2,5"])
    var mapping = ColumnMapping(
      columns: [
        "a": field(2) { $0.date = "dd/MM" }, "b": field(3) { $0.to = "a..b" },
        "c": field(4, .number) { $0.defaultText = "1.5" }, "d": field(5, .number) { $0.values = ["x": "1.5"] },
        "e": field(6, .number) { $0.lookup = lookup },
        "f": field(7) { ($0.date, $0.timezone, $0.defaultText) = ("d.M.yyyy", "Nowhere", "1.2.2016") },
        "g": field(8, .number) { $0.values = ["x": "2,5"] },
      ], constants: [], ignore: [], path: "maps/m.yaml")
    mapping.computed = [
      .init(to: "sum", parts: [.text("x")], line: 9), .init(to: "fine", parts: [.column("elsewhere")], line: 10),
    ]
    var options = CSVOptions()
    options.numbers.decimal = ","
    let faults = RowPlan.faults(of: mapping, options: options)
    #expect(faults.map(\.line) == [2, 3, 4, 5, 6, 9])
    #expect(
      faults.dropFirst().map(\.message) == [
        #""a..b" is not a field's path: a name is missing"#,
        #"the default: "1.5" is not a number of the form 1234,56"#,
        #"the value for "x": "1.5" is not a number of the form 1234,56"#,
        #"the value for "a" in l.csv: "1.5" is not a number of the form 1234,56"#,
        #"concat names no column: use constants for fixed text"#,
      ])
  }
}
