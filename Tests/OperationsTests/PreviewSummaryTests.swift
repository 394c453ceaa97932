import Core
import Engine
import JSONText
import Testing

@testable import Operations

/// What `preview` says first of a file.
@Suite struct PreviewSummaryTests {
  private static func reject(_ item: Int, _ code: String, key: String? = nil) -> Reject {
    Reject(item: item, line: item + 1, source: 0..<1, key: key, code: code, message: "why \(item)")
  }

  private static var summary: PreviewSummary {
    var summary = PreviewSummary()
    (summary.name, summary.bytes, summary.format, summary.inbox) = ("a.csv", 90, "csv", "in")
    summary.target = .init(name: "t", api: "liquid", url: "https://x/y")
    (summary.items, summary.rejected, summary.requests) = (16, 12, 2)
    for item in 1...11 { summary.note(reject(item, "missing-field", key: "k\(item)")) }
    summary.note(reject(12, "invalid-value"))
    for number in 13...16 {
      summary.note(.init(number: number, line: number, body: Array("[{\"a\":{\"b\":1.50},\"c\":[]}]".utf8)))
    }
    return summary
  }

  @Test func `rejects are counted by code, and three items are laid out`() {
    #expect(
      Self.summary.lines.prefix(18) == [
        "a.csv: csv, 90 bytes, in inbox in, to target t at https://x/y",
        "16 items: 4 would be sent in 2 requests, 12 rejected",
        "  11 missing-field: the first is item 1, line 2 (k1): why 1", "   1 invalid-value: item 12, line 13: why 12",
        "",
        "The first 3 items as sent:", "item 13, line 13", "  [", "    {", "      \"a\": {", "        \"b\": 1.50",
        "      },", "      \"c\": []", "    }", "  ]", "item 14, line 14", "  [", "    {",
      ])
    #expect(!Self.summary.lines.contains { $0.contains("item 16") })
  }

  @Test func `a long item is cut, and what is no JSON is shown as it is`() {
    var summary = PreviewSummary()
    summary.items = 2
    summary.note(
      .init(
        number: 1, line: 1, body: Array(("[" + Array(repeating: "1", count: 100).joined(separator: ",") + "]").utf8)))
    summary.note(.init(number: 2, line: 2, body: Array("<a>\u{1B}</a>".utf8)))
    let lines = summary.lines
    #expect(lines.contains("  … 42 more lines"))
    #expect(lines.contains("  <a>\\u{1B}</a>"))
    #expect(lines.contains("The items as sent:"))
  }

  @Test func `of a file that can't be used only that is said`() {
    var summary = Self.summary
    summary.forgetItems()
    summary.fault = FileFault(.malformedCSV, "odd", line: 3, column: 4)
    #expect(summary.lines == ["the file would be rejected as a whole: line 3, column 4: malformed-csv: odd"])
  }

  @Test func `rejects beyond the first hundred are counted but not kept`() {
    var summary = PreviewSummary()
    for item in 1...150 { summary.note(Self.reject(item, "too-deep")) }
    #expect(summary.rejects.count == 100 && summary.codes[0].count == 150)
  }

  @Test func `a document written piece by piece is one document`() throws {
    var text: [UInt8] = []
    var document = JSONDocumentWriter { text += $0 }
    document.member("a\"", .number("1"))
    document.list("none")
    document.endList()
    document.list("two")
    document.element(.string("x"))
    document.element(.null)
    document.endList()
    document.end()
    let value = try JSONValue.parse(text)
    #expect(
      value["a\""]?.integer == 1 && value["none"]?.elements?.isEmpty == true && value["two"]?.elements?.count == 2)
  }

  @Test func `values are laid out line by line, and stay what they are`() throws {
    let value = try JSONValue.parse(Array(#"{"a":[1.50,{"b":null}],"c":{},"d":"x\ny"}"#.utf8))
    #expect(
      value.lines == [
        "{", "  \"a\": [", "    1.50,", "    {", "      \"b\": null", "    }", "  ],", "  \"c\": {},",
        "  \"d\": \"x\\ny\"", "}",
      ])
  }
}
