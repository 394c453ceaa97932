import Core
import JSONText
import Receipts
import Testing

@Suite struct ReceiptTests {
  private func receipt(items: Int = 2, accepted: Int = 1, rejected: Int = 1) throws -> Receipt {
    var ids = FileIDSource()
    let id = ids.next(at: Timestamp(milliseconds: 1_795_000_000_000))
    var counts = FileCounts()
    counts.items = items
    counts.accepted = accepted
    counts.rejected = rejected
    counts.requests = 3
    return Receipt(
      file: Receipt.File(
        id: id, name: "a \"quoted\"\n%FF.csv", inbox: "investors", format: "csv", bytes: 12, sha256: "ab",
        receivedAt: id.time, completedAt: id.time + .seconds(1), corrects: nil, duplicateOf: nil),
      target: Receipt.Target(name: "lusid", api: "lusid", url: "https://example.com/$batchUpsert"), counts: counts)
  }

  @Test func `a receipt names the file of accepted items where there may be one`() throws {
    var receipt = try receipt()
    #expect(try JSONValue.parse(receipt.json())["results"] == nil)
    receipt.listsAccepted = true
    for file in [nil, "a.csv.ID.accepted.csv"] {
      receipt.acceptedFile = file
      let document = try JSONValue.parse(receipt.json())
      #expect(document["results"]?["file"]?.string == file)
      let read = try Receipt(json: receipt.json(), apis: ["lusid"])
      #expect(read.listsAccepted && read.acceptedFile == file)
      #expect(read.contradictions.contains { $0.contains("results file") } == (file == nil))
    }
  }

  @Test func `a receipt is strict JSON with the contract's members, whatever the names hold`() throws {
    var receipt = try receipt()
    receipt.batches = [
      SettledBatch(
        items: 2, accepted: 1, rejected: 1, attempts: 2, unanswered: 1, status: 201, requestID: "r\"1",
        sentAt: Timestamp(milliseconds: 0), ranges: [1...1, 4...4])
    ]
    receipt.file.owner = "al\"ice"
    receipt.orders = [Receipt.Order(at: Timestamp(milliseconds: 5), order: "cancel", by: "ops")]
    receipt.rejectsFile = "a.rejected.csv"
    receipt.rejects = [Reject(item: 2, line: 3, key: nil, code: "missing-field", message: "tab\there")]
    receipt.warnings = [FileWarning(.nothingTaken, "no \"items\"")]
    receipt.completeness = Completeness(
      count: Completeness.Pair(expected: "0995", found: "000"),
      sums: ["Amount": Completeness.Pair(expected: "12.50", found: "12.50")],
      checksum: Completeness.Pair(expected: "ab", found: "cd"))
    let document = try JSONValue.parse(receipt.json())
    #expect(
      document.members?.map(\.name) == [
        "version", "status", "file", "target", "counts", "batches", "rejects", "completeness", "warnings", "orders",
      ])
    #expect(document["warnings"]?.elements?.map { $0["code"]?.string } == ["nothing-taken"])
    #expect(document["warnings"]?.elements?.first?["message"]?.string == "no \"items\"")
    let completeness = document["completeness"]
    #expect(completeness?.members?.map(\.name) == ["count", "sums", "checksum"])
    // Numbers, as JSON has them; sums keep their digits.
    #expect(completeness?["count"]?["expected"]?.integer == 995)
    #expect(completeness?["count"]?["found"]?.integer == 0)
    #expect(completeness?["sums"]?["Amount"]?["found"]?.string == "12.50")
    #expect(completeness?["checksum"]?["expected"]?.string == "ab")
    #expect(document["version"]?.integer == 1)
    #expect(document["status"]?.string == "partial")
    #expect(document["file"]?["name"]?.string == "a \"quoted\"\n%FF.csv")
    #expect(document["file"]?["corrects"] == nil)
    #expect(document["target"]?["url"]?.string == "https://example.com/$batchUpsert")
    let batch = document["batches"]?.elements?.first
    #expect(batch?["sequence"]?.integer == 1)
    #expect(batch?["requestId"]?.string == "r\"1")
    #expect(batch?["sentAt"]?.string == "1970-01-01T00:00:00.000Z")
    #expect(batch?["ranges"]?.elements?.map { $0.elements?.map(\.integer) } == [[1, 1], [4, 4]])
    #expect(document["file"]?["owner"]?.string == "al\"ice")
    let order = document["orders"]?.elements?.first
    #expect(order?["at"]?.string == "1970-01-01T00:00:00.005Z")
    #expect(order?["order"]?.string == "cancel")
    #expect(order?["by"]?.string == "ops")
    #expect(document["rejects"]?["first"]?.elements?.first?["message"]?.string == "tab\there")
  }

  @Test func `the status follows from the counts, and a file that could not be used is rejected`() throws {
    #expect(try receipt(items: 2, accepted: 2, rejected: 0).status == .accepted)
    #expect(try receipt(items: 0, accepted: 0, rejected: 0).status == .accepted)
    #expect(try receipt(items: 2, accepted: 0, rejected: 2).status == .rejected)
    var unusable = try receipt(items: 0, accepted: 0, rejected: 0)
    unusable.error = FileFault(.malformedJSON, "a comma is missing", line: 3, column: 14)
    #expect(unusable.status == .rejected)
    let error = try JSONValue.parse(unusable.json())["error"]
    #expect(error?["code"]?.string == "malformed-json")
    #expect(error?["line"]?.integer == 3)
    #expect(error?["column"]?.integer == 14)
  }

  @Test func `without batches it has everything else`() throws {
    let document = try JSONValue.parse(try receipt().json(withBatches: false))
    #expect(document["batches"] == nil)
    #expect(document["orders"] == nil, "no operator gave any")
    #expect(document["completeness"] == nil, "the route asks for nothing")
    #expect(document["file"]?["owner"] == nil)
    #expect(document["counts"]?["requests"]?.integer == 3)
  }
}
