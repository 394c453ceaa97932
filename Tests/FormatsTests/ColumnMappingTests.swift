import Core
import Formats
import Testing

@Suite struct ColumnMappingTests {
  private typealias Field = ColumnMapping.MappedField

  private func terms(
    _ columns: [String: [ColumnMapping.MappedField]], constants: [ColumnMapping.Constant] = [],
    ignore: Set<String> = [], empty: EmptyCell = .omit
  ) -> CSVReadingTerms {
    var terms = CSVReadingTerms()
    terms.mapping = ColumnMapping(columns: columns, constants: constants, ignore: ignore, path: "maps/m.yaml")
    terms.empty = empty
    return terms
  }

  @Test func `columns fill one field or several, constants come last`() {
    let reading = terms(
      [
        "Name": [Field(to: "displayName"), Field(to: "properties.N")],
        "Balance": [Field(to: "exposure", type: .number)],
        "Ref": [Field(to: "requestId")],
      ],
      constants: [.init(to: "description", json: "\"Loaded\""), .init(to: "properties.C", json: "1.50")],
      ignore: ["Comment"]
    ).read("Comment,Name,Balance,Ref\nx,N1,1.0,r1\n,,2,\n")
    #expect(
      reading.texts == [
        #"{"displayName":"N1","properties":{"N":"N1","C":1.50},"exposure":1.0,"description":"Loaded"}"#,
        #"{"properties":{"C":1.50},"exposure":2,"description":"Loaded"}"#,
      ])
    #expect(reading.items.map(\.requestID) == [Array("r1".utf8), nil])
  }

  @Test func `columns that are neither mapped nor ignored are all named`() {
    let terms = terms(["a": [Field(to: "x")]], ignore: ["b"])
    let reading = terms.read("a,c,b,d\n1,2,3,4\n")
    #expect(
      reading.fault
        == FileFault(
          .unmappedColumn, "columns \"c\", \"d\": neither mapped nor ignored in maps/m.yaml", line: 1, column: 3))
    #expect(terms.read("a,A\n").fault?.message == "column \"A\": neither mapped nor ignored in maps/m.yaml")
    let many = (1...30).map { "n\($0)" }.joined(separator: ",")
    #expect(
      terms.read("a,\(many)\n").fault?.message.hasSuffix(
        "\"n20\" and 10 more: neither mapped nor ignored in maps/m.yaml") == true)
    #expect(terms.read("_error_code,a\nx,1\n").texts == [#"{"x":"1"}"#])
  }

  @Test func `an optional column that the file lacks is empty`() {
    func optional(_ to: String, _ type: CellType = .string) -> Field {
      var field = Field(to: to, type: type)
      field.isOptional = true
      return field
    }
    let columns = [
      "a": [optional("x.a")], "b": [optional("x.b")], "c": [optional("y.c"), optional("z[0]", .number)],
      "r": [optional("requestId")],
    ]
    #expect(terms(columns).read("a\n1\n").texts == [#"{"x":{"a":"1"}}"#])
    #expect(
      terms(columns, empty: .null).read("b\n1\n").texts == [#"{"x":{"b":"1","a":null},"y":{"c":null},"z":[null]}"#])
    #expect(terms(columns).read("a\n1\n").items.first?.requestID == nil)
    var withDefault = optional("d")
    withDefault.defaultText = "GB"
    // A row without the column has no empty cell.
    withDefault.isRequired = true
    #expect(terms(["a": [Field(to: "a")], "d": [withDefault]]).read("a\n1\n").texts == [#"{"a":"1","d":"GB"}"#])
    withDefault.defaultText = nil
    #expect(terms(["a": [Field(to: "a")], "d": [withDefault]]).read("a\n1\n").texts == [#"{"a":"1"}"#])
  }

  @Test func `a mapped column that the file lacks refuses the file`() {
    var field = Field(to: "x.b")
    field.line = 7
    let fault = terms(["a": [Field(to: "x.a")], "b": [field]]).read("\na\n1\n").fault
    #expect(
      fault
        == FileFault(
          .missingColumn,
          "column \"b\" (for x.b, in maps/m.yaml:7): not in the file; where files may lack a column, the mapping says "
            + "optional: true", line: 2))
    let two = terms(["a": [Field(to: "x.a")], "c": [Field(to: "y")], "b": [field]]).read("a\n1\n").fault
    #expect(
      two?.message.hasPrefix(
        "columns \"b\" (for x.b, in maps/m.yaml:7), \"c\" (for y, in maps/m.yaml): not in the file") == true)
    // One of its fields needs it.
    field.isOptional = true
    #expect(terms(["a": [Field(to: "x.a")], "b": [field, Field(to: "y")]]).read("a\n1\n").end == "missing-column 1:-")
  }

  @Test func `column names are compared without regard to white space`() {
    var terms = terms(
      ["Investor\nRef ": [Field(to: "ref")], "Name": [Field(to: "name")]], ignore: ["Printed on"])
    terms.mapping?.computed = [.init(to: "both", parts: [.column("Investor Ref"), .text("/"), .column(" Name")])]
    let reading = terms.read("\"Investor \n Ref\",\u{A0}Name\u{A0},\"Printed\u{A0}on\"\n1,2,3\n")
    #expect(reading.texts == [#"{"ref":"1","name":"2","both":"1/2"}"#])
    #expect(
      terms.read("Investor Ref,Name,Investor  Ref\n").fault
        == FileFault(.malformedCSV, "column \"Investor Ref\" appears twice in the header", line: 1, column: 19))
    #expect(readCSV(" a.b\u{A0},c\n1,2\n").texts == [#"{"a":{"b":"1"},"c":"2"}"#])
  }

  @Test func `values stand for others`() {
    let columns = [
      "T": [Field(to: "type", values: ["P": "Person", "C": "Legal \"Entity\"", "": "None"])],
      "B": [Field(to: "blocked", type: .boolean, values: ["Y": "true", "N": "FALSE"])],
    ]
    let reading = terms(columns).read("T,B\nP,Y\nC,N\n\"\",\nX,Y\nP,y\n")
    #expect(
      reading.texts == [
        #"{"type":"Person","blocked":true}"#, #"{"type":"Legal \"Entity\"","blocked":false}"#, #"{"type":"None"}"#, "",
        "",
      ])
    #expect(
      reading.messages == [
        #"column "T": "X" is not one of the mapping's values ("", "C", "P")"#,
        #"column "B": "y" is not one of the mapping's values ("N", "Y")"#,
      ])
    #expect(terms(columns).read("B,T\nY,\n").texts == [#"{"blocked":true,"type":"None"}"#])
  }

  @Test func `what a mapping gets wrong is told with column and file`() {
    func message(_ field: ColumnMapping.MappedField, constant: ColumnMapping.Constant? = nil) -> String? {
      let fault = terms(["c": [field]], constants: constant.map { [$0] } ?? []).read("c\n1\n").fault
      #expect(fault?.code == .malformedCSV)
      return fault?.message
    }
    #expect(
      message(Field(to: "a..b")) == "column \"c\": \"a..b\" is not a field's path: a name is missing, in maps/m.yaml")
    #expect(
      message(Field(to: "a:number", type: .boolean))
        == "column \"c\": its type is number in \"a:number\", but boolean in type, in maps/m.yaml")
    #expect(
      message(Field(to: "a", type: .number, values: ["x": "ten"]))
        == "column \"c\": the value for \"x\": \"ten\" is not a JSON number (such as -12.50), in maps/m.yaml")
    #expect(message(Field(to: "a", type: .number, values: ["x": ""]))?.contains("the value is empty") == true)
    #expect(
      message(Field(to: "a", type: .number, date: "dd/MM/yyyy"))
        == "column \"c\": a date is written as a string, not as a number, in maps/m.yaml")
    #expect(
      message(Field(to: "a"), constant: .init(to: "a", json: "1"))
        == "column \"c\" and constant \"a\" both fill a, in maps/m.yaml")
    #expect(
      message(Field(to: "a"), constant: .init(to: "a[x]", json: "1"))?
        .hasPrefix("constant \"a[x]\": \"a[x]\" is not a field's path") == true)
    #expect(
      message(Field(to: "a"), constant: .init(to: "requestId", json: "\"1\""))?
        .hasPrefix("constant \"requestId\" can't be the request id") == true)
  }

  @Test func `a path of a mapping may bear its type`() {
    #expect(terms(["c": [Field(to: "a:number")]]).read("c\n1\n").texts == [#"{"a":1}"#])
    #expect(terms(["c": [Field(to: "a:number", type: .number)]]).read("c\n1\n").texts == [#"{"a":1}"#])
  }

  @Test func `constants have the type of their JSON`() throws {
    let constants = ["\"x\"", "-1.5", "true", "[\"a\"]", "{\"a\":1}", "null"].enumerated()
      .map { ColumnMapping.Constant(to: "c\($0.offset)", json: $0.element) }
    let terms = terms(["a": [Field(to: "a")]], constants: constants)
    let plan = try RowPlan(terms.header("a\n"), mapping: terms.mapping)
    #expect(plan.paths.map(\.type) == [.string, .string, .number, .boolean, .list, .json, .json])
    #expect(
      terms.read("a\n1\n").texts
        == [#"{"a":"1","c0":"x","c1":-1.5,"c2":true,"c3":["a"],"c4":{"a":1},"c5":null}"#])
  }

  @Test func `the paths are known before an API is chosen`() throws {
    let terms = CSVReadingTerms()
    let header = try terms.header("requestId,identifiers.A/B/C,x:number\n")
    #expect(try RowPlan(header, mapping: nil).paths.map(\.name) == ["requestId", "identifiers.A/B/C", "x"])
  }
}
