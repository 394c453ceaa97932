import Foundation
import JSONText
import Testing
import TestKit

/// Files of other programs that are complete, empty, put together or renamed in ways that somebody should know of.
@Suite struct ExportTroubleTests {
  private func liquid(_ route: [String]) -> @Sendable (String) -> Setup {
    { url in Setup.liquid(url, inbox: [Setup.accountKey] + route) }
  }

  private func data(_ server: LoopbackServer) -> [JSONValue] {
    server.requests.flatMap(\.items).compactMap { $0["data"] }
  }

  @Test func `a file of which nothing is taken, and a second header row, are warnings`() async throws {
    try await withAcceptingWorld(liquid(["skip: {rows: \"D*\"}"])) { world, server in
      try world.drop("a-left.csv", in: "accounts", "accountId,name\nD1,x\nD2,y\n")
      try world.drop("b-pieces.csv", in: "accounts", "accountId,name\n1,A\nname,accountId\nB,2\n")
      try world.drop("c-empty.csv", in: "accounts", "accountId,name\n")
      let log = try await world.workOff()
      let left = try world.receipt("accounts", of: "a-left.csv")
      #expect(left.status == "accepted" && left.items == 0)
      #expect(left["warnings"]?.elements?.map { $0["code"]?.string } == ["nothing-taken"])
      let reason = try #require(left["warnings"]?.elements?.first?["message"]?.string)
      #expect(reason == "the file has no items, but it is not empty: skip.rows leaves out 2 rows")
      #expect(log.contains("nothing-taken") && log.contains(reason), "\(log)")
      let story = try await world.run(["show", left.id]).printed
      #expect(story.contains("nothing-taken: \(reason)"), "\(story)")
      let pieces = try world.receipt("accounts", of: "b-pieces.csv")
      #expect(pieces["warnings"]?.elements?.map { $0["code"]?.string } == ["second-header"])
      #expect(pieces.accepted == 3)
      #expect(try world.receipt("accounts", of: "c-empty.csv")["warnings"] == nil)
      #expect(try await world.run(["verify"]).status == 0)
    }
  }

  @Test func `a UTF-8 file on a route with an 8-bit encoding is a warning, and one in that encoding is none`()
    async throws
  {
    try await withAcceptingWorld(liquid(["encoding: windows-1252"])) { world, server in
      let text = "accountId,name\n1,Müller\n"
      try world.drop("a-utf8.csv", in: "accounts", text)
      try world.drop("b-ascii.csv", in: "accounts", "accountId,name\n1,Miller\n")
      try world.drop("c-right.csv", in: "accounts", Array(try #require(text.data(using: .windowsCP1252))))
      try await world.workOff()
      let wrong = try world.receipt("accounts", of: "a-utf8.csv")
      #expect(wrong["warnings"]?.elements?.map { $0["code"]?.string } == ["looks-like-utf-8"])
      #expect(try world.receipt("accounts", of: "b-ascii.csv")["warnings"] == nil)
      #expect(try world.receipt("accounts", of: "c-right.csv")["warnings"] == nil)
      #expect(data(server).compactMap { $0["name"]?.string } == ["MÃ¼ller", "Miller", "Müller"])
    }
  }

  @Test func `a receipt says what the control totals should be when they disagree, and nothing is sent`() async throws {
    let route = ["delimiter: \";\"", "decimal: \",\"", "trailer: {match: TRL, count: 2, sums: {n: 3}}"]
    let setup = { (url: String) in
      Setup.liquid(url, inbox: [Setup.accountKey, "mapping: mapping.yaml"] + route)
    }
    try await withAcceptingWorld({ _ in Setup(targets: [], inboxes: []) }) { world, server in
      try world.write(
        "columns: {accountId: accountId, n: {to: n, type: number, decimal: \".\", symbols: \"€\"}}\n",
        to: "\(world.folder)/mapping.yaml")
      try world.configure(setup(server.url))
      try world.drop("bad.csv", in: "accounts", "accountId;n\n1;€ 1.50\n2;=\"2.5\"\nTRL;3;4.00\n")
      try await world.workOff(expecting: 1)
      #expect(server.bodies == [])
      let bad = try world.receipt("accounts", of: "bad.csv")
      #expect(bad.errorCode == "control-total-mismatch")
      #expect(bad.error?["message"]?.string == "the trailer says 3 rows, but there are 2")
      #expect(bad["completeness"]?["count"]?["expected"]?.integer == 3)
      #expect(bad["completeness"]?["count"]?["found"]?.integer == 2)
      #expect(bad["completeness"]?["sums"]?["n"]?["found"]?.string == "4.00")
      try world.drop("good.csv", in: "accounts", "accountId;n\n1;€ 1.50\n2;=\"2.5\"\nTRL;2;€4.00\n")
      try await world.workOff()
      #expect(data(server).map { $0["n"] } == [.number("1.50"), .number("2.5")])
    }
  }

  @Test func `a rejects file under another name needs no side file, and is compared with none`() async throws {
    try await withAcceptingWorld(liquid(["checksum: sha256"])) { world, server in
      let header = "_error_code,_error_message,_error_line,accountId\ninvalid-value,no,2,"
      try world.drop("fixed.csv", in: "accounts", header + "1\n")
      try world.drop("packed.csv.gz", in: "accounts", gzipped((header + "2\n").utf8))
      try world.drop(
        "unicode.csv", in: "accounts", Array(("\u{FEFF}" + header + "3\n").data(using: .utf16LittleEndian) ?? Data()))
      try world.drop("side.csv.sha256", in: "accounts", String(repeating: "0", count: 64))
      try world.drop("side.csv", in: "accounts", header + "4\n")
      try world.drop("waits.csv", in: "accounts", "accountId\n5\n")
      try await world.workOff(expecting: 75)
      #expect(Set(data(server).compactMap { $0["accountId"]?.string }) == ["1", "2", "3", "4"])
      #expect(world.names("accounts", "inbox") == ["waits.csv"])
      for receipt in try world.receipts("accounts") { #expect(receipt["completeness"] == nil) }
    }
  }

  @Test func `rejects of a compressed file are for its route, also where others take all other names`() async throws {
    let packed = ["- match: \"*.csv.gz\"", "  target: liquid", "  \(Setup.accountKey)", "  delimiter: \";\""]
    let others = ["- match: \"*\"", "  target: liquid", "  \(Setup.accountKey)", "  format: csv"]
    for (routes, mark) in [(packed, ""), (packed + others, "-gz")] {
      let setup = { (url: String) in Setup.liquid(url, inbox: ["routes:"] + routes.map { "  " + $0 }) }
      try await withAcceptingWorld(setup) { world, server in
        try world.drop("a.csv.gz", in: "accounts", gzipped("accountId;n:number\n1;x\n2;y\n".utf8))
        try await world.workOff(expecting: 1)
        var receipt = try world.receipt("accounts", of: "a.csv.gz")
        var name = try #require(receipt["rejects"]?["file"]?.string)
        #expect(name == "a.\(receipt.id).rejected\(mark).csv")
        // Corrected in two steps: the rejects of the rejects are for the same route, too.
        try world.drop(
          name, in: "accounts", try world.rejects(of: receipt).replacing(";1;x", with: ";1;1"))
        try await world.workOff(expecting: 1)
        let first = receipt.id
        receipt = try world.receipt("accounts", of: name)
        #expect(receipt.file?["corrects"]?.string == first)
        name = try #require(receipt["rejects"]?["file"]?.string)
        #expect(name == "a.\(receipt.id).rejected\(mark).csv")
        try world.drop(
          name, in: "accounts", try world.rejects(of: receipt).replacing(";2;y", with: ";2;2"))
        try await world.workOff()
        #expect(data(server).map { $0["n"] } == [.number("1"), .number("2")])
      }
    }
  }

  @Test func `preview compares a file with its side file and its trailer`() async throws {
    let setup = liquid(["checksum: sha256", "trailer: {match: T, count: 2}", "skip: {rows: D}"])
    try await withAcceptingWorld(setup) { world, server in
      let path = "\(world.folder)/a.csv"
      func preview(_ text: String) async throws -> (status: Int32, printed: String) {
        try world.write(text, to: path)
        let run = try await world.run(["preview", path, "--inbox", "accounts"])
        return (run.status, run.printed)
      }
      let waits = try await preview("accountId,n\n1,2\nT,1\n")
      #expect(waits.printed.hasPrefix("it would wait for its side file \(path).sha256\n"), "\(waits.printed)")
      #expect(waits.printed.contains("number of rows: 1, as expected\n"))
      #expect(waits.status == 0)
      let (status, said) = try await world.tool("cd '\(world.folder)' && sha256sum a.csv > a.csv.sha256")
      #expect(status == 0, "\(said)")
      let good = try await preview("accountId,n\n1,2\nT,1\n")
      #expect(good.printed.contains(", as expected\n") && !good.printed.contains("it would wait"), "\(good.printed)")
      #expect(good.printed.contains("checksum: "))
      #expect(good.status == 0)
      let changed = try await preview("accountId,n\n1,3\nT,1\n")
      #expect(changed.printed.contains("the file would be rejected as a whole: checksum-mismatch: "))
      #expect(changed.status == 1)
      #expect(unlink(path + ".sha256") == 0)
      let short = try await preview("accountId,n\n1,2\nT,2\n")
      #expect(short.printed.contains("number of rows: 1, expected 2\n"), "\(short.printed)")
      #expect(short.printed.contains("control-total-mismatch"))
      let empty = try await preview("accountId,n\nD,2\nT,0\n")
      #expect(empty.printed.contains("\nwarning: nothing-taken: the file has no items"), "\(empty.printed)")
      #expect(empty.status == 0)
      #expect(server.requests.isEmpty)
    }
  }

  @Test func `the header of a rejects file has the bytes that were dropped`() async throws {
    try await withAcceptingWorld(liquid(["encoding: CP932"])) { world, server in
      // CP932 has two codes for this sign, and writes it with the other one.
      let sign: [UInt8] = [0x87, 0x9A]
      let row = Array("1,x,".utf8) + sign + [0x0D, 0x0A]
      try world.drop("a.csv", in: "accounts", Array("accountId,n:number,".utf8) + sign + [0x0D, 0x0A] + row)
      try await world.workOff(expecting: 1)
      let receipt = try world.receipt("accounts", of: "a.csv")
      let name = try #require(receipt["rejects"]?["file"]?.string)
      let rejects = try world.bytes("accounts", "outbox/rejected", name)
      let header = Array("_error_code,_error_message,_error_line,accountId,n:number,".utf8) + sign + [0x0D, 0x0A]
      #expect(rejects.starts(with: header) && rejects.suffix(row.count).elementsEqual(row))
      // Of rejects of rejects, without the old columns.
      try world.drop(name, in: "accounts", rejects)
      try await world.workOff(expecting: 1)
      let again = try #require(try world.receipt("accounts", of: name)["rejects"]?["file"]?.string)
      #expect(try world.bytes("accounts", "outbox/rejected", again).starts(with: header))
      let verify = try await world.run(["verify"])
      #expect(verify.status == 0, "\(verify.printed)")
    }
  }

  @Test func `a file that was put together of pieces is told as that`() async throws {
    let setup = { (url: String) in Setup.liquid(url, inbox: [Setup.accountKey, "mapping: mapping.yaml"]) }
    try await withAcceptingWorld({ _ in Setup(targets: [], inboxes: []) }) { world, server in
      try world.write("columns: {Ref: accountId, Name: name}\n", to: "\(world.folder)/mapping.yaml")
      try world.configure(setup(server.url))
      try world.drop("a.csv", in: "accounts", "17,Ada\n18,Bob\nRef,Name\n19,Cy\n")
      try await world.workOff(expecting: 1)
      let message = try #require(try world.receipt("accounts").error?["message"]?.string)
      let cause = "; line 3 is the header row that is wanted here: the file was probably put together of pieces"
      #expect(message.hasSuffix(cause), "\(message)")
      #expect(server.bodies == [])
    }
  }
}
