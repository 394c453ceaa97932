import APIs
import Testing

@testable import Inspection

// One at a time: the others are not to wait for them.
@Suite(.serialized) struct HostileTests {
  private static let hostile: [(name: String, content: String)] = [
    ("one line without an end", String(repeating: "x", count: 1 << 20)),
    ("quotes", String(repeating: "\"", count: 1 << 18)),
    ("open quotes", String(repeating: "\"a\n", count: 1 << 16)),
    ("delimiters", String(repeating: ",", count: 40_000) + "\n"),
    ("columns", (0..<3).map { row in (0..<20_000).map { "\(row)n\($0)" }.joined(separator: ",") + "\n" }.joined()),
    ("one name", String(repeating: "a,", count: 5000) + "a\n" + String(repeating: "1,", count: 5000) + "1\n"),
    (
      "totals",
      (["id"] + (1..<20_000).map { "n\($0)" }).joined(separator: ",") + "\n7" + String(repeating: ",5", count: 19_999)
        + "\nTRL" + String(repeating: ",1", count: 19_999) + "\n"
    ),
    (
      "columns below blank lines",
      String(repeating: "\n", count: 200_000)
        + String(repeating: String(repeating: "1,", count: 2000) + "\n", count: 20)
    ),
    ("markers", String(repeating: "START-OF-FIELDS\n", count: 2000) + String(repeating: "x", count: 1 << 18)),
    ("brackets", String(repeating: "[", count: 1 << 20)),
    ("objects", String(repeating: "{\"a\":", count: 1 << 17)),
    ("members", "{" + (0..<50_000).map { "\"m\($0)\":1" }.joined(separator: ",") + "}"),
  ]

  // Seconds in a build that is not optimized; far more if time grew with the square of the columns.
  @Test(.timeLimit(.minutes(1)), arguments: hostile.indices)
  func `a hostile file is looked at in reasonable time`(_ index: Int) throws {
    let inspection = inspection(Self.hostile[index].content, for: index % 2 == 0 ? .lusid : .liquid)
    #expect(!inspection.report().isEmpty)
    #expect(!inspection.unsure.isEmpty || inspection.json?.faults.isEmpty == false)
  }
}
