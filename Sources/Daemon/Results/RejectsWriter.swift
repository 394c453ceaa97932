internal import Delivery
internal import Engine
internal import Inbox
internal import ItemFormat
internal import JSONText
internal import Outbox
internal import TargetAPI

/// Writes a file's refused items in the format in which it was dropped, each with its reason, so that it can be corrected and
/// dropped again.
struct RejectsWriter {
  let outbox: Outbox
  let file: FileRecord
  let format: FileFormat
  let shape: DocumentShape
  let api: any TargetAPI
  let descriptor: Int32
  let path: String
  let gzip: GzipLimits
  /// Items up to this size are held in memory while their reason is put into them.
  let maxItemBytes: Int
  /// Called every some hundred items; what it throws ends the writing.
  let onProgress: () throws -> Void

  /// Leaves the publishing to the caller.
  ///
  /// - Throws: `InboxError`, `OutboxError`, `ReadError`.
  func write(to result: ResultFile) throws {
    let source = FileBytes(descriptor: descriptor, path: path)
    if format.isGzipped {
      let rejects =
        try shape == .rows ? csvRejects(GzipBytes(FileBytes(descriptor: descriptor, path: path), limits: gzip)) : nil
      try write(SourceRanges(try GzipBytes(source, limits: gzip)), rejects, to: result)
    } else {
      let rejects = try shape == .rows ? csvRejects(FileBytes(descriptor: descriptor, path: path)) : nil
      try write(SourceRanges(source), rejects, to: result)
    }
  }

  private func write<Source: PositionedBytes & ~Copyable>(
    _ ranges: consuming SourceRanges<Source>, _ rejects: CSVRejects?, to result: ResultFile
  ) throws {
    switch shape {
    case .rows:
      guard let rejects else { return }
      try result.append(rejects.headerLine)
      try forEachRefusal { refusal, _ in try writeRow(refusal, rejects, &ranges, to: result) }
    case .lines:
      try forEachRefusal { refusal, _ in
        try write(refusal, &ranges, to: result)
        try result.append("\n")
      }
    case .single:
      try forEachRefusal { refusal, _ in try write(refusal, &ranges, to: result) }
      try result.append("\n")
    case .array, .requestIDs:
      let isArray = shape == .array
      try result.append(isArray ? "[\n" : "{\n")
      try forEachRefusal { refusal, isFirst in
        if !isFirst { try result.append(",\n") }
        if isArray {
          try write(refusal, &ranges, to: result)
        } else {
          try writeRequest(refusal, &ranges, to: result)
        }
      }
      try result.append(isArray ? "\n]\n" : "\n}\n")
    }
  }

  private func forEachRefusal(_ body: (Refusal, _ isFirst: Bool) throws -> Void) throws {
    var last = 0
    while true {
      let page = try outbox.refused(file.id, after: last, limit: 500)
      guard let end = page.last else { return }
      for refusal in page { try body(refusal, last == 0 && refusal == page[0]) }
      last = end.item
      try onProgress()
    }
  }

  // MARK: - CSV

  /// The header row is read again from the file itself, with the delimiter that the first reading found.
  private func csvRejects<Source: ByteSource & ~Copyable>(_ source: consuming Source) throws -> CSVRejects {
    let delimiter = file.facts.delimiter.map(Delimiter.byte) ?? .auto
    let reader = CSVReader(
      kind: format.kind, delimiter: delimiter, limits: ReaderLimits(maxItemBytes: maxItemBytes))
    var source = source
    return CSVRejects(try reader.readHeader(from: &source))
  }

  private func writeRow<Source: PositionedBytes & ~Copyable>(
    _ refusal: Refusal, _ rejects: CSVRejects, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws {
    let fault = ItemFault(RejectCode(rawValue: refusal.code) ?? .invalidItem, refusal.message)
    if refusal.source.count <= maxItemBytes {
      var row: [UInt8] = []
      try ranges.copy(refusal.source) { row.append(contentsOf: $0) }
      return try result.append(rejects.line(for: row, fault, line: refusal.line))
    }
    try result.append(rejects.opening(fault, line: refusal.line))
    var isFirst = true
    var last: UInt8?
    try ranges.copy(refusal.source) { chunk in
      var bytes: [UInt8] = []
      bytes.append(contentsOf: chunk)
      if isFirst { bytes.removeFirst(rejects.errorCells(atStartOf: bytes)) }
      isFirst = false
      last = bytes.last ?? last
      try result.append(bytes)
    }
    try result.append(rejects.lineBreak(after: last))
  }

  // MARK: - JSON

  private func write<Source: PositionedBytes & ~Copyable>(
    _ refusal: Refusal, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws {
    guard refusal.source.count <= maxItemBytes else {
      return try writeHuge(refusal, refusal.source, &ranges, to: result)
    }
    var text: [UInt8] = []
    try ranges.copy(refusal.source) { text.append(contentsOf: $0) }
    // A line of NDJSON may have been refused for being none.
    try result.append(annotated(text.span, refusal, isJSON: Self.isJSON(text)))
  }

  private func annotated(_ item: Span<UInt8>, _ refusal: Refusal, isJSON: Bool) -> [UInt8] {
    var out: [UInt8] = []
    api.annotate(
      item, isJSON: isJSON, code: RejectCode(rawValue: refusal.code) ?? .invalidItem, message: refusal.message,
      number: refusal.item, into: &out)
    return out
  }

  /// A member of an object of request ids: the id, a colon, the request.
  private func writeRequest<Source: PositionedBytes & ~Copyable>(
    _ refusal: Refusal, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws {
    guard refusal.source.count <= maxItemBytes else {
      // The id is found by reading on until the string ends.
      return try writeHugeRequest(refusal, &ranges, to: result)
    }
    var text: [UInt8] = []
    try ranges.copy(refusal.source) { text.append(contentsOf: $0) }
    var id = JSONScanner()
    guard let idEnd = try id.scan(text.span, from: 0), let colon = text[idEnd...].firstIndex(of: UInt8(ascii: ":"))
    else { throw ReadError(path: path, reason: "byte \(refusal.source.lowerBound) is no request id: it was changed") }
    let start = afterSpace(text.span, from: colon + 1)
    try result.append(text[..<idEnd])
    try result.append(": ")
    try result.append(annotated(text.span.extracting(start..<text.count), refusal, isJSON: true))
  }

  /// Too large to be held: it follows unchanged as `_raw`, which is taken for the item when it is dropped again.
  private func writeHuge<Source: PositionedBytes & ~Copyable>(
    _ refusal: Refusal, _ range: Range<Int>, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws {
    try writeError(refusal, to: result)
    guard shape != .lines else {
      // Nobody knows whether the line is JSON: it becomes a string, cut between characters.
      try result.append("\"")
      var rest: [UInt8] = []
      try ranges.copy(range) { chunk in
        rest.append(contentsOf: chunk)
        let whole = rest.count - Self.unfinishedBytes(at: rest)
        var quoted: [UInt8] = []
        appendQuoted(String(decoding: rest[..<whole], as: UTF8.self), to: &quoted)
        try result.append(quoted.dropFirst().dropLast())
        rest.removeFirst(whole)
      }
      try result.append(rest.isEmpty ? "\"}" : "\u{FFFD}\"}")
      return
    }
    try ranges.copy(range) { chunk in
      var bytes: [UInt8] = []
      bytes.append(contentsOf: chunk)
      try result.append(bytes)
    }
    try result.append("}")
  }

  private func writeHugeRequest<Source: PositionedBytes & ~Copyable>(
    _ refusal: Refusal, _ ranges: inout SourceRanges<Source>, to result: ResultFile
  ) throws {
    var head: [UInt8] = []
    var id = JSONScanner()
    var idEnd: Int?
    var isInValue = false
    try ranges.copy(refusal.source) { chunk in
      var bytes: [UInt8] = []
      bytes.append(contentsOf: chunk)
      if isInValue { return try result.append(bytes) }
      let before = head.count
      head += bytes
      if idEnd == nil { idEnd = try id.scan(head.span, from: before) }
      guard let idEnd, let colon = head[idEnd...].firstIndex(of: UInt8(ascii: ":")) else { return }
      try result.append(head[..<idEnd])
      try result.append(": ")
      try writeError(refusal, to: result)
      try result.append(head[(colon + 1)...])
      isInValue = true
    }
    try result.append("}")
  }

  private func writeError(_ refusal: Refusal, to result: ResultFile) throws {
    var message: [UInt8] = []
    appendQuoted(refusal.message, to: &message)
    try result.append("{\"_error\": {\"code\": \"\(refusal.code)\", \"message\": ")
    try result.append(message)
    try result.append(", \"item\": \(refusal.item)}, \"_raw\": ")
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
