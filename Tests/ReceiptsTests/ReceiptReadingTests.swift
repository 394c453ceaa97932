import Core
import Receipts
import Testing

@Suite struct ReceiptReadingTests {
  private let known: Set<APIKind> = ["lusid", "liquid"]

  private static func receipt() -> Receipt {
    var ids = FileIDSource()
    let first = ids.next(at: Timestamp(milliseconds: 1_795_000_000_000))
    let id = ids.next(at: Timestamp(milliseconds: 1_795_000_000_123))
    var counts = FileCounts()
    counts.items = 4
    counts.accepted = 3
    counts.rejected = 1
    counts.unchanged = 1
    counts.requests = 3
    var receipt = Receipt(
      file: Receipt.File(
        id: id, name: "a \"quoted\"\n%FF.csv", inbox: "investors", format: nil, bytes: 12, sha256: "ab",
        receivedAt: id.time, completedAt: id.time + .milliseconds(1001), corrects: first, duplicateOf: first),
      target: Receipt.Target(name: "lusid", api: "lusid", url: "https://example.com/$batchUpsert"), counts: counts)
    receipt.batches = [
      SettledBatch(
        items: 3, accepted: 3, rejected: 0, attempts: 2, unanswered: 1, status: 201, requestID: "r\"1",
        sentAt: Timestamp(milliseconds: 77), ranges: [1...1, 3...4]),
      SettledBatch(
        items: 1, accepted: 0, rejected: 1, attempts: 1, unanswered: 0, status: nil, requestID: nil, sentAt: nil),
    ]
    receipt.rejectsFile = "a.rejected.csv"
    receipt.rejects = [Reject(item: 2, line: 3, key: nil, code: "missing-field", message: "tab\there")]
    receipt.file.owner = "1007"
    receipt.file.otherOwners = ["alice", "bob \"b\""]
    receipt.file.replayOf = first
    receipt.orders = [Receipt.Order(at: Timestamp(milliseconds: 99), order: "retry", by: "ops")]
    receipt.warnings = [FileWarning(.secondHeader, "line 3"), FileWarning(code: "later", message: "\"x\"")]
    receipt.completeness = Completeness(
      count: Completeness.Pair(expected: "995", found: "123456789012345678901234567890"),
      sums: [
        "Amount \"net\"": Completeness.Pair(expected: "12.50", found: "12.5"),
        "B": Completeness.Pair(expected: "0", found: "-0.10"),
      ], checksum: Completeness.Pair(expected: "ab", found: "cd"))
    return receipt
  }

  @Test func `a receipt that is written and read again is the same`() throws {
    let receipt = Self.receipt()
    #expect(try Receipt(json: receipt.json(), apis: known) == receipt)
    var unusable = receipt
    unusable.counts = FileCounts()
    (unusable.target, unusable.batches, unusable.rejects, unusable.rejectsFile) = (nil, [], [], nil)
    unusable.error = FileFault(.malformedJSON, "a comma is missing", line: 3, column: 14)
    #expect(try Receipt(json: unusable.json(), apis: known) == unusable)
    for completeness in [nil, Completeness(), Completeness(checksum: Completeness.Pair(expected: "a", found: "a"))] {
      unusable.completeness = completeness
      #expect(try Receipt(json: unusable.json(), apis: known) == unusable)
    }
  }

  @Test(arguments: [
    ("\"items\": 4", "\"items\": 9223372036854775807", "counts.items is out of range"),
    ("\"accepted\": 3", "\"accepted\": -9223372036854775808", "counts.accepted is out of range"),
    ("\"bytes\": 12", "\"bytes\": 9007199254740993", "file.bytes is out of range"),
    ("\"items\": 4", "\"items\": 1e400", "counts.items is not a number"),
  ])
  func `counts that nothing has are none`(_ old: String, _ new: String, _ words: String) throws {
    let text = String(decoding: Self.receipt().json(), as: UTF8.self)
    try #require(text.contains(old))
    let fault = #expect(throws: ReceiptFault.self) {
      try Receipt(json: Array(text.replacing(old, with: new).utf8), apis: known)
    }
    #expect(fault?.description.contains(words) == true, "\(fault?.description ?? "")")
  }

  @Test func `counts that together pass every number are contradictions, and no trap`() {
    var receipt = Self.receipt()
    (receipt.counts.items, receipt.counts.accepted, receipt.counts.rejected) = (.max, .max, .max)
    receipt.batches[0].accepted = .max
    receipt.batches[1].accepted = .max
    (receipt.batches[0].rejected, receipt.batches[1].rejected) = (.min, .min)
    #expect(receipt.contradictions.contains { $0.contains("one of its batches does not add up") })
    #expect(receipt.json().isEmpty == false)
  }

  @Test func `a file that was used is not one that lacks rows or has another checksum`() {
    var receipt = Self.receipt()
    #expect(receipt.contradictions.contains { $0.contains("instead of 995") })
    #expect(receipt.contradictions.contains { $0.contains("checksum") })
    let same = Completeness.Pair(expected: "1", found: "1")
    receipt.completeness = Completeness(count: same, checksum: same)
    #expect(receipt.contradictions.isEmpty)
  }

  @Test(arguments: [("007", "7"), ("00", "0"), ("", ""), ("0.5", "0.5"), ("many", "many")])
  func `a number of rows that is written as text is the same when it is written again`(text: String, plain: String)
    throws
  {
    let json = String(decoding: Self.receipt().json(), as: UTF8.self)
      .replacing("\"expected\": 995", with: "\"expected\": \"\(text)\"")
    let receipt = try Receipt(json: Array(json.utf8), apis: known)
    #expect(receipt.completeness?.count?.expected == plain)
    #expect(try Receipt(json: receipt.json(), apis: known) == receipt)
  }

  @Test func `members of a later version do no harm`() throws {
    let receipt = Self.receipt()
    let text = String(decoding: receipt.json(), as: UTF8.self)
    let later = text.replacing("\"version\": 1,", with: "\"version\": 1, \"new\": {\"a\": [1]},")
    #expect(try Receipt(json: Array(later.utf8), apis: known) == receipt)
  }

  @Test(arguments: [
    ("\"version\": 1", "\"version\": 2", "version is 2"), ("\"items\": 4", "\"items\": \"4\"", "counts.items"),
    ("\"partial\"", "\"accepted\"", "status"), ("\"status\": 201", "\"status\": 201 1", "not a receipt"),
    ("\"line\": 3", "\"line\": null", "rejects.first[0].line"), ("\"batches\"", "\"batch\"", "batches is not a list"),
    ("[3, 4]", "[4, 3]", "batches[0].ranges is not a list of ranges"),
    ("[3, 4]", "[3]", "batches[0].ranges is not a list of ranges"),
    ("[1, 1]", "[0, 1]", "batches[0].ranges is not a list of ranges"), ("\"by\": ", "\"to\": ", "orders[0].by"),
    ("\"expected\": \"ab\"", "\"expected\": null", "completeness.checksum.expected is neither a string nor a number"),
    ("\"expected\": 995", "\"missing\": 995", "completeness.count.expected is neither a string nor a number"),
    ("\"B\": {", "\"B\": 7, \"C\": {", "completeness.sums.B is not an object"),
  ])
  func `what is no receipt says which member is wrong`(_ old: String, _ new: String, _ words: String) throws {
    let text = String(decoding: Self.receipt().json(), as: UTF8.self)
    try #require(text.contains(old))
    let fault = #expect(throws: ReceiptFault.self) {
      try Receipt(json: Array(text.replacing(old, with: new).utf8), apis: known)
    }
    #expect(fault?.description.contains(words) == true, "\(fault?.description ?? "")")
  }
}
