import APIs
import Core
import Testing

@testable import Settings

/// What a mapping file may say of a column's cells, and its computed fields.
struct MappedFieldTests {
  private typealias Field = ColumnMapping.MappedField

  private static func field(_ to: String, _ type: CellType = .string, _ change: (inout Field) -> Void) -> Field {
    var field = Field(to: to, type: type)
    change(&field)
    return field
  }

  @Test func `every setting of a column reaches its place`() throws {
    let mapping = try #require(
      try MappingTests.mapping(
        """
        columns:
          A: {to: a, required: true, trim: true, null: [NULL, "\\\\N", ~]}
          B: {to: b, default: GB, null: n/a, optional: true}
          C: {to: c, type: number, decimal: ",", grouping: ".", negative: [trailing, parentheses], symbols: "$€ "}
          D: {to: d, type: number, grouping: "'", negative: trailing}
          E: {to: e, type: boolean, values: {Yes: true, No: "false"}, default: No}
          F: {to: f, date: dd.MM.yyyy, timezone: UTC}
          G: {to: g, date: yyyy-MM-dd, values: {now: 2024-01-31, "": 1970-01-01}}
          H: {to: h:number, default: 0, required: false}
          I: {to: i, required: true, default: GB}
        """))
    var european = NumberForm()
    european.decimal = ","
    european.grouping = "."
    european.negative = [.trailing, .parentheses]
    european.symbols = ["$", "€", " "]
    var swiss = NumberForm()
    swiss.grouping = "'"
    swiss.negative = [.trailing]
    let expected: [String: Field] = [
      "A": Self.field("a") { ($0.isRequired, $0.isTrimmed, $0.null) = (true, true, ["NULL", "\\N", "~"]) },
      "B": Self.field("b") { ($0.defaultText, $0.null, $0.isOptional) = ("GB", ["n/a"], true) },
      "C": Self.field("c", .number) { $0.numbers = european },
      "D": Self.field("d", .number) { $0.numbers = swiss },
      "E": Self.field("e", .boolean) { ($0.values, $0.defaultText) = (["Yes": "true", "No": "false"], "No") },
      "F": Self.field("f") { ($0.date, $0.timezone) = ("dd.MM.yyyy", "UTC") },
      "G": Self.field("g") { ($0.date, $0.values) = ("yyyy-MM-dd", ["now": "2024-01-31", "": "1970-01-01"]) },
      "H": Self.field("h", .number) { $0.defaultText = "0" },
      "I": Self.field("i") { ($0.isRequired, $0.defaultText) = (true, "GB") },
    ]
    for (name, field) in expected { #expect(mapping.fields[name] == [field], "\(name)") }
    #expect(mapping.columns["C"]?.map(\.line) == [4])
  }

  @Test(arguments: [
    (
      "required: true, optional: true",
      "required: can't be combined with optional, with which a file may lack the whole column: leave out one of them"
    ),
    ("required: \"true\"", "required: must be true or false, but is text: leave out the quotes"),
    ("trim: both", "trim: must be true or false, but is \"both\""),
    ("optional: 1", "optional: must be true or false, but is \"1\""),
    ("default: \"\"", "default: must not be empty: without default, an empty cell stays empty anyway"),
    (
      "default: null",
      "default: has no value: give the text that an empty cell stands for, or leave out the key"
    ),
    ("values: {P: Person}, default: C", "default: is \"C\", which values does not list: add it there"),
    ("type: boolean, default: maybe", "default: must be true or false, since the type is boolean, but is \"maybe\""),
    ("type: number, default: none", "default: must be a number, since the type is number, but is \"none\""),
    ("type: json, default: \"{\"", "default: must be JSON, since the type is json, but is \"{\""),
    ("type: boolean, values: {Y: 1}", "values.Y: must be true or false, since the type is boolean, but is \"1\""),
    ("type: list, values: {Y: \"\"}", "values.Y: must be a list, since the type is list, but is \"\""),
    ("date: dd.MM.yyyy, values: {Y: \"\"}", "values.Y: must be a date of the form dd.MM.yyyy, but is \"\""),
    ("null: [\"\"]", "null[0]: must not be empty: an empty cell means \"no value\" anyway"),
    ("null: {a: b}", "null: must be a list, but is a mapping of keys to values"),
    ("decimal: \",\"", "decimal: is for numbers, but type is string: add type: number, or leave it out"),
    ("type: boolean, symbols: €", "symbols: is for numbers, but type is boolean: add type: number, or leave it out"),
    (
      "type: number, grouping: \".\"",
      "grouping: is \".\", the decimal separator unless decimal gives another one: add decimal"
    ),
    (
      "type: number, decimal: \",\", grouping: \",\"",
      "grouping: is the decimal separator as well: use another character"
    ),
    (
      "type: number, negative: brackets",
      "negative: must be one of trailing, parentheses, but is \"brackets\""
    ),
    ("timezone: UTC", "timezone: is for dates: give date, too, or leave it out"),
    (
      "date: dd.MM.yyyy, timezone: Mars/Olympus",
      "timezone: is \"Mars/Olympus\", which is no time zone in /usr/share/zoneinfo: write one such as Europe/Dublin"
    ),
    (
      "type: number, date: dd.MM.yyyy", "date: makes the cell a string, but type is number: leave out one of them"
    ),
    ("lookup: none.csv", "lookup: read \"none.csv\": can't be opened: No such file or directory"),
  ])
  func `what is wrong with a column's settings is told with line and key`(_ settings: String, _ fault: String) throws {
    let found = try MappingTests.faultsOf("columns:\n  A: {to: a, \(settings)}")
    #expect(found == ["m.yaml:2: columns.A.\(fault)"])
  }

  @Test(arguments: [
    ("type: number, decimal: \",\", default: 1.5", "", "the default: \"1.5\" is not a number of the form 1234,56"),
    (
      "type: number, default: \"1,5\"", "",
      "the default: \"1,5\" is not a JSON number (such as -12.50): for a decimal comma, set decimal: \",\" and, with grouped digits, grouping"
    ),
    ("type: number, default: 1.5", "decimal: \",\"", "the default: \"1.5\" is not a number of the form 1234,56"),
    ("type: number, values: {x: 1-}", "", "the value for \"x\": \"1-\" is not a JSON number (such as -12.50)"),
    ("date: dd.MM.yyyy, default: 31.4.2016", "", "the default: \"31.4.2016\" is not a date of the form dd.MM.yyyy"),
    ("type: number, lookup: l.csv", "", "the value for \"b\" in l.csv: \"2-\" is not a JSON number (such as -12.50)"),
  ])
  func `texts that stand for cells have the form of the column, or of the route's numbers`(
    _ settings: String, _ route: String, _ fault: String
  ) throws {
    let found = try faults(
      inbox("target: liquid\nmapping: m.yaml\n\(route)"),
      files: ["m.yaml": "columns:\n  A: {to: a, \(settings)}", "l.csv": "from,to\na,1\nb,2-\n"])
    #expect(found == ["m.yaml:2: columns.A.to: \(fault)"])
  }

  @Test func `a date's pattern is checked as the reader of files will read it`() throws {
    let found = try MappingTests.faultsOf("columns:\n  A:\n    to: b\n    date: dd.MM")
    #expect(found.count == 1)
    #expect(
      found.first?.hasPrefix("m.yaml:4: columns.A.date: date pattern \"dd.MM\" can't be used: ") == true, "\(found)")
  }

  @Test(arguments: ["UTC", "Europe/Dublin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
  func `a zone of the system's database is known`(_ name: String) {
    #expect(ZoneNames.isKnown(name))
  }

  @Test(arguments: [
    "", "Dublin", "europe/dublin", "Europe", "/etc/passwd", "../zoneinfo/UTC", "Europe/../UTC", "right/UTC",
    "zone.tab", "tzdata.zi", "Europe/Dublin/", "Europe//Dublin",
  ])
  func `anything else is no zone`(_ name: String) {
    #expect(!ZoneNames.isKnown(name))
  }

  @Test(arguments: [
    ("A: {to: \"a[x]\"}", "2: columns.A.to: \"a[x]\" is not a field's path: "),
    ("A: \" a\"", "2: columns.A: \" a\" is not a field's path: "),
  ])
  func `a path is checked whole`(_ column: String, _ fault: String) throws {
    let found = try MappingTests.faultsOf("columns:\n  \(column)")
    #expect(found.count == 1 && found[0].hasPrefix("m.yaml:\(fault)"), "\(found)")
  }

  // MARK: Names

  @Test func `white space does not tell columns apart`() throws {
    let mapping = try #require(
      try MappingTests.mapping(
        "columns: {\"Investor\\n  Ref\": ref, \" Name\\u00A0\": name}\ncomputed: {x: {concat: [\"{Full  name}\"]}}\n"
          + "ignore: [\"Free \\n text\"]"))
    #expect(mapping.columns.keys.sorted() == ["Investor Ref", "Name"])
    #expect(mapping.computed.map(\.parts) == [[.column("Full name")]])
    #expect(mapping.ignore == ["Free text"])
  }

  @Test(arguments: [
    (
      "columns:\n  A b: a\n  \"A  b \": c",
      "3: columns.\"A  b \": is the same column as on line 2, since white space does not tell columns apart: leave out one "
        + "of them"
    ),
    ("columns:\n  \" \": a", "2: columns.\" \": must name a column"),
    (
      "columns: {A b: a}\nignore: [\"A  b\"]",
      "2: ignore[0]: names column \"A b\", which is also mapped: leave out one of them"
    ),
    ("columns: {A: a}\nignore: [\" \"]", "2: ignore[0]: must be a column's name, but is empty"),
    (
      "columns:\n  A: [a, {to: b, optional: true}]",
      "2: columns.A: is optional for some of its fields only: give optional to all of them, or to none"
    ),
  ])
  func `what is wrong with a column's name is told`(_ yaml: String, _ fault: String) throws {
    let found = try MappingTests.faultsOf(yaml)
    #expect(found == ["m.yaml:\(fault)"])
  }

  // MARK: Computed fields

  @Test func `a computed field has columns and the text between them`() throws {
    let mapping = try #require(
      try MappingTests.mapping(
        """
        columns: {Name: name}
        computed:
          description: {concat: ["{Name}", ", ", "{Investor Ref}"]}
          label: {concat: ["{{{Name}}} is ", "{Name}{Name}"]}
        """))
    #expect(
      mapping.computed == [
        .init(to: "description", parts: [.column("Name"), .text(", "), .column("Investor Ref")], line: 3),
        .init(
          to: "label", parts: [.text("{"), .column("Name"), .text("} is "), .column("Name"), .column("Name")],
          line: 4),
      ])
  }

  @Test func `a mapping may consist of computed fields`() throws {
    let mapping = try MappingTests.mapping("computed: {a: {concat: [\"{A}\"]}}")
    #expect(mapping?.computed.map(\.to) == ["a"])
  }

  @Test(arguments: [
    ("{}", "2: computed: must name at least one field"),
    ("{a: {}}", "2: computed.a.concat: is missing: list columns in braces, and the text between"),
    ("{a: {concat: \"{A}\"}}", "2: computed.a.concat: must be a list, but is a single value"),
    (
      "{a: {concat: []}}",
      "2: computed.a.concat: names no column: write columns as \"{Name}\", or move the field to constants"
    ),
    (
      "{a: {concat: [x]}}",
      "2: computed.a.concat: names no column: write columns as \"{Name}\", or move the field to constants"
    ),
    ("{a: {concat: [\"{A}\", \"\"]}}", "2: computed.a.concat[1]: must not be empty"),
    (
      "{a: {concat: [\"{A\"]}}",
      "2: computed.a.concat[0]: has a \"{\" without a \"}\": close it, or write \"{{\" for a literal \"{\""
    ),
    (
      "{a: {concat: [\"{A}}\"]}}",
      "2: computed.a.concat[0]: has a \"}\" without a \"{\": write \"}}\" for a literal \"}\""
    ),
    ("{a: {concat: [\"{ }\"]}}", "2: computed.a.concat[0]: has \"{}\" without a column's name in it"),
    (
      "{\"a:number\": {concat: [\"{A}\"]}}",
      "2: computed.\"a:number\": has \":number\" in its name, but is always text: leave out the type"
    ),
    (
      "{b: {concat: [\"{A}\"]}}",
      "2: computed.b: fills \"b\", which column \"B\" already fills: leave out one of them"
    ),
    (
      "{a: {concat: [\"{C}\"]}}\nignore: [C]",
      "3: ignore[0]: names column \"C\", which is part of a computed field: leave out one of them"
    ),
    (
      "{a: {concat: [\"{A}\"]}}\nconstants: {a: 1}",
      "3: constants.a: fills \"a\", which computed \"a\" already fills: leave out one of them"
    ),
    ("{a: {concat: [\"{A}\"], sep: x}}", "2: computed.a.sep: is unknown: the keys here are concat"),
  ])
  func `what is wrong with a computed field is told`(_ computed: String, _ fault: String) throws {
    let found = try MappingTests.faultsOf("columns: {B: b}\ncomputed: \(computed)")
    #expect(found == ["m.yaml:\(fault)"])
  }
}
