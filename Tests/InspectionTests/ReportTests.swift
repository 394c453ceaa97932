import APIs
import Core
import Foundation
import JSONText
import Testing
import TestKit
import Yams

@testable import Inspection

@Suite struct ReportTests {
  private static let files =
    (try? FileManager.default.contentsOfDirectory(
      atPath: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Files").path))?.sorted() ?? []

  /// YAML as JSON, read by another reader than the one that wrote it.
  private func value(_ node: Node) -> JSONValue {
    switch node {
    case .scalar(let scalar):
      if scalar.style != .plain { return .string(scalar.string) }
      if let bool = Bool(scalar.string) { return .bool(bool) }
      if scalar.string == "null" { return .null }
      return Int(scalar.string) != nil ? .number(scalar.string) : .string(scalar.string)
    case .sequence(let sequence): return .array(sequence.map(value))
    case .mapping(let mapping): return .object(mapping.map { ($0.key.scalar?.string ?? "?", value($0.value)) })
    case .alias: return .null
    }
  }

  @Test(arguments: files, [APIKind.lusid, .liquid])
  func `what is printed is the YAML of what is meant`(_ file: String, _ api: APIKind) throws {
    let inspection = try inspection(of: file, for: api)
    let route = try #require(inspection.route)
    let text = inspection.report().joined(separator: "\n")
    let start = try #require(text.range(of: "inboxes:\n"))
    let printed = text[start.lowerBound...].components(separatedBy: "\n\n")
    let inboxes = value(try #require(try Yams.compose(yaml: printed[0])))
    let inbox = try #require(inboxes["inboxes"]?.elements?.first?.members)
    #expect(inbox.first?.name == "name")
    #expect(JSONValue.object(Array(inbox.dropFirst())) == route)
    #expect(inbox.dropFirst().map(\.name) == route.members?.map(\.name))
    if let mapping = inspection.mappingDocument {
      #expect(value(try #require(try Yams.compose(yaml: printed[1]))) == mapping)
    } else {
      #expect(printed.count == 1)
    }
  }

  @Test(arguments: files) func `the report for programs says the same`(_ file: String) throws {
    let inspection = try inspection(of: file)
    let json = try JSONValue.parse(inspection.json().bytes)
    #expect(json["route"] == inspection.route)
    #expect(json["mapping"] == inspection.mappingDocument ?? .null)
    #expect(json["unsure"]?.elements?.compactMap(\.string) == inspection.unsure)
    #expect(json["name"]?.string == file)
    #expect(json["api"]?.string == "liquid")
    if let csv = inspection.csv {
      #expect(json["columns"]?.elements?.compactMap { $0["name"]?.string } == csv.columns.map(\.name))
    }
  }

  @Test func `scalars are quoted where YAML would take them for something else`() {
    for text in [
      "y", "No", "on", "null", "", "-", "1", "1.5", "a: b", "a #b", "[x]", "a,b", " a", "a ", "'", "a\tb", "é", "*",
    ] {
      #expect(YAMLText.scalar(text).hasPrefix("\""), "\(text)")
    }
    for text in ["accountId", "dd/MM/yyyy", "identifiers.InvestorRecord/SCOPE/Id", "Column 1", "utf-16le"] {
      #expect(YAMLText.scalar(text) == text)
    }
  }

  @Test func `nothing in a file reaches the terminal as a control character`() {
    let evil = "\u{1B}[2J\u{7}\u{202E}\u{9B}\u{7F}x"
    let rows = (1...3).map { "\($0)\(evil),\(evil)\($0),\u{1B}]0;title\u{7}\n" }.joined()
    for inspection in [
      inspection(named: "\(evil).csv", "id\(evil),\"na\u{1B}me\",x\n\(rows)"),
      inspection(named: "a.json", "[{\"a\\u001b\":\"\\u001b[2J\u{202E}\"},{\"\u{9B}\":x}]"),
      inspection("id,name\n1,\u{1B}[31m\nTRL\u{1B},2\n"),
    ] {
      let verdict = ReadingVerdict(inbox: "a", items: 1, rejected: 1, fault: evil, rejects: [evil], differences: [evil])
      for line in inspection.report(verdict) + inspection.report() + inspection.unsure {
        #expect(line.onOneLine == line)
      }
    }
  }

  @Test func `samples and names are cut to a limited width`() {
    let long = String(repeating: "x", count: 10_000)
    let inspection = inspection("id,\(long)\n1,\(long)\n")
    let table = inspection.report().filter { $0.contains("xxx") && !$0.contains("\"") && !$0.contains("yaml") }
    #expect(!table.isEmpty)
    #expect(table.allSatisfy { $0.count < 400 })
    #expect(inspection.json().bytes.count < 60_000)
  }

  @Test(
    arguments: [
      ("PK\u{3}\u{4}rest", "Excel workbook (.xlsx)"), ("%PDF-1.7", "PDF"), ("<?xml version=\"1.0\"?>", "XML"),
      ("  <!DOCTYPE html>", "web page"), ("", "it is empty"), ("\u{1F}\u{8B}", "gzip"),
      ("\u{89}PNG\r\n\u{1A}\n\u{0}\u{0}\u{0}\u{D}IHDR", "it is no text: 3 of its first 16 bytes are zero"),
      ("i\u{0}\u{0}\u{0}d\u{0}\u{0}\u{0},\u{0}\u{0}\u{0}", "or in UTF-32"),
      ("\u{FF}\u{FE}\u{0}\u{0}i\u{0}\u{0}\u{0}", "it is in UTF-32"),
      ("\n,,,\n\n", "nothing but blank lines and delimiters"),
    ])
  func `what is no CSV is said`(_ text: String, _ words: String) {
    let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    let inspection = Inspection(FileSample(name: "a.csv", content: bytes))
    #expect(inspection.route == nil)
    #expect(inspection.report().joined().contains(words))
    #expect(inspection.json()["unreadable"]?.string?.contains(words) == true)
  }

  @Test(arguments: 0..<300) func `nothing brings it down`(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var bytes: [UInt8] = []
    if seed % 2 == 0, let file = Self.files.randomElement(using: &random) {
      bytes = try inspection(of: file).sample.head
      for _ in 0..<3 where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes.replaceSubrange(place..<place + 1, with: Self.pieces.randomElement(using: &random) ?? [])
      }
    } else {
      for _ in 0..<Int.random(in: 0...80, using: &random) {
        bytes += Self.pieces.randomElement(using: &random) ?? []
      }
    }
    let name = ["a.csv", "a.tsv", "a.json", "a.ndjson", "a"][Int(seed / 2 % 5)]
    let inspection = Inspection(
      FileSample(name: name, content: bytes), for: .init(api: [nil, APIKind.lusid, .liquid][Int(seed % 3)]))
    #expect(inspection.report().allSatisfy { $0.onOneLine == $0 })
    #expect(throws: Never.self) { try JSONValue.parse(inspection.json().bytes) }
  }

  private static let pieces: [[UInt8]] =
    [
      ",", ";", "|", "\t", "\n", "\r\n", "\r", "\"", "\"\"", "\\", "'", "#", "TRL", "HDR", "1", "1.234,56", "(5)", "-",
      "=",
      "31/01/2026", "id", "name", "NULL", "sep=", "START-OF-DATA\n", "END-OF-DATA\n", "{", "}", "[", "]", ":", "é", " ",
    ].map { Array($0.utf8) } + [[0xFF], [0xFC], [0x00], [0x7F], [0x81], [0xEF, 0xBB, 0xBF], [0xFF, 0xFE]]
}
