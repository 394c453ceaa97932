import Core
import Foundation
import Testing

@testable import Formats

@Suite struct FileFormatTests {
  /// Three items, of which the second is to be rejected, in each format.
  static let examples: [FormatKind: (text: String, rejects: String)] = [
    .csv: ("id\n1\n2\n3\n", "_error_code,_error_message,_error_line,id\ninvalid-item,bad,3,2\n"),
    .tsv: (
      "id\tx;y\n1\t\n2\t\n3\t\n", "_error_code\t_error_message\t_error_line\tid\tx;y\ninvalid-item\tbad\t3\t2\t\n"
    ),
    .json: (#"[{"id": 1}, {"id": 2}, {"id": 3}]"#, "[\n{\"id\": 2}!bad\n]\n"),
    .ndjson: ("{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n", "{\"id\": 2}!bad\n"),
    .jsonl: ("{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n", "{\"id\": 2}!bad\n"),
  ]

  @Test(arguments: FormatKind.allCases, [false, true])
  func `each format reads, counts and rejects its items, also from a gzip`(kind: FormatKind, isGzipped: Bool) throws {
    let (text, wanted) = try #require(Self.examples[kind])
    let bytes = isGzipped ? gzipped(Array(text.utf8)) : Array(text.utf8)
    let content = FileContent(start: bytes, isGzipped: isGzipped)
    var options = FormatOptions()
    let key = try #require(testKey)
    options.key = key
    // Files of this kind are separated by tabs, whatever the route says.
    if kind == .tsv { options.csv.delimiter = .character(";") }
    var items: [RawItem] = []
    var texts: [String] = []
    var decoder: (any ItemDecoder)?
    let report = try kind.format.read(
      content, options,
      template: { header in
        try RowPlan(header, mapping: nil, options: options.csv) { _ in nil }
          .template(empty: .omit, limits: options.limits) { .field(PlacedField(path: $0.steps, type: $0.type)) }
      }, fits: { _ in true }, begin: { decoder = $0 },
      each: { block in
        decoder?.decode(block) { item, json in
          items.append(item)
          texts.append(json.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        }
      })
    #expect(items.map(\.number) == [1, 2, 3])
    #expect(items.allSatisfy { $0.fault == nil && $0.tag != nil })
    #expect(texts.allSatisfy { $0.contains("id") } && Set(texts).count == 3)
    #expect(items.allSatisfy { ($0.textStart != nil) == kind.format.keepsItemText })
    #expect(try kind.format.count(content, options) == 3)

    let output = HeldOutput()
    var rejected = Reject(
      item: 2, line: items[1].line, source: items[1].source, key: nil, fault: ItemFault(.invalidItem, "bad"),
      tag: items[1].tag)
    func work() -> RejectsWork {
      RejectsWork(
        output: output, shape: report.shape, layout: report.layout, headerTag: report.headerTag, delimiter: nil,
        key: key, maxItemBytes: 1 << 20, page: { [rejected] in $0 < 2 ? [rejected] : [] },
        annotate: { text, _, item in
          text.withUnsafeBufferPointer { Array($0) } + Array("!\(item.message)".utf8)
        }, onProgress: {})
    }
    #expect(try kind.format.writeRejects(from: content, work()) == 0)
    #expect(String(decoding: output.bytes, as: UTF8.self) == wanted)
    // Something else is there now: only the reason is written.
    output.bytes = []
    rejected.tag = items[0].tag
    #expect(try kind.format.writeRejects(from: content, work()) == 1)
    #expect(String(decoding: output.bytes, as: UTF8.self).contains("bad; the item's text is missing here"))
  }

  @Test func `a rejects file is known by its beginning, whatever it is called`() throws {
    for (kind, example) in Self.examples where kind.format.isTable {
      for isGzipped in [false, true] {
        for (text, isRejects) in [(example.rejects, true), (example.text, false)] {
          let bytes = isGzipped ? gzipped(Array(text.utf8)) : Array(text.utf8)
          let content = FileContent(start: bytes, isGzipped: isGzipped)
          #expect(try kind.format.beginsAsRejectsFile(content, FormatOptions()) == isRejects, "\(kind)")
        }
      }
    }
  }
}

private final class HeldOutput: RejectsOutput {
  var bytes: [UInt8] = []
  var count: Int { bytes.count }
  func append(_ bytes: [UInt8]) { self.bytes += bytes }
  func cut(to count: Int) { bytes.removeLast(bytes.count - count) }
}
