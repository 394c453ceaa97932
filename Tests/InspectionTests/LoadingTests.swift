import APIs
import Core
import Formats
import Settings
import Testing

@testable import Inspection

/// What is proposed for a file, used to read it with the readers of dropped files.
@Suite struct LoadingTests {
  private struct Loaded {
    var items: [String] = []
    var faults: [ItemFault] = []
    var completeness: Completeness?
  }

  /// Reads the whole file as the daemon would with the proposed route and mapping.
  private func load(_ inspection: Inspection) throws -> Loaded {
    var options = try #require(inspection.options)
    let bytes = inspection.sample.head
    var encoding = bytes.starts(with: [0xFF, 0xFE]) ? TextEncoding.utf16LittleEndian : .utf8
    if let name = options.encoding { encoding = try #require(TextEncoding(named: name)) }
    var source = try DecodedBytes(MemoryBytes(bytes), encoding: encoding)
    var terms = APIOptions()
    terms.route = inspection.own
    let api = try #require(APIs[inspection.api]).makeAPI(terms)
    let kind = inspection.format ?? FileType(fileName: Array(inspection.sample.name.utf8))?.kind ?? .csv
    if kind == .tsv { options.delimiter = .character("\t") }
    var loaded = Loaded()
    var piece: [UInt8] = []
    let outcome = try CSVReader(options, limits: ReaderLimits()).readItems(
      &source,
      plan: { header in
        let plan = try RowPlan(header, mapping: inspection.mapping, options: options) { _ in nil }
        let template = try plan.template(empty: .omit, limits: ReaderLimits()) { path throws(FileFault) in
          try api.place(steps: path.steps, type: path.type, text: path.text)
        }
        if let lack = api.missingColumn(in: plan.paths) { throw FileFault(.missingColumn, lack) }
        return template
      },
      each: { item, json in
        do throws(ItemFault) {
          if let fault = item.fault { throw fault }
          piece.removeAll()
          _ = try api.prepare(json, number: item.number, requestID: item.requestID, into: &piece)
          loaded.items.append(String(decoding: piece, as: UTF8.self))
        } catch {
          loaded.faults.append(error)
        }
      })
    loaded.completeness = outcome.completeness
    return loaded
  }

  private static let files = [
    "TA_HOLD.csv", "access.csv", "ambiguous.csv", "clients.csv", "comments.csv", "contacts.csv", "dos.csv",
    "export.csv",
    "frame.csv", "holdings.txt", "kunden.csv", "liquid.csv", "list.csv", "mac.csv", "outfile.tsv", "plain16.csv",
    "prices.out.txt", "quotes.csv", "report.csv", "salden.csv", "sap.csv", "sep.csv", "settled.csv", "twice.csv",
    "umsaetze.csv", "unicode.txt", "unquoted.csv",
  ]

  @Test(arguments: files) func `every row is loaded, and none is refused`(_ file: String) throws {
    let inspection = try inspection(of: file)
    let loaded = try load(inspection)
    #expect(loaded.faults == [])
    #expect(loaded.items.count == inspection.csv?.rowCount)
  }

  // A bank's payments have neither an identifier nor a name, and one row of export.csv has none.
  @Test(arguments: files.filter { $0 != "umsaetze.csv" && $0 != "export.csv" } + ["lusid.csv"])
  func `so it is for LUSID`(_ file: String) throws {
    let inspection = try inspection(of: file, for: .lusid)
    let loaded = try load(inspection)
    #expect(loaded.faults == [])
    #expect(loaded.items.count == inspection.csv?.rowCount)
  }

  @Test func `what LUSID would refuse is said before`() throws {
    let inspection = try inspection(of: "export.csv", for: .lusid)
    #expect(try load(inspection).faults.map(\.code) == [.missingField])
    #expect(inspection.isUnsure("what displayName is where \"name\" is empty"))
  }

  @Test func `the six exports give what their readers want`() throws {
    for (file, data) in [
      (
        "salden.csv",
        [
          #"{"accountId":"00017","balance":1234.56}"#, #"{"accountId":"00018","balance":-17.00}"#,
          #"{"accountId":"00019","balance":1250}"#,
        ]
      ),
      ("clients.csv", [#"{"accountId":"17","name":"José Müller"}"#]),
      ("report.csv", [#"{"accountId":"001A","name":"Acme"}"#, #"{"accountId":"001B","name":"Bolt"}"#]),
      (
        "TA_HOLD.csv",
        [#"{"accountId":"17","name":"Ada","units":1000.0000}"#, #"{"accountId":"18","name":"Bob","units":-5.0000}"#]
      ),
      ("list.csv", [#"{"accountId":"17","name":"Ada"}"#, #"{"accountId":"18","name":"Bob"}"#]),
      ("export.csv", [#"{"accountId":"17","name":"O\"Neil"}"#, #"{"accountId":"18","country":"UK"}"#]),
    ] {
      let loaded = try load(try inspection(of: file))
      let header = #"{"headers":{"category":"entity","type":"Account","action":"Merge"},"data":"#
      #expect(loaded.items == data.map { "\(header)\($0)}" })
    }
  }

  @Test func `totals that inspect found to agree are compared again`() throws {
    for (file, sums) in [("TA_HOLD.csv", ["UNITS"]), ("holdings.txt", ["UNITS"]), ("umsaetze.csv", ["Betrag"])] {
      let completeness = try #require(try load(try inspection(of: file)).completeness)
      #expect(completeness.sums.keys.sorted() == sums)
      #expect((completeness.count != nil) == (file != "umsaetze.csv"))
    }
  }
}

/// Content in memory.
private struct MemoryBytes: PositionedBytes, ~Copyable {
  let path = "memory"
  private(set) var position = 0
  private let content: [UInt8]

  init(_ content: [UInt8]) { self.content = content }

  mutating func read(upTo count: Int, into buffer: inout [UInt8]) {
    let piece = content.dropFirst(position).prefix(count)
    buffer += piece
    position += piece.count
  }

  mutating func move(to position: Int) { self.position = min(position, content.count) }
}
