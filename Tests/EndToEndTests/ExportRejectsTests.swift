import Foundation
import JSONText
import Testing
import TestKit

/// Rejects of files in other dialects and encodings: written as they were dropped, and loaded again once corrected.
@Suite struct ExportRejectsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var encoding = String.Encoding.utf8
    var route: [String] = []
    /// The row with the id 3 is rejected.
    var dropped: String
    /// What the rejects file holds; MESSAGE is the placeholder for the reason.
    var rejects: String
    /// What is wrong in it, and what it is corrected to.
    var mistake = "x9"
    var correction = "9"

    var testDescription: String { name }
  }

  private static let cases = [
    Case(
      name: "windows-1252 with semicolons", encoding: .windowsCP1252,
      route: ["encoding: windows-1252", "delimiter: \";\""],
      dropped: "Id;Größe;Name\r\n1;1;é\r\n2;2;Müller\r\n3;x9;\"Œu;vre €\"\r\n4;4;z\r\n",
      rejects: "_error_code;_error_message;_error_line;Id;Größe;Name\r\ninvalid-value;MESSAGE;4;3;x9;\"Œu;vre €\"\r\n"),
    Case(
      name: "UTF-16 by its mark, tabs", encoding: .utf16LittleEndian, route: ["delimiter: tab"],
      dropped: "\u{FEFF}Id\tGröße\tName\r\n3\tx9\t😀\r\n",
      rejects:
        "\u{FEFF}_error_code\t_error_message\t_error_line\tId\tGröße\tName\r\ninvalid-value\tMESSAGE\t2\t3\tx9\t😀\r\n"),
    Case(
      name: "Shift_JIS", encoding: .shiftJIS, route: ["encoding: Shift_JIS"],
      dropped: "Id,Größe,Name\n3,x9,表計算\n".replacing("Größe", with: "大"),
      rejects: "_error_code,_error_message,_error_line,Id,大,Name\ninvalid-value,MESSAGE,2,3,x9,表計算\n"),
    Case(
      name: "sep= and a header below a title", route: ["skip: {first: 2, last: 1}"],
      dropped: "sep=|\nTitle\nId|Größe|Name\n3|x9|a,b\nTotal\n",
      rejects: "sep=|\n_error_code|_error_message|_error_line|Id|Größe|Name\ninvalid-value|MESSAGE|4|3|x9|a,b\n"),
    Case(
      name: "no header row, no quotes, CR", route: ["header: [Id, Größe, Name]", "quote: none", "delimiter: \"|\""],
      dropped: "1|1|a\r3|x9|\"b\r4|4|c\r",
      rejects: "_error_code|_error_message|_error_line|Id|Größe|Name\rinvalid-value|MESSAGE|2|3|x9|\"b\r"),
    Case(
      name: "escapes", route: [#"escape: "\\""#, #"null: ["\\N"]"#],
      dropped: "Id,Größe,Name\n3,x9,\"a\\\"\\\nb\"\n5,5,\\N\n",
      rejects: "_error_code,_error_message,_error_line,Id,Größe,Name\ninvalid-value,MESSAGE,2,3,x9,\"a\\\"\\\nb\"\n"),
    Case(
      name: "a trailer and an end mark",
      route: ["trailer: {match: T, count: 2}", "skip: {after: END, before: START}"],
      dropped: "START\nId,Größe,Name\n3,x9,a\nT,1\nEND\n",
      rejects: "_error_code,_error_message,_error_line,Id,Größe,Name\ninvalid-value,MESSAGE,3,3,x9,a\n"),
  ]

  @Test(arguments: cases)
  func `rejects are written as they were dropped, and load again once corrected`(_ test: Case) async throws {
    try await withAcceptingWorld({ _ in Setup(targets: [], inboxes: []) }) { world, server in
      let size = test.dropped.contains("大") ? "大" : "Größe"
      try world.write(
        "columns: {Id: accountId, \(size): {to: size, type: number}, Name: name}\n", to: "\(world.folder)/mapping.yaml")
      try world.configure(
        .liquid(
          server.url,
          inbox: ["routes:", "  - match: \"export.csv\"", "    target: liquid", "    \(Setup.accountKey)"]
            + (["mapping: mapping.yaml"] + test.route).map { "    " + $0 }))
      try world.drop("export.csv", in: "accounts", Array(test.dropped.data(using: test.encoding) ?? Data()))
      try await world.workOff(expecting: 1)
      let receipt = try #require(try world.receipts("accounts").first)
      #expect(receipt["error"] == nil, "\(receipt.document)")
      let name = try #require(receipt["rejects"]?["file"]?.string)
      let bytes = Data(try world.bytes("accounts", "outbox/rejected", name))
      let text = try #require(String(data: bytes, encoding: test.encoding))
      let message = try #require(receipt.first.last?["message"]?.string)
      let quoted = message.contains("\"") ? "\"\(message.replacing("\"", with: "\"\""))\"" : message
      let escaped =
        test.route.contains { $0.hasPrefix("escape") } ? "\"\(message.replacing("\"", with: "\\\""))\"" : quoted
      let written = test.route.contains("quote: none") ? message : escaped
      #expect(
        text.hasSuffix(String(test.rejects.replacing("MESSAGE", with: written).split(separator: "invalid").last ?? "-"))
      )
      #expect(text.hasPrefix(String(test.rejects.split(separator: "invalid").first ?? "-")), "\(text)")

      let corrected = text.replacing("\(test.mistake)", with: test.correction)
      try world.drop(name, in: "accounts", Array(corrected.data(using: test.encoding) ?? Data()))
      try await world.workOff()
      let second = try #require(try world.receipts("accounts").first { $0["file"]?["corrects"] != nil })
      #expect(second["file"]?["corrects"]?.string == receipt.id)
      #expect(second.status == "accepted", "\(second.document)")
      let item = try #require(server.requests.last?.items.last?["data"])
      #expect(item["accountId"]?.string == "3")
      #expect(item["size"] == .number("9"))
    }
  }
}
