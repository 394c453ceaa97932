import Core
import Testing

@testable import Spool

@Suite struct ResultNamesTests {
  static let id = FileID.example()

  struct Row: Sendable {
    var dropped: String
    var receipt: String
    var rejected: String
    var archive: String
  }

  static let table = [
    Row(
      dropped: "clients.csv", receipt: "clients.csv.ID.receipt.json", rejected: "clients.ID.rejected.csv",
      archive: "clients.ID.csv"),
    Row(
      dropped: "clients.csv.gz", receipt: "clients.csv.gz.ID.receipt.json", rejected: "clients.ID.rejected.csv",
      archive: "clients.ID.csv.gz"),
    Row(
      dropped: "Clients.CSV.GZ", receipt: "Clients.CSV.GZ.ID.receipt.json", rejected: "Clients.ID.rejected.csv",
      archive: "Clients.ID.CSV.GZ"),
    Row(
      dropped: "a.b.2024.ndjson", receipt: "a.b.2024.ndjson.ID.receipt.json", rejected: "a.b.2024.ID.rejected.csv",
      archive: "a.b.2024.ID.ndjson"),
    Row(dropped: "plain", receipt: "plain.ID.receipt.json", rejected: "plain.ID.rejected.csv", archive: "plain.ID"),
    Row(dropped: "dot.", receipt: "dot..ID.receipt.json", rejected: "dot..ID.rejected.csv", archive: "dot..ID"),
    Row(
      dropped: "notes v1.0 final", receipt: "notes v1.0 final.ID.receipt.json",
      rejected: "notes v1.0 final.ID.rejected.csv", archive: "notes v1.0 final.ID"),
    Row(
      dropped: "data.tar.gz", receipt: "data.tar.gz.ID.receipt.json", rejected: "data.ID.rejected.csv",
      archive: "data.ID.tar.gz"),
    Row(
      dropped: "only.gz", receipt: "only.gz.ID.receipt.json", rejected: "only.ID.rejected.csv", archive: "only.ID.gz"),
    Row(
      dropped: "two\nlines \"quoted\".json", receipt: "two\nlines \"quoted\".json.ID.receipt.json",
      rejected: "two\nlines \"quoted\".ID.rejected.csv", archive: "two\nlines \"quoted\".ID.json"),
  ]

  @Test(arguments: table) func `results are called after the dropped file and its id`(row: Row) throws {
    let names = ResultNames(dropped: try #require(FileName(row.dropped)), id: Self.id)
    func filled(_ text: String) -> String { text.replacing("ID", with: Self.id.text) }
    #expect(names.receipt.display == filled(row.receipt))
    #expect(names.rejected(format: "csv").display == filled(row.rejected))
    #expect(names.archive.display == filled(row.archive))
    #expect(names.accepted.display == "\(row.dropped).\(Self.id).accepted.csv")
    #expect(names.unusable == names.archive)
    #expect(names.work.display == "\(Self.id.text).\(row.dropped)")
  }

  @Test func `rejects of a compressed file may say so, and those of the rejects, too`() throws {
    let names = ResultNames(dropped: "clients.csv.gz", id: Self.id)
    let marked = names.rejected(format: nil, marksGzip: true)
    #expect(marked.display == "clients.\(Self.id).rejected-gz.csv")
    let rejects = try #require(RejectsFileName(marked.bytes))
    #expect(rejects.original == Array("clients.csv.gz".utf8))
    #expect(rejects.corrects == Self.id)
    let again = ResultNames(dropped: marked, id: Self.id).rejected(format: nil, marksGzip: true)
    #expect(again == marked)
    for (ending, original) in [("-gz (1).csv", "clients.csv.gz"), ("-gzip.csv", "clients.csv"), ("-gz", "clients.gz")] {
      let name = Array("clients.\(Self.id).rejected\(ending)".utf8)
      #expect(RejectsFileName(name)?.original == Array(original.utf8))
    }
  }

  @Test func `bytes that are not UTF-8 are written out in results but not in work`() throws {
    let name = try #require(FileName(bytes: [0x61, 0xff] + Array(".csv".utf8)))
    let names = ResultNames(dropped: name, id: Self.id)
    #expect(names.receipt.display == "a%FF.csv.\(Self.id).receipt.json")
    #expect(names.archive.bytes == Array("a%FF.\(Self.id).csv".utf8))
    #expect(names.work.bytes == Array("\(Self.id).a".utf8) + [0xff] + Array(".csv".utf8))
  }

  @Test(arguments: ["x", "ü", "客", "🙂"]) func `a long name is cut before the id, between characters`(
    letter: String
  ) throws {
    let text = "1" + String(repeating: letter, count: 250 / letter.utf8.count) + ".csv"
    let names = ResultNames(dropped: try #require(FileName(text)), id: Self.id)
    for name in [names.receipt, names.rejected(format: "ndjson"), names.archive, names.work] {
      #expect((252...255).contains(name.bytes.count))
      #expect(String(validating: name.bytes, as: UTF8.self) != nil)
    }
    #expect(names.receipt.display.hasSuffix(letter + ".\(Self.id).receipt.json"))
    #expect(names.rejected(format: "ndjson").display.hasSuffix(letter + ".\(Self.id).rejected.ndjson"))
    #expect(names.archive.display.hasSuffix(letter + ".\(Self.id).csv"))
    #expect(names.work.display.hasPrefix("\(Self.id).1"))
  }

  @Test func `a cut never leaves half a percent escape`() throws {
    for spare in 0..<3 {
      let bytes = [UInt8](repeating: 0x61, count: spare) + [UInt8](repeating: 0xff, count: 240)
      let name = ResultNames(dropped: try #require(FileName(bytes: bytes)), id: Self.id).receipt
      #expect((253...255).contains(name.bytes.count))
      #expect(name.display.hasSuffix("%FF.\(Self.id).receipt.json"))
    }
  }

  @Test func `a rejects file's name tells which file it corrects`() throws {
    let (first, second) = (FileID.example(1), FileID.example(2))
    func corrected(_ text: String) -> FileID? { FileName(text).flatMap(ResultNames.correctedFileID) }
    #expect(corrected("clients.\(first).rejected.csv") == first)
    #expect(corrected("clients.\(first).rejected.csv.gz") == first)
    #expect(corrected("clients.\(first).rejected.\(second).rejected.csv") == second)
    #expect(corrected("clients.\(first).rejected (1).csv") == first)
    #expect(corrected("clients.\(first).rejected-fixed.csv") == first)
    #expect(corrected("clients.\(first).rejected") == first)
    // Not rejects files.
    #expect(corrected("clients.csv") == nil)
    #expect(corrected("clients.\(first).csv") == nil)
    #expect(corrected("clients.\(first).rejectedness.csv") == nil)
    #expect(corrected("clients.rejected.csv") == nil)
    #expect(corrected("clients\(first).rejected.csv") == nil)
    #expect(corrected("\(first).rejected.csv") == nil)
    #expect(corrected("clients.\(first.text.lowercased()).rejected.csv") == nil)
    #expect(corrected(".rejected") == nil)
    #expect(corrected("x") == nil)
  }

  @Test func `the rejects of a corrected rejects file do not get a longer name`() throws {
    let (first, second) = (FileID.example(1), FileID.example(2))
    func names(_ text: String) throws -> ResultNames {
      ResultNames(dropped: try #require(FileName(text)), id: second)
    }
    func rejects(_ text: String) throws -> String { try names(text).rejected(format: "csv").display }
    for dropped in [
      "clients.v2.\(first).rejected.csv", "clients.v2.\(first).rejected.csv.gz", "clients.v2.\(first).rejected (1).csv",
      "clients.v2.\(first).rejected-fixed.csv", "clients.v2.\(first).rejected.\(first).rejected.csv",
    ] {
      #expect(try rejects(dropped) == "clients.v2.\(second).rejected.csv")
    }
    // Everything else keeps the dropped name.
    let corrected = try names("clients.\(first).rejected.csv")
    #expect(corrected.receipt.display == "clients.\(first).rejected.csv.\(second).receipt.json")
    #expect(corrected.archive.display == "clients.\(first).rejected.\(second).csv")
    #expect(try rejects("clients.\(first).csv") == "clients.\(first).\(second).rejected.csv")
    #expect(try rejects("clients.rejected.csv") == "clients.rejected.\(second).rejected.csv")
  }

  @Test(arguments: [
    ("a.dat", ".dat"), ("a.dat.gz", ".dat"), ("POSITIONS", ""), ("a.gz", ""), ("v1.0 final", ""), ("a.json", ".json"),
  ])
  func `rejects that keep the dropped extension keep it through corrections`(dropped: String, ending: String) throws {
    let (first, second) = (FileID.example(1), FileID.example(2))
    let name = ResultNames(dropped: try #require(FileName(dropped)), id: first).rejected(format: nil)
    #expect(name.display.hasSuffix(".\(first).rejected\(ending)"))
    let again = ResultNames(dropped: name, id: second).rejected(format: nil)
    #expect(again.display == name.display.replacing(first.text, with: second.text))
  }

  @Test func `the name that a rejects file gets is one that tells`() throws {
    for dropped in FileNameTests.awkward {
      let names = ResultNames(dropped: try #require(FileName(bytes: dropped)), id: Self.id)
      #expect(ResultNames.correctedFileID(of: names.rejected(format: "csv")) == Self.id)
    }
  }
}
