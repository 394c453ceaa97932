internal import Core
internal import JSONText

/// Writes the rejected items of a JSON or NDJSON file, each with its reason inside.
struct JSONRejects: ~Copyable {
  private let work: RejectsWork
  private var ranges: SourceRanges<ContentBytes>
  /// How many items the file no longer holds as they were checked.
  private(set) var lost = 0

  init(_ content: consuming ContentBytes, _ work: RejectsWork) {
    self.work = work
    ranges = SourceRanges(content)
  }

  mutating func writeLines() throws {
    try work.forEach { item, _ in
      // A line may have been rejected because it is not JSON.
      if try !write(item, mayBeOtherText: true) { try writeLost(item) }
      try work.output.append("\n")
    }
  }

  mutating func writeSingle() throws {
    try work.forEach { item, _ in if try !write(item) { try writeLost(item) } }
    try work.output.append("\n")
  }

  mutating func writeArray() throws {
    try work.output.append("[\n")
    try work.forEach { item, isFirst in
      if !isFirst { try work.output.append(",\n") }
      if try !write(item) { try writeLost(item) }
    }
    try work.output.append("\n]\n")
  }

  /// An object of request ids.
  mutating func writeRequests() throws {
    try work.output.append("{\n")
    try work.forEach { item, isFirst in
      if !isFirst { try work.output.append(",\n") }
      if try !writeRequest(item) {
        // Its id is no longer known.
        try work.output.append("\"item-\(item.number)\": ")
        try writeLost(item)
      }
    }
    try work.output.append("\n}\n")
  }

  /// Returns whether the item is what was checked; if not, nothing is written.
  private mutating func write(_ item: RejectedItem, mayBeOtherText: Bool = false) throws -> Bool {
    guard item.source.count <= work.maxItemBytes else {
      return try mayBeOtherText ? writeHugeText(item) : writeHuge(item)
    }
    guard let text = try work.bytes(of: item, &ranges) else { return false }
    try work.output.append(work.annotate(text.span, !mayBeOtherText || Self.isJSON(text), item))
    return true
  }

  /// An item of which only the reason is left.
  private mutating func writeLost(_ item: RejectedItem) throws {
    lost += 1
    var item = item
    item.fault = item.lostFault
    try work.output.append(work.annotate(Array("{}".utf8).span, true, item))
  }

  /// A member of an object of request ids: the id, a colon, the request.
  ///
  /// Returns whether it is what was checked; if not, nothing is written.
  private mutating func writeRequest(_ item: RejectedItem) throws -> Bool {
    // The id is found by reading on until the string ends.
    guard item.source.count <= work.maxItemBytes else { return try writeHugeRequest(item) }
    guard let text = try work.bytes(of: item, &ranges) else { return false }
    var id = JSONScanner()
    guard let idEnd = (try? id.scan(text.span, from: 0)) ?? nil,
      let colon = text[idEnd...].firstIndex(of: UInt8(ascii: ":"))
    else { return false }
    let start = afterSpace(text.span, from: colon + 1)
    try work.output.append(Array(text[..<idEnd]))
    try work.output.append(": ")
    try work.output.append(work.annotate(text.span.extracting(start..<text.count), true, item))
    return true
  }

  // MARK: - Items that don't fit into memory

  /// It follows unchanged as `_raw`, which is read as the item when it is dropped again.
  private mutating func writeHuge(_ item: RejectedItem) throws -> Bool {
    let mark = work.output.count
    try Self.writeError(item, to: work)
    let isWhole = try work.copy(item, &ranges, since: mark) { try work.output.append($0) }
    if isWhole { try work.output.append("}") }
    return isWhole
  }

  /// It is unknown whether a line is JSON: it becomes a string, cut between characters.
  private mutating func writeHugeText(_ item: RejectedItem) throws -> Bool {
    let mark = work.output.count
    try Self.writeError(item, to: work)
    try work.output.append("\"")
    var rest: [UInt8] = []
    let isWhole = try work.copy(item, &ranges, since: mark) { chunk in
      rest += chunk
      let whole = rest.count - Self.unfinishedBytes(at: rest)
      var quoted: [UInt8] = []
      appendQuoted(rest.span.extracting(first: whole), to: &quoted)
      try work.output.append(Array(quoted.dropFirst().dropLast()))
      rest.removeFirst(whole)
    }
    if isWhole { try work.output.append(rest.isEmpty ? "\"}" : "\u{FFFD}\"}") }
    return isWhole
  }

  private mutating func writeHugeRequest(_ item: RejectedItem) throws -> Bool {
    let work = work
    let mark = work.output.count
    var head: [UInt8] = []
    var id = JSONScanner()
    var idEnd: Int?
    var isInValue = false
    let isWhole = try work.copy(item, &ranges, since: mark) { bytes in
      if isInValue { return try work.output.append(bytes) }
      let before = head.count
      head += bytes
      if idEnd == nil { idEnd = try id.scan(head.span, from: before) }
      guard let idEnd, let colon = head[idEnd...].firstIndex(of: UInt8(ascii: ":")) else { return }
      try work.output.append(Array(head[..<idEnd]))
      try work.output.append(": ")
      try Self.writeError(item, to: work)
      try work.output.append(Array(head[(colon + 1)...]))
      isInValue = true
    }
    if isWhole { try work.output.append("}") }
    return isWhole
  }

  private static func writeError(_ item: RejectedItem, to work: RejectsWork) throws {
    var message: [UInt8] = []
    appendQuoted(item.fault.message, to: &message)
    try work.output.append("{\"_error\": {\"code\": \"\(item.fault.code.rawValue)\", \"message\": ")
    try work.output.append(message)
    try work.output.append(", \"item\": \(item.number)}, \"_raw\": ")
  }

  private static func isJSON(_ text: [UInt8]) -> Bool {
    var scanner = JSONScanner()
    guard let end = try? scanner.scan(text.span, from: afterSpace(text.span, from: 0)) else {
      return (try? scanner.finish()) != nil
    }
    return afterSpace(text.span, from: end) == text.count
  }

  /// How many bytes at the end may be the beginning of a character (RFC 3629, section 3).
  private static func unfinishedBytes(at bytes: [UInt8]) -> Int {
    for length in 1..<4 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte & 0xC0 == 0x80 { continue }
      let wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return wanted > length ? length : 0
    }
    return 0
  }
}
