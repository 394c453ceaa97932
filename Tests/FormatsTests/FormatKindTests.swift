import Formats
import Testing

@Suite struct FormatKindTests {
  private func format(_ name: String, _ kind: FormatKind? = nil) -> FileType? {
    FileType(fileName: Array(name.utf8), format: kind)
  }

  @Test(arguments: [
    ("a.csv", FormatKind.csv, false), ("a.JSON", .json, false), ("a.b.ndjson.gz", .ndjson, true),
    ("a.Tsv.GZ", .tsv, true), ("a.jsonl", .jsonl, false),
  ])
  func `the extension says what a file is`(name: String, kind: FormatKind, isGzipped: Bool) {
    #expect(format(name)?.kind == kind)
    #expect(format(name)?.isGzipped == isGzipped)
  }

  @Test(arguments: ["a.txt", "a", "", ".gz", "a.gz", "csv", "a.csv.zip"])
  func `a name with another extension says nothing`(name: String) {
    #expect(format(name) == nil)
  }

  @Test(arguments: [("a.json", false), ("a.dat", false), ("POSITIONS", false), ("a.dat.gz", true), ("a.GZ", true)])
  func `a route's format wins over the extension, and .gz still counts`(name: String, isGzipped: Bool) {
    #expect(format(name, .csv)?.kind == .csv)
    #expect(format(name, .csv)?.isGzipped == isGzipped)
  }
}
