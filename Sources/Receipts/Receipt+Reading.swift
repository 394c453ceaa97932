package import Core
internal import JSONText

extension Receipt {
  /// Reads a receipt as stored in its folder; members that this version does not know are ignored.
  ///
  /// Counts that do not add up are read as written; negative or enormous counts, and a status that contradicts the
  /// counts, are errors.
  /// - Parameter apis: the existing APIs; a receipt for any other is an error.
  /// - Parameter hasBatches: whether the document lists them: that of `json(withBatches: false)` does not.
  package init(json: [UInt8], apis: Set<APIKind>, hasBatches: Bool = true) throws(ReceiptFault) {
    let document: JSONValue
    do {
      document = try JSONValue.parse(json)
    } catch {
      throw ReceiptFault(reason: "it is not JSON: \(error.reason) (byte \(error.offset + 1))")
    }
    let part = Part(name: nil, value: document)
    let version = try part.integer("version")
    guard version == 1 else {
      throw ReceiptFault(reason: "its version is \(version), which this version of upsertd does not know")
    }
    let target = try part.optional("target").map { part throws(ReceiptFault) in try Target(part, apis) }
    self.init(
      file: try File(try part.object("file")), target: target,
      counts: try FileCounts(try part.object("counts")))
    if hasBatches { batches = try part.elements("batches").map(SettledBatch.init) }
    let rejects = try part.object("rejects")
    rejectsFile = rejects.value["file"]?.string
    self.rejects = try rejects.elements("first").map(Reject.init)
    if let results = try part.optional("results") {
      listsAccepted = true
      acceptedFile = results.value["file"]?.string
      acceptedSHA256 = results.value["sha256"]?.string
    }
    completeness = try part.optional("completeness").map(Completeness.init)
    if part.value["warnings"] != nil { warnings = try part.elements("warnings").map(FileWarning.init) }
    if part.value["orders"] != nil { orders = try part.elements("orders").map(Order.init) }
    error = try part.optional("error").map(FileFault.init)
    guard try part.string("status") == status.rawValue else {
      throw ReceiptFault(reason: "its status must be \(status.rawValue) to match its counts")
    }
  }
}

/// A member of a receipt, with its name for error messages.
private struct Part {
  var name: String?
  var value: JSONValue

  /// Upper limit for counts and sizes: 2^53, up to which every JSON reader keeps whole numbers exact (RFC 8259, section
  /// 6).
  static let most = 1 << 53

  func called(_ member: String) -> String { name.map { "\($0).\(member)" } ?? member }

  func string(_ member: String) throws(ReceiptFault) -> String {
    guard let text = value[member]?.string else { throw ReceiptFault(reason: "\(called(member)) is not a string") }
    return text
  }

  /// A string, or a number as written.
  func text(_ member: String) throws(ReceiptFault) -> String {
    switch value[member] {
    case .string(let text), .number(let text): return text
    default: throw ReceiptFault(reason: "\(called(member)) is neither a string nor a number")
    }
  }

  func integer(_ member: String) throws(ReceiptFault) -> Int {
    guard let number = value[member]?.integer else { throw ReceiptFault(reason: "\(called(member)) is not a number") }
    guard (0...Self.most).contains(number) else { throw ReceiptFault(reason: "\(called(member)) is out of range") }
    return number
  }

  func time(_ member: String) throws(ReceiptFault) -> Timestamp {
    guard let time = Timestamp(written: try string(member)) else {
      throw ReceiptFault(reason: "\(called(member)) is not a time")
    }
    return time
  }

  func object(_ member: String) throws(ReceiptFault) -> Part {
    guard let part = try optional(member) else { throw ReceiptFault(reason: "\(called(member)) is missing") }
    return part
  }

  /// Nil if the member is missing or null.
  func optional(_ member: String) throws(ReceiptFault) -> Part? {
    switch value[member] {
    case nil, .null: return nil
    case .object(let members): return Part(name: called(member), value: .object(members))
    default: throw ReceiptFault(reason: "\(called(member)) is not an object")
    }
  }

  /// Pairs of numbers, the first and the last; empty if the member is missing, since an older upsertd did not write it.
  func ranges(_ member: String) throws(ReceiptFault) -> [ClosedRange<Int>] {
    guard let value = value[member] else { return [] }
    let fault = ReceiptFault(reason: "\(called(member)) is not a list of ranges")
    guard let pairs = value.elements else { throw fault }
    var ranges: [ClosedRange<Int>] = []
    for pair in pairs {
      guard let ends = pair.elements, ends.count == 2, let first = ends[0].integer, let last = ends[1].integer,
        first >= 1, first <= last
      else { throw fault }
      ranges.append(first...last)
    }
    return ranges
  }

  func elements(_ member: String) throws(ReceiptFault) -> [Part] {
    guard let elements = value[member]?.elements else {
      throw ReceiptFault(reason: "\(called(member)) is not a list")
    }
    return elements.enumerated().map { Part(name: "\(called(member))[\($0)]", value: $1) }
  }
}

extension Receipt.File {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    guard let id = FileID(try part.string("id")) else { throw ReceiptFault(reason: "file.id is not a file id") }
    self.init(
      id: id, name: try part.string("name"), inbox: try part.string("inbox"), format: part.value["format"]?.string,
      bytes: try part.integer("bytes"), sha256: part.value["sha256"]?.string, receivedAt: try part.time("receivedAt"),
      completedAt: try part.time("completedAt"), owner: part.value["owner"]?.string,
      corrects: part.value["corrects"]?.string.flatMap { FileID($0) },
      duplicateOf: part.value["duplicateOf"]?.string.flatMap { FileID($0) })
    otherOwners = part.value["otherOwners"]?.elements?.compactMap(\.string) ?? []
    replayOf = part.value["replayOf"]?.string.flatMap { FileID($0) }
  }
}

extension Receipt.Target {
  fileprivate init(_ part: Part, _ apis: Set<APIKind>) throws(ReceiptFault) {
    let api = APIKind(rawValue: try part.string("api"))
    guard apis.contains(api) else {
      throw ReceiptFault(reason: "target.api is not an API that this version of upsertd knows")
    }
    self.init(name: try part.string("name"), api: api, url: try part.string("url"))
  }
}

extension FileCounts {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    self.init()
    items = try part.integer("items")
    accepted = try part.integer("accepted")
    rejected = try part.integer("rejected")
    unchanged = try part.integer("unchanged")
    requests = try part.integer("requests")
  }
}

extension SettledBatch {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    self.init(
      items: try part.integer("items"), accepted: try part.integer("accepted"), rejected: try part.integer("rejected"),
      attempts: try part.integer("attempts"), unanswered: try part.integer("unanswered"),
      status: part.value["status"]?.integer, requestID: part.value["requestId"]?.string,
      sentAt: part.value["sentAt"]?.string.flatMap { Timestamp(written: $0) }, ranges: try part.ranges("ranges"))
  }
}

extension Completeness {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    self.init(
      count: try part.optional("count").map(Pair.init(counts:)),
      checksum: try part.optional("checksum").map { part throws(ReceiptFault) in try Pair(part) })
    guard let sums = try part.optional("sums") else { return }
    for (column, _) in sums.value.members ?? [] { self.sums[column] = try Pair(try sums.object(column)) }
  }
}

extension Completeness.Pair {
  /// Of whole numbers, without leading zeros: a string may have any.
  fileprivate init(counts part: Part) throws(ReceiptFault) {
    try self.init(part)
    expected = Self.plain(expected)
    found = Self.plain(found)
  }

  private static func plain(_ number: String) -> String {
    guard number.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return number }
    let digits = number.drop { $0 == "0" }
    return digits.isEmpty && !number.isEmpty ? "0" : String(digits)
  }

  fileprivate init(_ part: Part) throws(ReceiptFault) {
    self.init(expected: try part.text("expected"), found: try part.text("found"))
  }
}

extension FileWarning {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    self.init(code: try part.string("code"), message: try part.string("message"))
  }
}

extension Receipt.Order {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    self.init(at: try part.time("at"), order: try part.string("order"), by: try part.string("by"))
  }
}

extension Reject {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    self.init(
      item: try part.integer("item"), line: try part.integer("line"), key: part.value["key"]?.string,
      code: try part.string("code"), message: try part.string("message"))
  }
}

extension FileFault {
  fileprivate init(_ part: Part) throws(ReceiptFault) {
    guard let code = RejectCode(rawValue: try part.string("code")) else {
      throw ReceiptFault(reason: "error.code is not a code that this version of upsertd knows")
    }
    self.init(
      code, try part.string("message"), line: part.value["line"]?.integer, column: part.value["column"]?.integer)
  }
}

/// The text is not a valid receipt.
package struct ReceiptFault: Error, Equatable, CustomStringConvertible {
  /// Human-readable: the member, and what is wrong with it; never its content.
  package var reason: String

  package var description: String { "not a receipt: \(reason)" }
}
