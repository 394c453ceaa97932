import Foundation
import JSONText
import Testing
import TestKit

/// A file that can't be used as a whole, and what its receipt has to say.
private struct BadFile {
  var name: String
  var bytes: [UInt8]
  var code: String
  var line: Int?
  var column: Int?
  var words = " "

  init(
    _ name: String, _ bytes: [UInt8], _ code: String, _ line: Int? = nil, _ column: Int? = nil, _ words: String = " "
  ) {
    self.name = name
    self.bytes = bytes
    self.code = code
    self.line = line
    self.column = column
    self.words = words
  }

  init(_ name: String, _ text: String, _ code: String, _ line: Int? = nil, _ column: Int? = nil, _ words: String = " ")
  {
    self.init(name, Array(text.utf8), code, line, column, words)
  }
}

private let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
private let good = record("good")
private let header = "identifiers.InvestorRecord/Test/Id,scope,displayName"
private let row = "A,s,A"

/// `text` in UTF-16 with a byte order mark.
private func utf16(_ text: String, littleEndian: Bool) -> [UInt8] {
  [0xFEFF + 0].flatMap { bytes(UInt16($0), littleEndian) } + text.utf16.flatMap { bytes($0, littleEndian) }
}

private func bytes(_ unit: UInt16, _ littleEndian: Bool) -> [UInt8] {
  let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
  return littleEndian ? [low, high] : [high, low]
}

private let badFiles: [BadFile] = [
  // Nothing in it.
  BadFile("empty.json", "", "empty-file"), BadFile("empty.csv", "", "empty-file"),
  BadFile("empty.tsv", "", "empty-file"), BadFile("empty.ndjson", "", "empty-file"),
  BadFile("empty.jsonl", "", "empty-file"), BadFile("empty.csv.gz", "", "empty-file"),
  BadFile("empty2.csv.gz", gzipped([]), "empty-file"), BadFile("empty2.json.gz", gzipped([]), "empty-file"),
  BadFile("bom.json", mark, "empty-file"), BadFile("bom.csv", mark, "empty-file"),
  BadFile("bom.ndjson", mark, "empty-file"),
  BadFile("blank.json", " \r\n\t\n", "empty-file"), BadFile("blank.csv", "\r\n\n", "empty-file"),
  BadFile("blank.ndjson", "\n \n", "empty-file"),
  // JSON.
  BadFile("nul.json", "[{\"a\":\"\0\"}]", "malformed-json", 1, 8),
  BadFile("nul2.json", "[\(good),\n\0]", "malformed-json", 2, 1),
  BadFile("array.json", "[\n\(good)\n", "malformed-json", 3, 1),
  BadFile("array2.json", "[", "malformed-json", 1, 2),
  BadFile("object.json", "{\"a\":\(good)", "malformed-json", 1, 6 + good.utf8.count),
  BadFile("string.json", "[\"abc", "malformed-json", 1, 6),
  BadFile("comma.json", "[\(good),\n]", "malformed-json", 2, 1),
  BadFile("comma2.json", "[\(good),]", "malformed-json", 1, 3 + good.utf8.count),
  BadFile("comma3.json", "[{\"a\":1,}]", "malformed-json", 1, 9),
  BadFile("behind.json", "[]\n[]", "malformed-json", 2, 1),
  BadFile("two.json", "\(good)\n\(good)\n", "malformed-json", 2, 1, ".ndjson"),
  BadFile("number.json", "[01]", "malformed-json", 1, 3), BadFile("word.json", "[nul]", "malformed-json", 1, 5),
  BadFile("single.json", "['a']", "malformed-json", 1, 2),
  BadFile("late.json", "[\(good),\n\(good),\n  {\"x\": tru }]", "malformed-json", 3, 12),
  BadFile(
    "open.json", "[" + good + "," + String(repeating: "[", count: 100_000), "malformed-json", 1,
    100_003 + good.utf8.count),
  // Encoding.
  BadFile(
    "utf8.json", Array("[{\"displayName\":\"".utf8) + [0xFF] + Array("\"}]".utf8), "invalid-encoding", 1, 18,
    "offset 17"),
  BadFile(
    "utf8b.json", Array("[\n{\"é\":\"".utf8) + [0xC3, 0x28] + Array("\"}]".utf8), "invalid-encoding", 2, 8, "offset 9"),
  BadFile("utf8c.json", mark + [0xFF], "invalid-encoding", 1, 4, "offset 3"),
  BadFile(
    "utf8.csv", Array("\(header)\nA,s,".utf8) + [0xFF, 0x0A], "invalid-encoding", 2, 5,
    "offset \(header.utf8.count + 5)"),
  BadFile(
    "utf8b.csv", mark + Array("\(header)\nA,s,".utf8) + [0xC3], "invalid-encoding", 2, 5,
    "offset \(header.utf8.count + 8)"),
  BadFile("utf16.json", utf16("[\(good)]", littleEndian: true), "invalid-encoding", 1, 1, "offset 0"),
  BadFile("utf16b.json", utf16("[\(good)]", littleEndian: false), "invalid-encoding", 1, 1, "UTF-16"),
  // CSV.
  BadFile("nul.csv", "\(header)\n\(row)\nA,\0,A\n", "malformed-csv", 3, 3, "NUL"),
  BadFile("nul2.csv", "\(header)\n\(row)\nA,\"\0\",A\n", "malformed-csv", 3, 4, "NUL"),
  BadFile("quote.csv", "\(header)\n\(row)\nB,\"s\n,B\n", "malformed-csv", 3, 3),
  BadFile("after.csv", "\(header)\n\(row)\n\"B\"x,s,B\n", "malformed-csv", 3, 4),
  BadFile(
    "repeated.csv", "\(header),displayName\nA,s,A,B\n", "malformed-csv", 1, header.utf8.count + 2, "\"displayName\""),
  BadFile("unmapped.csv", "\(header),Comment\nA,s,A,B\n", "unmapped-column", 1, header.utf8.count + 2, "\"Comment\""),
  BadFile("nameless.csv", "\(header),,description\nA,s,A,,B\n", "malformed-csv", 1, header.utf8.count + 2),
  BadFile(
    "twice.csv", "\(header),displayName:number\nA,s,A,1\n", "malformed-csv", 1, header.utf8.count + 2, "displayName"),
  BadFile("type.csv", "\(header),description:text\nA,s,A,1\n", "malformed-csv", 1, header.utf8.count + 2, "\"text\""),
  // Names.
  BadFile("clients.xlsx", good, "unsupported-format", nil, nil, "CSV UTF-8"),
  BadFile("clients", good, "unsupported-format"),
  BadFile("clients.csv.zip", good, "unsupported-format", nil, nil, "unpack"),
  BadFile("clients.gz", good, "unsupported-format"),
  BadFile("clients.json.gz.gz", good, "unsupported-format"), BadFile("csv", good, "unsupported-format"),
  // Gzip.
  BadFile("plain.json.gz", "[\(good)]", "malformed-gzip", nil, nil, "start"),
  BadFile("cut.json.gz", Array(gzipped("[\(good)]".utf8).dropLast(9)), "malformed-gzip"),
  BadFile("cut2.csv.gz", Array(gzipped("\(header)\n\(row)\n".utf8).dropLast(1)), "malformed-gzip"),
  BadFile("cut3.ndjson.gz", Array(gzipped("\(good)\n".utf8).dropLast(1)), "malformed-gzip"),
  BadFile("head.csv.gz", [0x1F], "malformed-gzip"),
  BadFile("behind.json.gz", gzipped("[\(good)]".utf8) + Array("garbage".utf8), "malformed-gzip", nil, nil, "follow"),
  BadFile("behind.csv.gz", gzipped("\(header)\n\(row)\n".utf8) + [0, 0, 1], "malformed-gzip", nil, nil, "follow"),
  BadFile("sum.json.gz", changed(gzipped("[\(good)]".utf8), at: -6), "malformed-gzip"),
  BadFile(
    "bomb.json.gz", gzipped([UInt8](repeating: 0x20, count: 20 << 20)), "too-large", nil, nil, "limits.max_gzip_ratio"),
  BadFile(
    "bomb.ndjson.gz", gzipped([UInt8](repeating: 0x0A, count: 20 << 20)), "too-large", nil, nil, "limits.max_gzip_ratio"
  ),
  BadFile(
    "bomb.csv.gz", gzipped(Array(header.utf8) + [UInt8](repeating: 0x0A, count: 20 << 20)), "too-large", nil, nil,
    "limits.max_gzip_ratio"),
]

/// `bytes` with one bit turned, `place` counted from the end.
private func changed(_ bytes: [UInt8], at place: Int) -> [UInt8] {
  var bytes = bytes
  bytes[bytes.count + place] ^= 1
  return bytes
}

@Suite struct InputBadFilesTests {
  @Test func `a file that can't be used is put away whole, with its reason, and sends nothing`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      for file in badFiles { try world.drop(file.name, in: "investors", file.bytes) }
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: badFiles.count)
      #expect(server.bodies == [])
      for file in badFiles {
        let receipt = try world.receipt("investors", of: file.name)
        let error = receipt.error
        let message = error?["message"]?.string ?? ""
        #expect(error?["code"]?.string == file.code, "\(file.name): \(message)")
        #expect(error?["line"]?.integer == file.line, "\(file.name): \(message)")
        #expect(error?["column"]?.integer == file.column, "\(file.name): \(message)")
        #expect(message.contains(file.words) && !message.isEmpty, "\(file.name): \(message)")
        #expect(receipt["rejects"]?["file"]?.string == nil, "\(file.name)")
        #expect(receipt.file?["sha256"]?.string?.count == 64, "\(file.name)")
        let dot = file.name.firstIndex(of: ".") ?? file.name.endIndex
        let whole = file.name[..<dot] + ".\(receipt.id)" + file.name[dot...]
        if file.name.hasSuffix(".gz.gz") || file.name.hasSuffix(".zip") { continue }
        #expect(try world.bytes("investors", "outbox/rejected", String(whole)) == file.bytes, "\(file.name)")
      }
    }
  }

  @Test func `a file without items is accepted`() async throws {
    try await withAcceptingWorld({ .lusid($0) + .liquid($0) }) { world, server in
      let files: [String: [UInt8]] = [
        "header.csv": Array(header.utf8), "header2.csv": Array("\(header)\r\n\r\n".utf8),
        "header3.csv": mark + Array("\(header)\n".utf8), "header.csv.gz": gzipped("\(header)\n".utf8),
        "array.json": Array("[]".utf8), "array2.json": mark + Array(" [ ] \n".utf8), "ids.json": Array("{}".utf8),
      ]
      for (name, bytes) in files { try world.drop(name, in: "investors", bytes) }
      try world.drop("array.json", in: "accounts", "[]")
      try world.drop("header.csv", in: "accounts", "accountId")
      try await world.workOff()
      try world.checkResults("investors", files: files.count)
      try world.checkResults("accounts", files: 2)
      for receipt in try world.receipts("investors") + world.receipts("accounts") {
        #expect(receipt.status == "accepted" && receipt.items == 0 && receipt.requests == 0, "\(receipt.name)")
      }
      #expect(server.bodies == [])
    }
  }

  @Test func `a file over max_file_bytes is too large, folded or not`() async throws {
    func setup(_ url: String) -> Setup {
      .lusid(url).with { $0.more = ["limits: {max_file_bytes: 10KiB, max_gzip_ratio: 1000}"] }
    }
    try await withAcceptingWorld(setup) { world, server in
      let big = "[\(good)\(String(repeating: " ", count: 10240))]"
      try world.drop("big.json", in: "investors", big)
      try world.drop("big.json.gz", in: "investors", gzipped(big.utf8))
      try world.drop("fits.json", in: "investors", "[\(good)\(String(repeating: " ", count: 10238 - good.utf8.count))]")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 3)
      for name in ["big.json", "big.json.gz"] {
        let receipt = try world.receipt("investors", of: name)
        #expect(receipt.errorCode == "too-large")
        #expect(receipt.error?["message"]?.string?.contains("limits.max_file_bytes") == true, "\(receipt.document)")
      }
      #expect(try world.receipt("investors", of: "fits.json").status == "accepted")
      #expect(server.bodies == ["{\"item-1\":\(good)}"])
    }
  }

  @Test func `a name that no route matches is refused`() async throws {
    func setup(_ url: String) -> Setup {
      .lusid(url).with { $0.inboxes = ["- name: investors", "  routes: [{match: \"inv-*.json\", target: lusid}]"] }
    }
    try await withAcceptingWorld(setup) { world, server in
      try world.drop("inv-1.json", in: "investors", good)
      try world.drop("other.json", in: "investors", good)
      try world.drop("inv-1.csv", in: "investors", "\(header)\n\(row)\n")
      try await world.workOff(expecting: 1)
      try world.checkResults("investors", files: 3)
      for name in ["other.json", "inv-1.csv"] {
        let receipt = try world.receipt("investors", of: name)
        #expect(receipt.errorCode == "no-route")
        #expect(receipt["target"]?["name"] == nil)
      }
      #expect(server.bodies == ["{\"item-1\":\(good)}"])
    }
  }
}
