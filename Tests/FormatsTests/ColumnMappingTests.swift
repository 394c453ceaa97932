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

  @Test func `a mapped column that the file lacks is empty`() {
    let columns = [
      "a": [Field(to: "x.a")], "b": [Field(to: "x.b")], "c": [Field(to: "y.c"), Field(to: "z[0]", type: .number)],
      "r": [Field(to: "requestId")],
    ]
    #expect(terms(columns).read("a\n1\n").texts == [#"{"x":{"a":"1"}}"#])
    #expect(
      terms(columns, empty: .null).read("b\n1\n").texts == [#"{"x":{"b":"1","a":null},"y":{"c":null},"z":[null]}"#])
    #expect(terms(columns).read("a\n1\n").items.first?.requestID == nil)
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
    #expect(terms(columns).read("B\nY\n").texts == [#"{"blocked":true,"type":"None"}"#])
  }

  @Test(arguments: [
    ("dd/MM/yyyy", "31/01/2016", "2016-01-31T00:00:00Z"), ("d.M.yyyy", "3.1.2016", "2016-01-03T00:00:00Z"),
    ("d.M.yyyy", "03.11.2016", "2016-11-03T00:00:00Z"), ("yyyyMMdd", "20160229", "2016-02-29T00:00:00Z"),
    ("yyyy-MM-dd HH:mm:ss", "2016-01-31 23:59:08", "2016-01-31T23:59:08Z"),
    ("yyyy-MM-ddTHH:mmZ", "2016-01-31T23:59Z", "2016-01-31T23:59:00Z"),
    ("yyyy-MM-dd'T'H'h'", "2016-01-31T7h", "2016-01-31T07:00:00Z"),
    ("'the' dd''MM 'in' yyyy", "the 01'02 in 2003", "2003-02-01T00:00:00Z"),
    ("yyyy.MM.dd", "0001.01.01", "0001-01-01T00:00:00Z"),
  ])
  func `dates become RFC 3339`(_ pattern: String, _ text: String, _ result: String) {
    let reading = terms(["d": [Field(to: "x", date: pattern)]]).read("d\n\"\(text)\"\n")
    #expect(reading.texts == ["{\"x\":\"\(result)\"}"])
  }

  @Test(arguments: [
    ("dd/MM/yyyy", "31/04/2016"), ("dd/MM/yyyy", "29/02/2015"), ("dd/MM/yyyy", "1/1/2016"),
    ("dd/MM/yyyy", "01/13/2016"), ("dd/MM/yyyy", "00/01/2016"), ("dd/MM/yyyy", "01/01/16"),
    ("dd/MM/yyyy", "01/01/20160"), ("dd/MM/yyyy", "01-01-2016"), ("dd/MM/yyyy", " 01/01/2016"),
    ("d.M.yyyy", "111.1.2016"), ("dd/MM/yyyy HH:mm", "01/01/2016 24:00"), ("dd/MM/yyyy HH:mm", "01/01/2016 23:60"),
    ("dd/MM/yyyy HH:mm:ss", "01/01/2016 23:59:60"), ("dd/MM/yyyy", "today"), ("dd/MM/yyyy", "01/01/201"),
  ])
  func `what is no such date is refused`(_ pattern: String, _ text: String) {
    let reading = terms(["d": [Field(to: "x", date: pattern)]]).read("d\n\(text)\n\"\"\n")
    #expect(reading.items.map(\.fault?.code) == [.invalidValue, nil])
    #expect(reading.messages.first == "column \"d\": \"\(text)\" is not a date of the form \(pattern)")
  }

  @Test(arguments: [
    ("dd/MM", "it needs a year, a month and a day"), ("", "it needs a year"), ("dd/MM/yy", "years need four digits"),
    ("DD/MM/YYYY", "\"D\" has no meaning"), ("dd/MMM/yyyy", "\"MMM\" has no meaning"),
    ("dd/MM/yyyy dd", "appears twice"),
    ("dd/MM/yyyy:mm", "minutes need hours"), ("dd/MM/yyyy HH:ss", "seconds need minutes"),
    ("dMyyyy", "directly follows a token of one or two digits"), ("dd/MM/yyyy 'at", "a single quote is not closed"),
    ("dd/MM/yyyy hh", "\"h\" has no meaning"), ("dd/MM/yyyy é", ""),
  ])
  func `a pattern that can't be used refuses the file`(_ pattern: String, _ reason: String) {
    let fault = terms(["d": [Field(to: "x", date: pattern)]]).read("d\n").fault
    if reason.isEmpty {
      #expect(fault == nil)
    } else {
      #expect(fault?.code == .malformedCSV)
      #expect(fault?.message.contains(reason) == true, "\(fault?.message ?? "")")
      #expect(fault?.message.hasPrefix("column \"d\": date pattern \"\(pattern)\" can't be used: ") == true)
      #expect(fault?.message.hasSuffix(", in maps/m.yaml") == true)
    }
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
