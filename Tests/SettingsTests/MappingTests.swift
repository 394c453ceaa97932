import Core
import Glibc
import Testing

@testable import Settings

struct MappingTests {
  /// A mapping for Liquid, whose items may have any field.
  static func mapping(_ yaml: String, _ route: String = "target: liquid", files: [String: String] = [:]) throws
    -> ColumnMapping?
  {
    try loaded(
      inbox(route + "\nmapping: maps/m.yaml"), files: files.merging(["maps/m.yaml": yaml]) { first, _ in first }
    ).inboxes[0].routes[0].mapping
  }

  static func faultsOf(_ yaml: String, files: [String: String] = [:]) throws -> [String] {
    try faults(
      inbox("target: liquid\nmapping: m.yaml"), files: files.merging(["m.yaml": yaml]) { first, _ in first })
  }

  /// The processor time of this thread, which other tests do not count in.
  private static func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let before = now()
    try body()
    return now() - before
  }

  @Test func `ten thousand columns, known or not, take no time to speak of`() throws {
    let columns = (0..<10_000).map { "  \"Column \($0)\": {to: f\($0)}\n" }.joined()
    var mapping: ColumnMapping?
    let good = try Self.processorSeconds { mapping = try Self.mapping("columns:\n" + columns) }
    #expect(mapping?.columns.count == 10_000)
    // A comparison of all with all takes ten seconds on a machine with nothing else to do.
    #expect(good < 6, "\(good) s")
    var faults: [String] = []
    let unknown = try Self.processorSeconds {
      faults = try Self.faultsOf("columns: {a: b}\n" + columns.replacing("\n  ", with: "\n").dropFirst(2))
    }
    #expect(faults.count == 10_000)
    #expect(unknown < 8, "\(unknown) s")
  }

  @Test func `aliases that stand for billions of values are refused at once`() throws {
    var yaml = "columns: {a: b}\nconstants:\n  c0: &c0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<12 {
      yaml += "  c\(level): &c\(level) [\(Array(repeating: "*c\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }
    let faults = try Self.faultsOf(yaml)
    #expect(faults.count == 1)
    #expect(faults.first?.contains("with each alias counted as all that it refers to") == true, "\(faults)")
  }

  @Test func `a mapping file is read as the contract shows it`() throws {
    let mapping = try #require(
      try Self.mapping(
        """
        columns:
          "Investor Ref": identifiers.InvestorRecord/ExternalIdentifier/ExternalIRId
          "Name":         [displayName, properties.InvestorRecord/Details/Name]
          "Since":        {to: properties.InvestorRecord/Details/Country.effectiveFrom, date: "dd/MM/yyyy"}
          "Type":         {to: investor.investorType, values: {P: Person, C: LegalEntity, N: no}}
          "Balance":      {to: exposure, type: number}
          "Limit":        limit:number
        constants:
          description: Loaded from the transfer agent
        ignore: [Comment]          # a column neither mapped nor ignored rejects the file
        """, "target: lusid\nvalidate: false"))
    #expect(
      mapping.fields["Investor Ref"] == [.init(to: "identifiers.InvestorRecord/ExternalIdentifier/ExternalIRId")])
    #expect(
      mapping.fields["Name"] == [.init(to: "displayName"), .init(to: "properties.InvestorRecord/Details/Name")])
    #expect(
      mapping.fields["Since"]
        == [.init(to: "properties.InvestorRecord/Details/Country.effectiveFrom", date: "dd/MM/yyyy")])
    #expect(
      mapping.fields["Type"]
        == [.init(to: "investor.investorType", values: ["P": "Person", "C": "LegalEntity", "N": "no"])])
    #expect(mapping.fields["Balance"] == [.init(to: "exposure", type: .number)])
    #expect(mapping.fields["Limit"] == [.init(to: "limit", type: .number)])
    #expect(mapping.constants == [.init(to: "description", json: "\"Loaded from the transfer agent\"")])
    #expect(mapping.ignore == ["Comment"])
    #expect(mapping.path.hasSuffix("/maps/m.yaml"))
  }

  @Test(arguments: [
    ("text", "\"text\""), ("\"12\"", "\"12\""), ("12.50", "12.50"), ("12345678901234567.10", "12345678901234567.10"),
    ("-1e5", "-1e5"), ("007", "\"007\""), ("0x1F", "\"0x1F\""), ("1_000", "\"1_000\""), ("yes", "\"yes\""),
    ("true", "true"), ("'true'", "\"true\""), ("~", "null"), ("null", "null"), ("", "null"), ("\"\"", "\"\""),
    ("2016-01-31", "\"2016-01-31\""), ("[a, 1, {b: c}]", #"["a",1,{"b":"c"}]"#), ("\"a\\\"b\"", #""a\"b""#),
    (".5", "\".5\""), ("${HOME}", "\"${HOME}\""),
  ])
  func `a constant is the JSON that it looks like`(_ yaml: String, _ json: String) throws {
    let mapping = try Self.mapping("columns: {A: a}\nconstants:\n  b: \(yaml)\n")
    #expect(mapping?.constants == [.init(to: "b", json: json)])
  }

  @Test func `constants keep their order`() throws {
    let mapping = try Self.mapping("columns: {A: a}\nconstants: {z: 1, y: 2, x: 3}")
    #expect(mapping?.constants.map(\.to) == ["z", "y", "x"])
  }

  @Test(arguments: [
    ("columns: {}", "1: columns: must name at least one column"),
    ("constants: {}", "1: columns: is missing: say which column fills which field"),
    ("columns: [a]", "1: columns: must be a mapping of keys to values, but is a list"),
    ("columns:\n  A:\n", "2: columns.A: has no value: give one, or leave out the key"),
    ("columns:\n  A: []\n", "2: columns.A: fills nothing: name a field, or move the column to ignore"),
    (
      "columns:\n  Ref No: {type: number}", "2: columns.\"Ref No\".to: is missing: name the field that the column fills"
    ),
    ("columns:\n  A: {to: b, typ: number}", "2: columns.A.typ: is unknown: did you mean \"type\"?"),
    (
      "columns:\n  A: {to: b, type: nmber}",
      "2: columns.A.type: must be one of string, number, boolean, list, json, but is \"nmber\": did you mean \"number\"?"
    ),
    (
      "columns:\n  A:\n    to: b:list\n    type: json",
      "4: columns.A.type: is json, but the field's path says list: leave out one of them"
    ),
    (
      "columns:\n  A:\n    to: b\n    type: number\n    date: dd.MM.yyyy",
      "5: columns.A.date: makes the cell a string, but type is number: leave out one of them"
    ),
    ("columns:\n  A: {to: b, values: {}}", "2: columns.A.values: must name at least one value"),
    (
      "columns:\n  A: {to: b, values: {x: }}",
      "2: columns.A.values.x: has no value: say what the cell becomes, or write \"\" for an empty string"
    ),
    (
      "columns: {A: b}\nconstants:\n  b: 1",
      "3: constants.b: fills \"b\", which column \"A\" already fills: leave out one of them"
    ),
    (
      "columns:\n  A: b\n  B: [c, b]",
      "3: columns.B[1]: fills \"b\", which column \"A\" already fills: leave out one of them"
    ),
    (
      "columns: {A: b}\nconstants:\n  c:number: 1",
      "3: constants.\"c:number\": has \":number\" in its name, but takes its type from its value: write \"c\""
    ),
    (
      "columns: {A: b}\nignore: [C, A]",
      "2: ignore[1]: names column \"A\", which is also mapped: leave out one of them"
    ),
    ("columns: {A: b}\nignore: C", "2: ignore: must be a list, but is a single value"),
    ("columns:\n  A: b\n  A: c", "3: columns.A: is given more than once, first on line 2: keep one of them"),
    ("columns: {A: b", "2: is not valid YAML: did not find expected ',' or '}'; is a bracket or a comma missing?"),
    ("columns:\n  A: \":number\"", "2: columns.A: has a type, but no field: name the field before the colon"),
  ])
  func `what is wrong with a mapping file is told with that file's line`(_ yaml: String, _ fault: String) throws {
    let found = try Self.faultsOf(yaml)
    #expect(found == ["m.yaml:\(fault)"])
  }

  @Test func `a mapping file of two routes is told about once`() throws {
    let found = try faults(
      inbox(
        "routes:\n  - {match: a, target: liquid, mapping: m.yaml}\n  - {match: b, target: liquid, mapping: ./m.yaml}"),
      files: ["m.yaml": "columns: {}"])
    #expect(found == ["m.yaml:1: columns: must name at least one column"])
  }
}

extension ColumnMapping {
  /// The columns without the lines on which they are mapped.
  var fields: [String: [MappedField]] {
    columns.mapValues { fields in
      fields.map {
        var field = $0
        field.line = nil
        return field
      }
    }
  }
}
