import Core
import Foundation
import JSONText
import Testing

/// A receipt as a program reads it.
struct Receipt: Sendable {
  let name: String
  let document: JSONValue

  subscript(_ member: String) -> JSONValue? { document[member] }

  var id: String { document["file"]?["id"]?.string ?? "" }
  var status: String? { document["status"]?.string }
  var items: Int? { document["counts"]?["items"]?.integer }
  var accepted: Int? { document["counts"]?["accepted"]?.integer }
  var rejected: Int? { document["counts"]?["rejected"]?.integer }
  var unchanged: Int? { document["counts"]?["unchanged"]?.integer }
  var requests: Int? { document["counts"]?["requests"]?.integer }
  var batches: [JSONValue] { document["batches"]?.elements ?? [] }
  var first: [JSONValue] { document["rejects"]?["first"]?.elements ?? [] }
  var errorCode: String? { document["error"]?["code"]?.string }

  /// The codes of the first rejects by item.
  var codes: [Int: String] {
    Dictionary(
      first.compactMap { reject in
        reject["item"]?.integer.flatMap { item in reject["code"]?.string.map { (item, $0) } }
      }, uniquingKeysWith: { a, b in "\(a) and \(b)" })
  }

  func message(ofItem item: Int) -> String? { first.first { $0["item"]?.integer == item }?["message"]?.string }
}

extension World {
  /// What the contract promises of every inbox in which nothing is under way: every file has one receipt, which adds up, and nothing else is
  /// left.
  ///
  /// - Parameter files: how many were dropped.
  func checkResults(
    _ inbox: String, files: Int, location: SourceLocation = #_sourceLocation
  ) throws {
    let receipts = try receipts(inbox)
    #expect(receipts.count == files, sourceLocation: location)
    #expect(Set(receipts.map(\.id)).count == receipts.count, "a file id stands twice", sourceLocation: location)
    #expect(names(inbox, "inbox") == [], sourceLocation: location)
    #expect(names(inbox, "work") == [], sourceLocation: location)
    var expectedRejects: Set<String> = []
    var expectedArchive: Set<String> = []
    for receipt in receipts {
      check(receipt, location)
      if let rejects = receipt["rejects"]?["file"]?.string { expectedRejects.insert(rejects) }
      let folder = receipt["error"] == nil ? "archive" : "outbox/rejected"
      // `clients.<id>.csv`; the name may hold other ids, where it is that of a rejects file.
      let originals = names(inbox, folder).filter { name in
        let end = name.split(separator: ".", omittingEmptySubsequences: false).suffix(3).drop { $0 != receipt.id }
        return end.first == receipt.id[...]
      }
      try #require(originals.count == 1, "originals: \(originals)", sourceLocation: location)
      if receipt["error"] == nil { expectedArchive.insert(originals[0]) } else { expectedRejects.insert(originals[0]) }
      let size =
        try FileManager.default.attributesOfItem(atPath: "\(path(inbox, folder))/\(originals[0])")[.size] as? Int
      #expect(receipt["file"]?["bytes"]?.integer == size, "\(originals[0])", sourceLocation: location)
      #expect(receipt["file"]?["inbox"]?.string == inbox, sourceLocation: location)
    }
    #expect(Set(names(inbox, "outbox/rejected")) == expectedRejects, sourceLocation: location)
    #expect(Set(names(inbox, "archive")) == expectedArchive, sourceLocation: location)
    #expect(names(inbox, "outbox/receipts").allSatisfy { !$0.hasPrefix(".") }, sourceLocation: location)
  }

  private func check(_ receipt: Receipt, _ location: SourceLocation) {
    let (items, accepted, rejected) = (receipt.items ?? -1, receipt.accepted ?? -1, receipt.rejected ?? -1)
    let batches = receipt.batches
    #expect(receipt["version"]?.integer == 1, sourceLocation: location)
    #expect(items == accepted + rejected, "\(receipt.name)", sourceLocation: location)
    #expect((0...accepted).contains(receipt.unchanged ?? -1), sourceLocation: location)
    let status =
      receipt["error"] != nil ? "rejected" : rejected == 0 ? "accepted" : accepted == 0 ? "rejected" : "partial"
    #expect(receipt.status == status, "\(receipt.name)", sourceLocation: location)
    #expect(receipt["rejects"]?["file"]?.string != nil || rejected == 0, sourceLocation: location)
    #expect(receipt["rejects"]?["file"]?.string == nil || rejected > 0, sourceLocation: location)
    #expect(receipt.first.count == min(rejected, 100), sourceLocation: location)
    let order = receipt.first.compactMap { $0["item"]?.integer }
    #expect(order == Array(Set(order)).sorted(), "the first rejects are out of order", sourceLocation: location)
    let codes = Set(RejectCode.allCases.map(\.rawValue))
    #expect(receipt.first.allSatisfy { $0["code"]?.string.map(codes.contains) == true }, sourceLocation: location)
    #expect(receipt.first.allSatisfy { ($0["line"]?.integer ?? 0) >= 1 }, sourceLocation: location)
    #expect(batches.map { $0["sequence"]?.integer } == (1..<batches.count + 1).map { $0 }, sourceLocation: location)
    #expect(
      batches.reduce(0) { $0 + ($1["accepted"]?.integer ?? 0) } == accepted, "\(receipt.name)", sourceLocation: location
    )
    #expect(batches.reduce(0) { $0 + ($1["rejected"]?.integer ?? 0) } <= rejected, sourceLocation: location)
    for batch in batches {
      let (items, attempts) = (batch["items"]?.integer ?? 0, batch["attempts"]?.integer ?? 0)
      #expect(items == (batch["accepted"]?.integer ?? 0) + (batch["rejected"]?.integer ?? 0), sourceLocation: location)
      #expect(items > 0 && attempts > 0, sourceLocation: location)
      #expect((0...attempts).contains(batch["unanswered"]?.integer ?? -1), sourceLocation: location)
    }
    #expect((receipt.requests ?? -1) >= batches.count, sourceLocation: location)
    if receipt["error"] != nil { #expect(items == 0 && batches.isEmpty, sourceLocation: location) }
  }
}
