import Core
import Engine

extension FileID {
  /// Ids that sort by `number`.
  static func numbered(_ number: Int, _ entropy: UInt128 = 0) -> FileID {
    FileID(at: Timestamp(milliseconds: 1_795_000_000_000 + Int64(number)), entropy: entropy)
  }
}

/// A batch of items with these numbers; each has its number as its piece, and its key, where it has one.
func batch(_ items: [(number: Int, key: UInt64?)]) -> Batch {
  var batch = Batch(items: [], body: [UInt8(ascii: "[")])
  for (number, key) in items {
    if !batch.items.isEmpty { batch.body.append(UInt8(ascii: ",")) }
    let piece = Array(String(number).utf8)
    batch.body += piece
    batch.items.append(
      BatchItem(
        number: number, line: number + 1, source: number * 10..<number * 10 + piece.count, pieceLength: piece.count,
        key: key.map { KeyHash(stored: $0) }, tag: SourceTag(stored: UInt64(number) << 32)))
  }
  batch.body.append(UInt8(ascii: "]"))
  return batch
}

func batch(_ numbers: ClosedRange<Int>) -> Batch { batch(numbers.map { ($0, UInt64($0)) }) }

extension Reject {
  static func of(_ item: Int, _ code: RejectCode = .rejectedByAPI) -> Reject {
    Reject(
      item: item, line: item + 1, source: item * 10..<item * 10 + 1, key: "k\(item)", code: code.rawValue,
      message: "no",
      tag: SourceTag(stored: .max - UInt64(item)))
  }
}

extension RequestFacts {
  static let example = RequestFacts(
    status: 201, requestID: "r", sentAt: Timestamp(milliseconds: 1_795_000_000_500), url: nil,
    answeredAt: Timestamp(milliseconds: 1_795_000_000_600))
}

extension QueueTime {
  static func at(_ milliseconds: Int64) -> QueueTime { QueueTime(milliseconds: milliseconds) }
}

/// A file as a test drops it.
struct DroppedFile {
  var number: Int
  var inbox = "in"
  var target = "t"
  var owner: String?
  var replay: Replay?
  var ordering = Ordering.key
  var successMode = SuccessMode.partial
  var sha256: String?
  var listsAccepted = false
  var batches: [Batch]
  var rejects: [Reject] = []

  var id: FileID { .numbered(number) }
  var new: NewFile {
    NewFile(
      id: id, inbox: inbox, name: Array("f\(number).json".utf8), owner: owner,
      receivedAt: Timestamp(milliseconds: 1_795_000_000_000), claimedAt: .at(1000 + Int64(number)), replay: replay)
  }
  var facts: FileFacts {
    var facts = FileFacts()
    (facts.format, facts.api, facts.target, facts.url) = ("json", "liquid", target, "http://127.0.0.1/old")
    facts.headerTag = SourceTag(stored: .max)
    facts.dialect = "{\"quote\": \"'\"}"
    if number % 2 == 0 { facts.warnings = [FileWarning(.nothingTaken, "\"/é"), FileWarning(.secondHeader, "x")] }
    facts.completeness = Completeness(
      count: Completeness.Pair(expected: "2", found: "2"),
      sums: ["Amount / \"net\"": Completeness.Pair(expected: "1.50", found: "1.50")],
      checksum: number % 2 == 0 ? nil : Completeness.Pair(expected: "ab", found: "ab"))
    (facts.ordering, facts.successMode, facts.sha256, facts.bytes) = (ordering, successMode, sha256, 17)
    facts.listsAccepted = listsAccepted
    return facts
  }
  var items: Int { batches.reduce(0) { $0 + $1.items.count } + rejects.count }

  func name(_ ordinal: Int) -> BatchName { BatchName(file: id, ordinal: ordinal) }
}

extension IntakeStore {
  /// Begins a file and stages it, without publishing it.
  func stage(_ file: DroppedFile) throws {
    try commit { commit in
      try commit.begin(file.new)
      try commit.stage(
        file.batches.enumerated().map { ($0.offset + 1, QueuedBatch($0.element)) }, rejects: file.rejects, of: file.id,
        target: file.target)
    }
  }

  @discardableResult
  func publish(_ file: DroppedFile) throws -> FileID {
    try stage(file)
    try commit { try $0.publish(file.id, facts: file.facts, items: file.items, rejected: file.rejects.count) }
    return file.id
  }
}

extension DispatchStore {
  /// Leases one batch that is as the line has it.
  func lease(_ name: BatchName, dueAfterCrash due: QueueTime = .at(0)) async throws -> LeaseResult {
    let row = try await batches([name]).batches.first
    return try await lease([(name, row?.attempts ?? 0)], dueAfterCrash: due)
  }

  func apply(_ name: BatchName, _ change: BatchChange, request: RequestFacts? = nil) async throws -> ChangeResult {
    try await apply([(name, change)], request: request)[0]
  }

  func row(_ name: BatchName) async throws -> WaitingBatch? { try await batches([name]).batches.first }
}

func retryState(due: Int64 = 0, failures: Int = 0, blames: Int = 0, failedAt: Int64? = nil, beganHold: Bool = false)
  -> RetryState
{
  var retryState = RetryState()
  retryState.due = .at(due)
  (retryState.failures, retryState.blames, retryState.beganHold) = (failures, blames, beganHold)
  retryState.failedAt = failedAt.map { .at($0) }
  return retryState
}
