import Formats
import Testing

@Suite struct AcceptedCSVTests {
  private static func cell(_ text: String) -> String {
    var line: [UInt8] = []
    AcceptedCSV.append(Array(text.utf8), to: &line)
    return String(decoding: line, as: UTF8.self)
  }

  private static let texts = ["", "IR 1", "a, b", "say \"x\"", "=1+1", "-5", "@x", "+1,2", "'=x", "'", "'a", "é客"]

  @Test(
    arguments: zip(
      texts,
      [
        "", "IR 1", "\"a, b\"", "\"say \"\"x\"\"\"", "\"'=1+1\"", "\"'-5\"", "\"'@x\"", "\"'+1,2\"", "'=x", "'", "'a",
        "é客",
      ]))
  func `cells are quoted where they must be, and no spreadsheet takes one for a formula`(text: String, cell: String) {
    #expect(Self.cell(text) == cell)
  }

  @Test func `lines are read as they were written`() {
    for text in Self.texts where text != "'=x" {
      let cells = (0..<AcceptedCSV.columns.count).map { $0 == 2 ? text : "\($0)" }
      let line = cells.map(Self.cell).joined(separator: ",")
      let read = AcceptedCSV.texts(of: Array(line.utf8)[...])
      #expect(read?.map { String(decoding: $0, as: UTF8.self) } == cells, "\(text)")
    }
    for line in ["", "1,2", "\"1,2,3,4,5,6,7,8,9,10", "\"1\"x,2,3,4,5,6,7,8,9,10"] {
      #expect(AcceptedCSV.texts(of: Array(line.utf8)[...]) == nil)
    }
    #expect(
      AcceptedCSV.header
        == Array("item,line,key,batch,request_id,sent_at,answered_at,outcome,api_id,api_version\n".utf8))
  }
}
