internal import Core
internal import Engine
internal import Spool
internal import Formats
internal import JSONText
internal import Outbox
internal import APIs

/// Writes a file's rejected items in the format in which they were dropped, each with its reason, so that they can be
/// corrected and dropped again.
///
/// The items are read again from the claimed file, which its owner may have changed in the meantime. An item is written
/// only if it is still what was checked; otherwise only its reason is.
struct RejectsWriter {
  let outbox: Outbox
  let file: FileRecord
  let format: FileFormat
  let shape: DocumentShape
  let api: any TargetAPI
  let descriptor: Int32
  let path: String
  let gzip: GzipLimits
  /// Items up to this size are held in memory while their reason is inserted.
  let maxItemBytes: Int
  /// The key that made the tags of the checked items.
  let key: SourceKey
  /// Called every few hundred items, and for each piece of a huge one; an error that it throws ends the writing.
  let onProgress: () throws -> Void

  /// Leaves publishing to the caller.
  ///
  /// - Returns: for how many items the claimed file no longer holds what was checked.
  /// - Throws: `InboxError`, `OutboxError`, `ReadError`.
  func write(to result: ResultFile) throws -> Int {
    let source = FileBytes(descriptor: descriptor, path: path)
    if format.isGzipped {
      let rejects = try csvRejects { try GzipBytes(FileBytes(descriptor: descriptor, path: path), limits: gzip) }
      return try write(SourceRanges(try GzipBytes(source, limits: gzip)), rejects, to: result)
    }
    let rejects = try csvRejects { FileBytes(descriptor: descriptor, path: path) }
    return try write(SourceRanges(source), rejects, to: result)
  }

  private func write<Source: PositionedBytes & ~Copyable>(
    _ ranges: consuming SourceRanges<Source>, _ rejects: CSVRejects, to result: ResultFile
  ) throws -> Int {
    var lost = 0
    switch shape {
    case .rows:
      try result.append(rejects.headerLine)
      try forEachReject { reject, _ in
        if try !writeRow(reject, rejects, &ranges, to: result) {
          lost += 1
          try result.append(rejects.lineWithoutRow(Self.lostFault(of: reject), line: reject.line))
        }
      }
    case .lines:
      try forEachReject { reject, _ in
        if try !write(reject, &ranges, to: result) {
          lost += 1
          try writeLost(reject, to: result)
        }
        try result.append("\n")
      }
    case .single:
      try forEachReject { reject, _ in
        if try !write(reject, &ranges, to: result) {
          lost += 1
          try writeLost(reject, to: result)
        }
      }
      try result.append("\n")
    case .array, .requestIDs:
      let isArray = shape == .array
      try result.append(isArray ? "[\n" : "{\n")
      try forEachReject { reject, isFirst in
        if !isFirst { try result.append(",\n") }
        let isWritten =
          try isArray ? write(reject, &ranges, to: result) : writeRequest(reject, &ranges, to: result)
        if !isWritten {
          lost += 1
          // Its id is no longer known.
          if !isArray { try result.append("\"item-\(reject.item)\": ") }
          try writeLost(reject, to: result)
        }
      }
      try result.append(isArray ? "\n]\n" : "\n}\n")
    }
    return lost
  }

  private func forEachReject(_ body: (Reject, _ isFirst: Bool) throws -> Void) throws {
    var last = 0
    while true {
      let page = try outbox.rejects(file.id, after: last, limit: 500)
      guard let end = page.last else { return }
      for reject in page { try body(reject, last == 0 && reject == page[0]) }
      last = end.item
      try onProgress()
    }
  }

  // MARK: - Checking items

  /// The item's bytes; nil if they are no longer what was checked.
  private func bytes<Source: PositionedBytes & ~Copyable>(
    of reject: Reject, _ ranges: inout SourceRanges<Source>
  ) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    let isChanged = try isChanged { try ranges.copy(reject.source) { bytes.append(contentsOf: $0) } }
    guard !isChanged, agrees(reject, key.tag(of: bytes.span)) else { return nil }
    return bytes
  }

  /// Calls `each` with the item's bytes, piece by piece, before it is known whether they are what was checked: if they
  /// are not, everything written of the item since `mark` is taken back.
  ///
  /// - Returns: whether they are.
  private func copy<Source: PositionedBytes & ~Copyable>(
    _ reject: Reject, _ ranges: inout SourceRanges<Source>, to result: ResultFile, since mark: Int,
    _ each: ([UInt8]) throws -> Void
  ) throws -> Bool {
    var hasher = SourceHasher(key)
    let isChanged = try isChanged {
      try ranges.copy(reject.source) { chunk in
        try onProgress()
        hasher.update(chunk)
        var bytes: [UInt8] = []
        bytes.append(contentsOf: chunk)
        try each(bytes)
      }
    }
    if !isChanged, agrees(reject, hasher.tag) { return true }
    try result.cut(to: mark)
    return false
  }

  /// Whether reading fails in a way that only happens if the file has changed since it was read.
  private func isChanged(_ read: () throws -> Void) throws -> Bool {
    do {
      try read()
      return false
    } catch is SourceEnded {
      return true
    } catch is FileFault {
      return true
    } catch is JSONFault {
      return true
    }
  }

  private func agrees(_ reject: Reject, _ found: SourceTag) -> Bool {
    // An older upsertd made no tags.
    reject.tag.map { $0 == found } ?? true
  }

  private static func fault(of reject: Reject) -> ItemFault {
    ItemFault(RejectCode(rawValue: reject.code) ?? .invalidItem, reject.message)
  }

  private static func lostFault(of reject: Reject) -> ItemFault {
    var fault = fault(of: reject)
    // In that case the reason already says so.
    if fault.code != .fileChanged {
      fault.message += "; the item's text is missing here because the file was changed after it was checked"
    }
    return fault
  }

  // MARK: - CSV

  /// The header row is read again from the file itself, with the delimiter found by the first reading.
  private func csvRejects<Source: ByteSource & ~Copyable>(_ source: () throws -> Source) throws -> CSVRejects {
    let lost = CSVRejects(withoutHeader: file.facts.delimiter ?? UInt8(ascii: ","))
    guard shape == .rows else { return lost }
    let delimiter = file.facts.delimiter.map { Delimiter.character(Unicode.Scalar($0)) } ?? .auto
    let reader = CSVReader(
      kind: format.kind, delimiter: delimiter, limits: ReaderLimits(maxItemBytes: maxItemBytes))
    var header: CSVHeader?
    let isChanged = try isChanged {
      var source = try source()
      header = try reader.readHeader(from: &source)
    }
    guard !isChanged, let header, file.facts.headerTag.map({ $0 == key.tag(of: header.bytes.span) }) ?? true else {
      return lost
    }
    return CSVRejects(header)
  }

  /// Returns whether the row is what was checked; if not, nothing is written.
  private func writeRow<Source: PositionedBytes & ~Copyable>(
    _ reject: Reject, _ rejects: CSVRejects, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws -> Bool {
    let fault = Self.fault(of: reject)
    if reject.source.count <= maxItemBytes {
      guard let row = try bytes(of: reject, &ranges) else { return false }
      try result.append(rejects.line(for: row, fault, line: reject.line))
      return true
    }
    let mark = result.count
    try result.append(rejects.opening(fault, line: reject.line))
    var isFirst = true
    var last: UInt8?
    let isWhole = try copy(reject, &ranges, to: result, since: mark) { chunk in
      var bytes = chunk
      if isFirst { bytes.removeFirst(rejects.errorCells(atStartOf: bytes)) }
      isFirst = false
      last = bytes.last ?? last
      try result.append(bytes)
    }
    if isWhole { try result.append(rejects.lineBreak(after: last)) }
    return isWhole
  }

  // MARK: - JSON

  /// Returns whether the item is what was checked; if not, nothing is written.
  private func write<Source: PositionedBytes & ~Copyable>(
    _ reject: Reject, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws -> Bool {
    guard reject.source.count <= maxItemBytes else { return try writeHuge(reject, &ranges, to: result) }
    guard let text = try bytes(of: reject, &ranges) else { return false }
    // A line of NDJSON may have been rejected because it is not JSON.
    try result.append(annotated(text.span, reject, isJSON: Self.isJSON(text)))
    return true
  }

  /// An item of which only the reason is left.
  private func writeLost(_ reject: Reject, to result: ResultFile) throws {
    var reject = reject
    reject.message = Self.lostFault(of: reject).message
    try result.append(annotated(Array("{}".utf8).span, reject, isJSON: true))
  }

  private func annotated(_ item: Span<UInt8>, _ reject: Reject, isJSON: Bool) -> [UInt8] {
    var out: [UInt8] = []
    api.annotate(
      item, isJSON: isJSON, code: RejectCode(rawValue: reject.code) ?? .invalidItem, message: reject.message,
      number: reject.item, into: &out)
    return out
  }

  /// A member of an object of request ids: the id, a colon, the request.
  ///
  /// Returns whether it is what was checked; if not, nothing is written.
  private func writeRequest<Source: PositionedBytes & ~Copyable>(
    _ reject: Reject, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws -> Bool {
    guard reject.source.count <= maxItemBytes else {
      // The id is found by reading on until the string ends.
      return try writeHugeRequest(reject, &ranges, to: result)
    }
    guard let text = try bytes(of: reject, &ranges) else { return false }
    var id = JSONScanner()
    guard let idEnd = (try? id.scan(text.span, from: 0)) ?? nil,
      let colon = text[idEnd...].firstIndex(of: UInt8(ascii: ":"))
    else { return false }
    let start = afterSpace(text.span, from: colon + 1)
    try result.append(text[..<idEnd])
    try result.append(": ")
    try result.append(annotated(text.span.extracting(start..<text.count), reject, isJSON: true))
    return true
  }

  /// Too large to hold in memory: it follows unchanged as `_raw`, which is read as the item when it is dropped again.
  private func writeHuge<Source: PositionedBytes & ~Copyable>(
    _ reject: Reject, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws -> Bool {
    let mark = result.count
    try writeError(reject, to: result)
    guard shape != .lines else {
      // It is unknown whether the line is JSON: it becomes a string, cut between characters.
      try result.append("\"")
      var rest: [UInt8] = []
      let isWhole = try copy(reject, &ranges, to: result, since: mark) { chunk in
        rest += chunk
        let whole = rest.count - Self.unfinishedBytes(at: rest)
        var quoted: [UInt8] = []
        appendQuoted(rest.span.extracting(first: whole), to: &quoted)
        try result.append(quoted.dropFirst().dropLast())
        rest.removeFirst(whole)
      }
      if isWhole { try result.append(rest.isEmpty ? "\"}" : "\u{FFFD}\"}") }
      return isWhole
    }
    let isWhole = try copy(reject, &ranges, to: result, since: mark) { try result.append($0) }
    if isWhole { try result.append("}") }
    return isWhole
  }

  private func writeHugeRequest<Source: PositionedBytes & ~Copyable>(
    _ reject: Reject, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws -> Bool {
    let mark = result.count
    var head: [UInt8] = []
    var id = JSONScanner()
    var idEnd: Int?
    var isInValue = false
    let isWhole = try copy(reject, &ranges, to: result, since: mark) { bytes in
      if isInValue { return try result.append(bytes) }
      let before = head.count
      head += bytes
      if idEnd == nil { idEnd = try id.scan(head.span, from: before) }
      guard let idEnd, let colon = head[idEnd...].firstIndex(of: UInt8(ascii: ":")) else { return }
      try result.append(head[..<idEnd])
      try result.append(": ")
      try writeError(reject, to: result)
      try result.append(head[(colon + 1)...])
      isInValue = true
    }
    if isWhole { try result.append("}") }
    return isWhole
  }

  private func writeError(_ reject: Reject, to result: ResultFile) throws {
    var message: [UInt8] = []
    appendQuoted(reject.message, to: &message)
    try result.append("{\"_error\": {\"code\": \"\(reject.code)\", \"message\": ")
    try result.append(message)
    try result.append(", \"item\": \(reject.item)}, \"_raw\": ")
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

extension [UInt8] {
  fileprivate mutating func append(contentsOf span: Span<UInt8>) {
    span.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
