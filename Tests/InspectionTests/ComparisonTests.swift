import APIs
import Core
import Formats
import Testing

@testable import Inspection
@testable import Settings

/// What of a route disagrees with a file.
@Suite struct ComparisonTests {
  private func differences(_ text: String, named name: String = "a.csv", _ change: (inout Route) -> Void = { _ in })
    -> [String]
  {
    var route = Route(target: .named("liquid"))
    change(&route)
    return inspection(named: name, text).differences(from: route)
  }

  @Test func `a route that fits has none`() {
    #expect(differences("accountId,name\n1,Ada\n") == [])
    #expect(differences("accountId;name\n1;Ada\n") { $0.csv.delimiter = .auto } == [])
    #expect(differences("sep=;\naccountId;name\n1;Ada\n") == [])
  }

  @Test func `delimiter, quote and escape are compared`() {
    #expect(differences("id;name\n1;Ada\n") == ["delimiter is \",\", but the file looks like \";\""])
    #expect(differences("id\tname\n1\tAda\n") == ["delimiter is \",\", but the file looks like tab"])
    #expect(
      differences("id,name\n1,\"O\\\"N\"\n") == [
        "escape is not set, but quotes in the file's cells are escaped with \"\\\""
      ])
    #expect(
      differences("id,name\n1,\"5 inch\n2,\"6 inch\n") == ["quote is \"\"\", but the file looks like \"none\""]
        || differences("id,name\n1,\"5 inch\n2,\"6 inch\n") == ["quote is \"\"\", but the file looks like none"])
  }

  @Test func `an encoding that gives other text is named, under whatever name the same is called`() throws {
    let inspection = try inspection(of: "clients.csv")
    var route = Route(target: .named("liquid"))
    #expect(
      inspection.differences(from: route) == [
        "encoding is utf-8, but the file looks like windows-1252, which gives \"José Müller\""
      ])
    for name in ["CP1252", "iso-8859-1", "latin1"] {
      route.csv.encoding = name
      #expect(inspection.differences(from: route) == [])
    }
    route.csv.encoding = "cp850"
    #expect(inspection.differences(from: route).count == 1)
  }

  @Test func `title, footer, trailer and comments are compared`() throws {
    func differences(_ file: String, _ change: (inout CSVOptions) -> Void) throws -> [String] {
      var route = Route(target: .named("liquid"))
      change(&route.csv)
      return try inspection(of: file).differences(from: route)
    }
    #expect(try differences("list.csv") { _ in } == ["skip.first is 0, but the header looks to be in line 3"])
    #expect(
      try differences("list.csv") { $0.skip.first = 3 } == ["skip.first is 3, but the header looks to be in line 3"])
    #expect(try differences("report.csv") { _ in } == ["skip.last is 0, but the file looks to have 4 rows of footer"])
    #expect(
      try differences("TA_HOLD.csv") { $0.delimiter = .character("|") } == [
        "the last row, \"TRL\", looks like a trailer, and `trailer` is not set"
      ])
    #expect(
      try differences("TA_HOLD.csv") {
        $0.delimiter = .character("|")
        $0.skip.rows = [Glob("TRL*")]
      } == [])
    #expect(
      try differences("comments.csv") { $0.numbers.grouping = "," }.contains(
        "lines that begin with \"#\" look like comments, and skip.comment is not set"))
    #expect(
      try differences("prices.out.txt") {
        $0.delimiter = .character("|")
        $0.header = ["x"]
        $0.null = ["N.A."]
      } == [
        "its name has no extension that upsertd knows: set `format: csv`",
        "skip.before is not set, but the file has a line \"START-OF-DATA\"",
        "skip.after is not set, but the file has a line \"END-OF-DATA\"",
      ])
    // A header record that the route skips by its first cell.
    #expect(
      try differences("holdings.txt") {
        $0.delimiter = .character("|")
        $0.skip.rows = [Glob("HDR*"), Glob("TRL*")]
      } == ["its name has no extension that upsertd knows: set `format: csv`"])
  }

  @Test func `a missing header, and one too many, are named`() {
    #expect(
      differences("17,Ada\n18,Bob\n") == ["the file looks as if it had no header, and `header` is not set"])
    #expect(
      differences("id,name\n1,Ada\n") { $0.csv.header = ["id", "name"] } == [
        "header is set, but line 1 looks like a header, too: set skip.first to 1"
      ])
  }

  @Test func `words for no value and forms of numbers are compared`() {
    #expect(
      differences("id,name\n1,NULL\n2,Ada\n") == ["null lacks \"NULL\", which stands for no value in the file"])
    let text = "id;units\nA;1.234,56\nB;5\n"
    func route(_ route: inout Route) {
      route.csv.delimiter = .character(";")
      route.mapping = mapping("m.yaml", ["id": "accountId", "units": .init(to: "units", type: .number)])
    }
    #expect(
      differences(text, route) == ["decimal and grouping don't fit the numbers of \"units\", such as 1.234,56"])
    #expect(
      differences(text) {
        route(&$0)
        $0.csv.numbers.decimal = ","
        $0.csv.numbers.grouping = "."
      } == [])
  }

  @Test func `columns that the mapping does not know, or knows alone, are named`() {
    let differences = differences("id,name,new\nA,Ada,x\n") {
      $0.mapping = mapping("m.yaml", ["id": "accountId", "gone": "gone"], ignore: ["name"])
    }
    #expect(
      differences == [
        "the mapping neither maps nor ignores \"new\"", "the mapping maps \"gone\", which the file lacks",
      ])
    var optional = ColumnMapping.MappedField(to: "gone")
    optional.isOptional = true
    #expect(
      self.differences("id\nA\n") { $0.mapping = mapping("m.yaml", ["id": "accountId", "gone": optional]) } == [])
  }

  @Test func `another format is named`() {
    #expect(differences("[{}]") == ["it is read as csv, but it looks like json"])
    #expect(differences("id,name\n1,Ada\n", named: "a.json") == ["it is read as json, but it looks like csv"])
    #expect(
      differences("id,name\n1,Ada\n", named: "a.tsv").first
        == "it is read as tsv, but tabs don't separate its cells: set `format: csv`")
  }

  @Test func `all is well only without rejects and differences`() {
    #expect(
      ReadingVerdict(inbox: "clients", items: 3, rejected: 0).lines == [
        "All is well: with the route of inbox clients, 3 items would be sent, none rejected."
      ])
    #expect(!ReadingVerdict(inbox: "a", items: 3, rejected: 1).isWell)
    #expect(!ReadingVerdict(inbox: "a", items: 3, rejected: 0, differences: ["x"]).isWell)
    #expect(!ReadingVerdict(inbox: "a", items: 0, rejected: 0, fault: "x").isWell)
  }

  @Test func `a good route is reported as such, without a proposal`() throws {
    let inspection = try inspection(of: "clients.csv")
    let good = inspection.report(ReadingVerdict(inbox: "clients", items: 1, rejected: 0))
    #expect(good.last?.hasPrefix("All is well") == true)
    let bad = inspection.report(ReadingVerdict(inbox: "clients", items: 1, rejected: 0, differences: ["encoding is x"]))
    #expect(bad.contains("  - encoding is x"))
    #expect(bad.contains("    encoding: windows-1252"))
  }

  @Test func `the route's mapping is kept as far as it goes`() {
    var purpose = Inspection.Purpose(api: .liquid)
    var special = ColumnMapping.MappedField(to: "clientName")
    special.isRequired = true
    purpose.mapping = mapping("/etc/upsertd/m.yaml", ["name": special], ignore: ["x"])
    let inspection = Inspection(
      FileSample(name: "a.csv", content: Array("id,name,x,new\nA,Ada,1,2.5\nB,Bo,2,3\n".utf8)), for: purpose)
    #expect(
      inspection.mappingText == [
        "columns:", "  \"id\": accountId", "  \"name\": {to: clientName, required: true}",
        "  \"new\": {to: new, type: number}", "ignore: [x]",
      ])
    #expect(inspection.mapping?.path == "/etc/upsertd/m.yaml")
  }
}
