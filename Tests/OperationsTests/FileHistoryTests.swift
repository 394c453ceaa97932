import Core
import Receipts
import Spool
import Testing
@testable import Operations
@testable import Results
@testable import Settings

@Suite struct `The history of a file` {
  private static func at(_ second: Int) -> Timestamp {
    Timestamp(milliseconds: 1_763_000_000_000 + Int64(second) * 1000)
  }

  private static func id(_ second: Int) -> FileID { FileID(at: at(second), entropy: 1) }

  /// Of a file that was received at second 5, with an id of second 0, and done at second 60.
  private static func receipt(_ change: (inout Receipt) -> Void) -> Receipt {
    var receipt = Receipt(
      file: Receipt.File(
        id: id(0), name: "a.json", inbox: "clients", format: "json", bytes: 1, sha256: nil, receivedAt: at(5),
        completedAt: at(60), corrects: nil, duplicateOf: nil), target: nil, counts: FileCounts())
    change(&receipt)
    return receipt
  }

  private static func batch(_ second: Int, rejected: Int = 0) -> SettledBatch {
    SettledBatch(
      items: 2, accepted: 2 - rejected, rejected: rejected, attempts: 1, unanswered: 0, status: 201, requestID: nil,
      sentAt: at(second))
  }

  private static func reject(_ item: Int, _ code: RejectCode) -> Reject {
    Reject(item: item, line: item, key: nil, code: code.rawValue, message: "m")
  }

  private func history(
    _ receipt: Receipt, _ change: (inout FileEvidence) -> Void = { _ in }
  ) throws -> FileHistory {
    let name = try #require(FileName("a.json"))
    var found = FileEvidence()
    found.receipt = ReceiptFolders.Found(
      entry: ReceiptFolders.Entry(
        inbox: "clients", id: receipt.file.id, name: "a.json",
        file: ResultNames(dropped: name, id: receipt.file.id).receipt, folder: "/nowhere"), receipt: receipt)
    (found.settled, found.orders) = (receipt.batches, receipt.orders)
    change(&found)
    var settings = Settings(path: "/nowhere/upsertd.yaml")
    settings.spool = "/nowhere"
    return try #require(FileHistory(receipt.file.id, found, inbox: "clients", settings: settings))
  }

  private func text(_ kind: String, _ history: FileHistory) -> String? {
    history.events.first { $0.kind == kind }?.text
  }

  @Test func `it was received when its receipt says so`() throws {
    let history = try history(Self.receipt { _ in })
    #expect(history.events.first?.at == Self.at(5))
    #expect(text("received", history) == "a.json was claimed from inbox clients, 1 byte")
    #expect(String(decoding: history.json, as: UTF8.self).contains("\"receivedAt\": \"\(Self.at(5))\""))
  }

  @Test func `events are in order of time, and what has no time stays where it belongs`() throws {
    let receipt = Self.receipt {
      $0.counts.items = 4
      $0.counts.accepted = 3
      $0.counts.rejected = 1
      $0.rejects = [Self.reject(4, .rejectedByAPI)]
      $0.rejectsFile = "a.x.rejected.json"
      $0.batches = [Self.batch(50, rejected: 1), Self.batch(10)]
      $0.orders = [Receipt.Order(at: Self.at(20), order: "retry", by: "root")]
    }
    let history = try history(receipt) {
      $0.repeatedAs = [Self.id(30), Self.id(80)]
      $0.correctedBy = [Self.id(70)]
    }
    let times = history.events.compactMap(\.at)
    #expect(times == times.sorted())
    #expect(
      history.events.map(\.kind) == [
        "received", "read", "request", "order", "repeated", "request", "rejected", "done", "receipt", "rejects",
        "original", "corrected", "repeated",
      ])
  }

  @Test func `its arrival comes first, also if the clock was set back since`() throws {
    let history = try history(Self.receipt { $0.batches = [Self.batch(-100)] })
    #expect(history.events.map(\.kind).prefix(3) == ["received", "read", "request"])
  }

  @Test func `what was rejected when it was read does not include what was cancelled since`() throws {
    func read(_ rejects: [Reject], of rejected: Int, cancel: Bool) throws -> String? {
      let receipt = Self.receipt {
        $0.counts.items = rejected + 1
        $0.counts.rejected = rejected
        $0.counts.accepted = 1
        $0.rejects = rejects
        if cancel { $0.orders = [Receipt.Order(at: Self.at(20), order: "cancel", by: "root")] }
      }
      return text("read", try history(receipt))
    }
    let mixed = [Self.reject(1, .missingField), Self.reject(2, .cancelled), Self.reject(3, .cancelled)]
    #expect(
      try read(mixed, of: 3, cancel: true)
        == "it contains 4 items, 1 of them rejected without an answer from the API")
    #expect(try read(Array(mixed.suffix(2)), of: 2, cancel: true) == "it contains 3 items")
    // Only the first hundred are known.
    let first = (1...100).map { Self.reject($0, .missingField) }
    #expect(try read(first, of: 150, cancel: true) == "it contains 151 items")
    #expect(
      try read(first, of: 150, cancel: false)
        == "it contains 151 items, 150 of them rejected without an answer from the API")
  }

  @Test func `a single item is spoken of as one`() throws {
    let receipt = Self.receipt {
      $0.counts.items = 1
      $0.counts.rejected = 1
      $0.rejects = [Self.reject(1, .missingField)]
    }
    let history = try history(receipt)
    #expect(text("read", history) == "it contains 1 item, rejected without an answer from the API")
    #expect(text("done", history) == "rejected: 0 of 1 item accepted")
  }

  @Test func `a rejects file that is gone was corrected, if that is known, and else removed`() throws {
    let receipt = Self.receipt { $0.rejectsFile = "a.x.rejected.json" }
    #expect(text("rejects", try history(receipt)) == "a.x.rejected.json was taken away")
    let corrected = try history(receipt) { $0.correctedBy = [Self.id(70)] }
    #expect(text("rejects", corrected) == "a.x.rejected.json was corrected by file \(Self.id(70))")
  }
}
