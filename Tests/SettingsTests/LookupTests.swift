import APIs
import Core
import Testing

@testable import Settings

/// The tables that mapping files name.
struct LookupTests {
  /// What follows a fault of a table.
  private static let named = " (named in m.yaml:2: columns.A.lookup)"
  private static let one = "columns:\n  A: {to: a, lookup: t.csv}\n"

  private static func values(_ table: String) throws -> [String: String]? {
    try MappingTests.mapping(one, files: ["maps/t.csv": table])?.columns["A"]?[0].lookup?.values
  }

  @Test(arguments: [
    "from,to\nGB,United Kingdom\nIE,Ireland\n", "code;name\r\nGB;United Kingdom\r\n\r\nIE;Ireland",
    "\u{FEFF}to,from\nUnited Kingdom,GB\n\"Ireland\",IE\n",
  ])
  func `a table maps its first column to its second, or as its header says`(_ table: String) throws {
    let values = try Self.values(table)
    #expect(values == ["GB": "United Kingdom", "IE": "Ireland"])
  }

  @Test func `a table is relative to the mapping file and read once for all columns`() throws {
    let mapping = try #require(
      try MappingTests.mapping(
        "columns:\n  A: {to: a, lookup: ../t.csv, default: x}\n  B: [{to: b, lookup: ../maps/../t.csv}, c]\n",
        files: ["t.csv": "from,to\nx,y\n"]))
    #expect(mapping.columns["A"]?[0].lookup?.values == ["x": "y"])
    #expect(mapping.columns["B"]?[0].lookup?.values == ["x": "y"])
    #expect(mapping.columns["A"]?[0].lookup?.path.hasSuffix("/maps/../t.csv") == true)
  }

  @Test(arguments: [
    (
      "from,to\na,1\nb,2\na,3\n\"a\",4\n",
      [
        "t.csv:4: \"a\" is already on line 2: leave out one of them",
        "t.csv:5: \"a\" is already on line 2: leave out one of them",
      ]
    ),
    ("from,to,note\na,1,x\n", ["t.csv:1: must have a header row and two columns, from and to, but has 3"]),
    ("from\na\n", ["t.csv:1: must have a header row and two columns, from and to, but has 1"]),
    ("from,to\n", ["t.csv: has no rows below its header"]),
    ("from,to\na,b\nc\n", ["t.csv:3: the row has 1 column, but the header has 2"]),
  ])
  func `what is wrong with a table is told with that file's line`(_ table: String, _ faults: [String]) throws {
    let found = try MappingTests.faultsOf(Self.one, files: ["t.csv": table])
    #expect(found == faults.map { $0 + Self.named })
  }

  @Test func `a table that is no CSV is told with its line`() throws {
    for (table, place) in [("", "t.csv: "), ("from,to\na,\"b\n", "t.csv:2: ")] {
      let found = try MappingTests.faultsOf(Self.one, files: ["t.csv": table])
      #expect(found.count == 1 && found[0].hasPrefix(place), "\(found)")
    }
  }

  @Test func `a table of two mappings is told about once, and many faults of it in short`() throws {
    let table = "from,to\n" + String(repeating: "a,1\n", count: 50)
    let found = try faults(
      inbox(
        "routes:\n  - {match: a, target: liquid, mapping: m.yaml}\n  - {match: b, target: liquid, mapping: n.yaml}"),
      files: ["m.yaml": Self.one, "n.yaml": Self.one, "t.csv": table])
    #expect(found.count == 21)
    #expect(found.last == "t.csv: has more rows like these" + Self.named)
  }

  @Test(arguments: [
    (
      "values: {x: y}",
      "2: columns.A.lookup: can't be combined with values: put these into the lookup's file, or leave out lookup"
    ),
    ("default: z", "2: columns.A.default: is \"z\", which \"t.csv\" does not list: add it there"),
    (
      "type: boolean",
      "2: columns.A.lookup: has \"y\" for \"x\" in \"t.csv\": it must be true or false, since the type is boolean"
    ),
  ])
  func `what does not go with a table is told`(_ setting: String, _ fault: String) throws {
    let found = try MappingTests.faultsOf(
      "columns:\n  A: {to: a, lookup: t.csv, \(setting)}\n", files: ["t.csv": "from,to\nx,y\n"])
    #expect(found == ["m.yaml:\(fault)"])
  }

  @Test func `a table has a million rows at most`() throws {
    var rows = "from,to\n"
    for number in 0...LookupFiles.mostRows { rows += "\(number),\n" }
    let found = try MappingTests.faultsOf(Self.one, files: ["t.csv": rows])
    #expect(found == ["t.csv:1000002: has more than 1000000 rows" + Self.named])
  }
}
