import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// The names in a folder, byte for byte.
private func rawNames(_ folder: String) -> Set<[UInt8]> {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: Set<[UInt8]> = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) {
        Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
      }
    }
    if name != [0x2E] && name != [0x2E, 0x2E] { names.insert(name) }
  }
  return names
}

@Suite struct InputNamesTests {
  @Test func `every name that Linux allows gives the result names of the contract`() async throws {
    let good = record("good")
    let item = Array("[\(good),{}]".utf8)
    // 26 characters of id, and what follows a name of any length.
    let long = String(repeating: "é", count: 125)  // 250 bytes
    let cases: [(name: [UInt8], shown: String, stem: String, ending: String)] = [
      (Array("a b.json".utf8), "a b.json", "a b", ".json"),
      (Array(" lead.json".utf8), " lead.json", " lead", ".json"),
      (Array("it's \"quoted\".json".utf8), "it's \"quoted\".json", "it's \"quoted\"", ".json"),
      (Array("new\nline\ttab.json".utf8), "new\nline\ttab.json", "new\nline\ttab", ".json"),
      (Array("$HOME;`id`&*?[x].json".utf8), "$HOME;`id`&*?[x].json", "$HOME;`id`&*?[x]", ".json"),
      (Array("-rf.json".utf8), "-rf.json", "-rf", ".json"),
      (Array("BIG.JSON".utf8), "BIG.JSON", "BIG", ".JSON"),
      (Array("two.dots.json".utf8), "two.dots.json", "two.dots", ".json"),
      (Array("grüße €😀.json".utf8), "grüße €😀.json", "grüße €😀", ".json"),
      (Array("gru\u{0308}ße.json".utf8), "gru\u{0308}ße.json", "gru\u{0308}ße", ".json"),
      (Array("%FF.json".utf8), "%FF.json", "%FF", ".json"),
      ([0x61, 0xFF, 0x62, 0xC3] + Array(".json".utf8), "a%FFb%C3.json", "a%FFb%C3", ".json"),
      (Array((long + ".json").utf8), long + ".json", long, ".json"),
      (
        Array(repeating: 0xFE, count: 250) + Array(".json".utf8), String(repeating: "%FE", count: 250) + ".json",
        String(repeating: "%FE", count: 250), ".json"
      ),
      (
        Array((String(repeating: "x", count: 247) + ".JSON.Gz").utf8), String(repeating: "x", count: 247) + ".JSON.Gz",
        String(repeating: "x", count: 247), ".JSON.Gz"
      ),
      (Array("c.json.gz".utf8), "c.json.gz", "c", ".json.gz"),
    ]
    try await withAcceptingWorld({ .lusid($0) }) { world, server in
      for file in cases {
        let isGzipped = file.ending.lowercased().hasSuffix(".gz")
        try world.drop(named: file.name, in: "investors", isGzipped ? gzipped(item) : item)
      }
      try await world.workOff(expecting: 1)
      #expect(server.bodies.count == cases.count)
      let receipts = try world.receipts("investors")
      #expect(receipts.count == cases.count)
      var expected: [String: Set<[UInt8]>] = ["outbox/receipts": [], "outbox/rejected": [], "archive": []]
      for file in cases {
        let receipt = try #require(
          receipts.first { $0.file?["name"]?.string.map { Array($0.utf8) } == Array(file.shown.utf8) }, "\(file.shown)")
        func add(_ folder: String, _ start: String, _ end: String) {
          var start = start
          while start.utf8.count + end.utf8.count > 255 {
            // A byte that is written %FF is cut as one.
            if start.hasSuffix("%FE") { start.removeLast(3) } else { start.unicodeScalars.removeLast() }
          }
          expected[folder]?.insert(Array((start + end).utf8))
        }
        add("outbox/receipts", file.shown, ".\(receipt.id).receipt.json")
        add("outbox/rejected", file.stem, ".\(receipt.id).rejected.json")
        add("archive", file.stem, ".\(receipt.id)\(file.ending)")
        let named = receipt["rejects"]?["file"]?.string.map { Array($0.utf8) } ?? []
        #expect(expected["outbox/rejected"]?.contains(named) == true, "\(file.shown)")
      }
      for (folder, names) in expected {
        let found = rawNames(world.path("investors", folder))
        #expect(
          found == names, "\(folder): \(found.symmetricDifference(names).map { String(decoding: $0, as: UTF8.self) })")
      }
      #expect(rawNames(world.path("investors", "work")) == [])
      #expect(rawNames(world.path("investors", "inbox")) == [])
    }
  }

  @Test func `a file that can't be used keeps its extension in its name`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, _ in
      for name in ["clients.csv.gz", "clients.xlsx", "clients"] { try world.drop(name, in: "investors", "x") }
      try await world.workOff(expecting: 1)
      var expected: Set<String> = []
      for receipt in try world.receipts("investors") {
        let name = receipt.file?["name"]?.string ?? ""
        let dot = name.firstIndex(of: ".") ?? name.endIndex
        expected.insert(name[..<dot] + ".\(receipt.id)" + name[dot...])
      }
      #expect(Set(world.names("investors", "outbox/rejected")) == expected)
      #expect(world.names("investors", "archive") == [])
    }
  }

  @Test func `ignored names are never touched, and status says why`() async throws {
    let ignored = [
      ".hidden.json", "a.json~", "a.json.tmp", "a.json.part", "a.json.partial", "a.json.filepart",
      "a.json.crdownload", "a.json.swp", "draft-1.json",
    ]
    func setup(_ url: String) -> Setup { .lusid(url, inbox: ["ignore: [\"draft-*\"]"]) }
    try await withAcceptingWorld(setup) { world, server in
      let good = record("good")
      for name in ignored { try world.drop(name, in: "investors", good) }
      // Much like them, but not the same.
      let others = ["a.tmp.json", "tmp.json", "~a.json", "Draft-1.json"]
      for name in others { try world.drop(name, in: "investors", good) }
      try await world.workOff()
      #expect(Set(world.names("investors", "inbox")) == Set(ignored))
      #expect(try world.receipts("investors").count == others.count)
      #expect(server.bodies.count == others.count)
      let unclaimed = try await world.status()["inboxes"]?.elements?.first?["unclaimed"]?.elements ?? []
      #expect(Set(unclaimed.compactMap { $0["name"]?.string }) == Set(ignored))
      #expect(unclaimed.allSatisfy { $0["reason"]?.string?.hasPrefix("ignored") == true })
    }
  }

  @Test func `no name can end a line or steer the terminal of the person who looks`() async throws {
    try await withAcceptingWorld({ .lusid($0) }) { world, _ in
      let names = ["a\nb.json", "c\u{1B}[31md.json", "e\u{9B}31mf.json", "g\u{2028}h.json", "i\rj.json"]
      for name in names { try world.drop(name, in: "investors", "[]") }
      try world.drop("k\n\u{1B}[0m.json.tmp", in: "investors", "[]")
      let log = try await world.workOff()
      let text = try await world.run(["status"]).printed
      for shown in [text, log] {
        #expect(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F || $0 == "\n" }, "\(shown)")
      }
      for word in [
        "a\\nb.json", "c\\u{1B}[31md.json", "e\\u{009B}31mf.json", "g\\u{2028}h.json", "i\\rj.json",
        "k\\n\\u{1B}[0m.json.tmp: ignored",
      ] {
        #expect(lines(text).filter { $0.contains(word) }.count == 1, "\(word) in:\n\(text)")
      }
      #expect(lines(log).allSatisfy { $0.hasPrefix("2") }, "\(log)")
      let path = world.folder + "/p.csv"
      try Data("identifiers.A/b/c,scope,displayName\n\"x\u{1B}[31m\ny\",s,\n".utf8).write(to: URL(filePath: path))
      let preview = try await world.run(["preview", path, "--inbox", "investors"])
      #expect(preview.printed.contains("x\\u{1B}[31m\\ny"), "\(preview.printed)")
      #expect(
        preview.printed.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F || $0 == "\n" },
        "\(preview.printed)")
    }
  }
}
