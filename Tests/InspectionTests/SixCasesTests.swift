import APIs
import Core
import Testing

@testable import Inspection
@testable import Settings

/// Six exports as Excel, Salesforce, a transfer agent and MySQL write them.
@Suite struct SixCasesTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var options: CSVOptions
    var mapping: ColumnMapping
    var route: [String]
    var testDescription: String { file }
  }

  private static let item = "item: {category: entity, type: Account, action: Merge, key: [accountId]}"

  private static let cases = [
    Case(
      file: "salden.csv",
      options: options {
        $0.delimiter = .character(";")
        $0.numbers.decimal = ","
        $0.numbers.grouping = "."
      },
      mapping: mapping("salden.yaml", ["Kundennr": "accountId", "Saldo": .init(to: "balance", type: .number)]),
      route: ["delimiter: \";\"", "decimal: \",\"", "grouping: \".\""]),
    Case(
      file: "clients.csv", options: options { $0.encoding = "windows-1252" },
      mapping: mapping("clients.yaml", ["Client": "accountId", "Name": "name"]),
      route: ["encoding: windows-1252"]),
    Case(
      file: "report.csv", options: options { $0.skip.last = 4 },
      mapping: mapping("report.yaml", ["Account ID": "accountId", "Account Name": "name"]),
      route: ["skip: {last: 4}"]),
    Case(
      file: "TA_HOLD.csv",
      options: options {
        $0.delimiter = .character("|")
        $0.trailer = Trailer(match: Glob("TRL"), count: 2, sums: ["UNITS": 3])
      },
      mapping: mapping(
        "ta-hold.yaml", ["INVESTOR_ID": "accountId", "NAME": "name", "UNITS": .init(to: "units", type: .number)]),
      route: ["delimiter: \"|\"", "trailer: {match: TRL, count: 2, sums: {UNITS: 3}}"]),
    Case(
      file: "list.csv", options: options { $0.skip.first = 2 },
      mapping: mapping("list.yaml", ["Client": "accountId", "Name": "name"]), route: ["skip: {first: 2}"]),
    Case(
      file: "export.csv",
      options: options {
        $0.escape = UInt8(ascii: "\\")
        $0.null = ["NULL", "\\N"]
      },
      mapping: mapping("export.yaml", ["id": "accountId", "name": "name", "country": "country"]),
      route: ["escape: \"\\\\\"", "\"null\": [\"NULL\", \"\\\\N\"]"]),
  ]

  @Test(arguments: cases) private func `what is proposed loads the file`(_ wanted: Case) throws {
    let inspection = try inspection(of: wanted.file)
    #expect(inspection.options == wanted.options)
    #expect(inspection.mapping == wanted.mapping)
    #expect(inspection.format == nil)
    #expect(inspection.routeText == ["target: liquid", Self.item, "mapping: \(wanted.mapping.path)"] + wanted.route)
  }

  @Test(arguments: cases) private func `a route as proposed has no differences to the file`(_ wanted: Case) throws {
    let inspection = try inspection(of: wanted.file)
    var route = Route(target: .named("liquid"))
    route.csv = wanted.options
    route.mapping = wanted.mapping
    #expect(inspection.differences(from: route) == [])
  }

  @Test func `for LUSID the columns become identifier, name and properties of a scope to be put in`() throws {
    let inspection = try inspection(of: "TA_HOLD.csv", for: .lusid)
    #expect(
      inspection.mapping
        == mapping(
          "ta-hold.yaml",
          [
            "INVESTOR_ID": "identifiers.InvestorRecord/SCOPE/INVESTOR_ID", "NAME": "displayName",
            "UNITS": .init(to: "properties.InvestorRecord/SCOPE/UNITS", type: .number),
          ], constants: [.init(to: "scope", json: "\"SCOPE\"")]))
    #expect(inspection.isUnsure("put your own in place of SCOPE"))
    #expect(inspection.routeText.first == "target: lusid")
  }

  @Test func `what is no data is listed with its lines and the key that skips it`() throws {
    func skipped(_ file: String) throws -> [Layout.SkippedLines] { try #require(inspection(of: file).csv).skipped }
    #expect(try skipped("report.csv") == [.init(first: 6, last: 9, count: 4, what: "footer", by: "skip.last")])
    #expect(try skipped("TA_HOLD.csv") == [.init(first: 4, last: 4, count: 1, what: "trailer", by: "trailer")])
    #expect(
      try skipped("list.csv") == [
        .init(first: 1, last: 2, count: 2, what: "title", by: "skip.first"),
        .init(first: 6, last: 6, count: 1, what: "a row of delimiters alone"),
        .init(count: 1, what: "1 column at the end without name and value"),
      ])
    #expect(try skipped("salden.csv") == [])
  }
}
