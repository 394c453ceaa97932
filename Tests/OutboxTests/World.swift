import Core
import Engine
import Foundation
import Outbox
import Testing
import TestKit

/// A real SQLite file in a folder of its own, and the id of one file of three items in two batches.
struct World: Sendable {
  let outbox: Outbox
  let path: String
  let id: FileID

  static func with(_ body: (World) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      try await body(World(outbox: try Outbox(path: path), path: path, id: ids(1)[0]))
    }
  }

  static let time = Timestamp(milliseconds: 1_795_000_000_000)

  /// In order, and the same each time.
  static func ids(_ count: Int) -> [FileID] { (0..<count).map { FileID(at: time, entropy: UInt128($0)) } }

  static func batch(_ numbers: [Int], key: (Int) -> KeyHash? = { _ in nil }) -> Batch {
    let pieces = numbers.map { "{\"n\":\($0)}" }
    return Batch(
      items: zip(numbers, pieces).map {
        BatchItem(
          number: $0, line: $0, source: $0 * 10..<$0 * 10 + 8, pieceLength: $1.utf8.count, key: key($0))
      }, body: Array("[\(pieces.joined(separator: ","))]".utf8))
  }

  static func reject(_ number: Int) -> Reject {
    Reject(item: number, line: number, source: 0..<1, key: nil, fault: ItemFault(.badRequest, "no"))
  }

  static func newFile(_ id: FileID, claimedAt: Int64 = 5, owner: String? = nil) -> NewFile {
    NewFile(
      id: id, inbox: "in", name: Array("a.json".utf8), owner: owner, receivedAt: id.time,
      claimedAt: QueueTime(milliseconds: claimedAt))
  }

  static var facts: FileFacts {
    var facts = FileFacts()
    facts.target = "t"
    facts.api = "liquid"
    facts.url = "http://127.0.0.1/"
    facts.sha256 = "ab"
    return facts
  }

  static func retryState(due: Int64, failures: Int = 1) -> RetryState {
    var retryState = RetryState()
    retryState.due = QueueTime(milliseconds: due)
    retryState.failures = failures
    return retryState
  }

  func stage(_ file: FileID? = nil, batches: [Batch] = [batch([1, 2]), batch([3])], target: String = "t") throws {
    let id = file ?? self.id
    try outbox.commit { commit in
      try commit.begin(Self.newFile(id))
      try commit.stage(
        batches.enumerated().map { ($0 + 1, QueuedBatch($1)) }, rejects: [], of: id, target: target)
    }
  }

  func publish(
    _ file: FileID? = nil, batches: [Batch] = [batch([1, 2]), batch([3])], target: String = "t"
  ) throws {
    try stage(file, batches: batches, target: target)
    var facts = Self.facts
    facts.target = target
    try outbox.commit {
      try $0.publish(file ?? id, facts: facts, items: batches.reduce(0) { $0 + $1.items.count }, rejected: 0)
    }
  }

  func name(_ ordinal: Int) -> BatchName { BatchName(file: id, ordinal: ordinal) }

  func line() async throws -> [WaitingBatch] { try await outbox.line(for: "t", after: nil, limit: 10).batches }

  func lease(_ ordinals: [Int], attempts: Int = 0, dueAfterCrash due: Int64 = 0) async throws -> LeaseResult {
    try await outbox.lease(
      ordinals.map { (name($0), attempts) }, dueAfterCrash: QueueTime(milliseconds: due))
  }

  func apply(
    _ ordinal: Int, _ change: BatchChange, request: RequestFacts? = nil
  ) async throws -> ChangeResult {
    try #require(
      try await outbox.apply([(name(ordinal), change)], request: request).first)
  }

  func record() async throws -> FileRecord { try #require(try await outbox.file(id)) }

  /// Runs statements on the file from outside.
  func sql(_ statements: String) throws { try Self.sql(path, statements) }

  static func sql(_ path: String, _ statements: String) throws {
    try run(
      "python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.close()",
      path, statements)
  }

  /// Runs a command to its end.
  static func run(_ command: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

let answered = RequestFacts(
  status: 201, requestID: "r", sentAt: Timestamp(milliseconds: 7), url: "http://127.0.0.1/answered")

func settlement(_ accepted: Int, unchanged: Int = 0, rejects: [Reject] = [], rest: Batch? = nil) -> BatchChange {
  .settle(Settlement(accepted: accepted, unchanged: unchanged, rejects: rejects, rest: rest))
}

extension LeaseResult {
  var batches: [QueuedBatch] {
    guard case .leased(let batches) = self else { return [] }
    return batches
  }
}
