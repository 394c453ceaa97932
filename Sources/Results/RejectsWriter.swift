internal import APIs
internal import Core
internal import Engine
internal import Formats
internal import JSONText
internal import Outbox
internal import Spool

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
    let source = { FileBytes(descriptor: descriptor, path: path) }
    if format.isGzipped { return try write({ try GzipBytes(source(), limits: gzip) }, to: result) }
    return try write(source, to: result)
  }

  private func write<Source: PositionedBytes & ~Copyable>(
    _ source: () throws -> Source, to result: ResultFile
  ) throws -> Int {
    guard shape == .rows else { return try writeItems(SourceRanges(try source()), to: result) }
    let layout = try layout(source)
    guard let name = layout.encoding else {
      let rejects = try csvRejects(layout) { range, text in
        var ranges = SourceRanges(try source())
        try ranges.copy(range) { text.append(contentsOf: $0) }
      }
      return try writeRows(SourceRanges(try source()), rejects, to: result)
    }
    guard let encoding = TextEncoding(named: name) else {
      throw ReadError(path: path, reason: "iconv no longer knows the file's encoding \(name)")
    }
    var header = OriginalRow()
    let rejects = try csvRejects(layout) { range, text in
      var ranges = try OriginalRanges(try source(), encoding: encoding)
      try ranges.copy(range) { piece, bytes in
        text.append(contentsOf: piece)
        header.bytes.append(contentsOf: bytes)
      }
      header.encoding = ranges.encoding
    }
    let encoder = try TextEncoder(encoding, path: path)
    if layout.hasByteOrderMark { try result.append(encoder.byteOrderMark) }
    try write(header, of: rejects, encoder, to: result)
    return try writeRows(OriginalRanges(try source(), encoding: encoding), rejects, encoder, to: result)
  }

  private func writeItems<Source: PositionedBytes & ~Copyable>(
    _ ranges: consuming SourceRanges<Source>, to result: ResultFile
  ) throws -> Int {
    var lost = 0
    switch shape {
    case .rows: break
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

  /// How the file is written; an older upsertd stored only its delimiter.
  private func layout<Source: ByteSource & ~Copyable>(_ source: () throws -> Source) throws -> CSVLayout {
    if let layout = file.facts.dialect.flatMap(CSVLayout.init(json:)) { return layout }
    var options = CSVOptions()
    options.delimiter = file.facts.delimiter.map { .character(Unicode.Scalar($0)) } ?? .auto
    let reader = CSVReader(kind: format.kind, options, limits: ReaderLimits(maxItemBytes: maxItemBytes))
    var layout = CSVLayout(delimiter: file.facts.delimiter ?? UInt8(ascii: ","))
    _ = try isChanged {
      var source = try source()
      layout = CSVLayout(try reader.readHeader(from: &source), hasSeparatorLine: false)
    }
    return layout
  }

  /// The header row is read again from the file itself.
  ///
  /// - Parameter copy: appends the text of a range.
  private func csvRejects(
    _ layout: CSVLayout, copy: (Range<Int>, inout [UInt8]) throws -> Void
  ) throws -> CSVRejects {
    guard let range = layout.header, range.count <= maxItemBytes else { return CSVRejects(layout, headerRow: nil) }
    var row: [UInt8] = []
    let isChanged = try isChanged { try copy(range, &row) }
    let isSame = file.facts.headerTag.map { $0 == key.tag(of: row.span) } ?? true
    return CSVRejects(layout, headerRow: isSame && !isChanged ? row : nil)
  }

  private func writeRows<Source: PositionedBytes & ~Copyable>(
    _ ranges: consuming SourceRanges<Source>, _ rejects: CSVRejects, to result: ResultFile
  ) throws -> Int {
    var lost = 0
    try result.append(rejects.headerLine)
    try forEachReject { reject, _ in
      if try !writeRow(reject, rejects, &ranges, to: result) {
        lost += 1
        try result.append(rejects.lineWithoutRow(Self.lostFault(of: reject), line: reject.line))
      }
    }
    return lost
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

  /// A header row as it was dropped; without bytes if the file has none.
  private struct OriginalRow {
    var bytes: [UInt8] = []
    /// With its byte order.
    var encoding = TextEncoding.utf8
  }

  /// Writes the header of a file in another encoding.
  private func write(
    _ header: OriginalRow, of rejects: CSVRejects, _ encoder: borrowing TextEncoder, to result: ResultFile
  ) throws {
    guard let (kept, lineBreak) = rejects.ownHeader else {
      return try result.append(encoder.encoded(rejects.headerLine))
    }
    try result.append(encoder.encoded(rejects.headerOpening))
    let parts = try kept.map { try header.encoding.parts(of: header.bytes, at: $0) } ?? [header.bytes]
    try result.append(Array(parts.joined(separator: encoder.encoded(rejects.delimiter))))
    try result.append(encoder.encoded(lineBreak))
  }

  /// The same for a file in another encoding: what is added is encoded, and the rows are the bytes that were dropped.
  private func writeRows<Source: PositionedBytes & ~Copyable>(
    _ ranges: consuming OriginalRanges<Source>, _ rejects: CSVRejects, _ encoder: consuming TextEncoder,
    to result: ResultFile
  ) throws -> Int {
    var lost = 0
    try forEachReject { reject, _ in
      let mark = result.count
      try result.append(encoder.encoded(rejects.opening(Self.fault(of: reject), line: reject.line)))
      if let end = try writeOriginal(of: reject, rejects, &ranges, encoder, to: result) {
        try result.append(encoder.encoded(rejects.lineBreak(after: end)))
      } else {
        lost += 1
        try result.cut(to: mark)
        try result.append(
          encoder.encoded(rejects.lineWithoutRow(Self.lostFault(of: reject), line: reject.line)))
      }
    }
    return lost
  }

  /// - Returns: the last byte of the row's text, or nil if the row is not what was checked.
  private func writeOriginal<Source: PositionedBytes & ~Copyable>(
    of reject: Reject, _ rejects: CSVRejects, _ ranges: inout OriginalRanges<Source>, _ encoder: borrowing TextEncoder,
    to result: ResultFile
  ) throws -> UInt8? {
    let isHuge = reject.source.count > maxItemBytes
    var hasher = SourceHasher(key)
    var (text, original): ([UInt8], [UInt8]) = ([], [])
    var last: UInt8 = 0
    let isChanged = try isChanged {
      try ranges.copy(reject.source) { piece, bytes in
        try onProgress()
        hasher.update(piece)
        if !piece.isEmpty { last = piece[piece.count - 1] }
        original.append(contentsOf: bytes)
        if isHuge {
          // Old error cells stay in a row that does not fit into memory.
          try result.append(original)
          original.removeAll(keepingCapacity: true)
        } else {
          text.append(contentsOf: piece)
        }
      }
    }
    guard !isChanged, agrees(reject, hasher.tag) else { return nil }
    if !isHuge {
      let kept = rejects.keptRanges(of: text)
      let parts = kept == [0..<text.count] ? [original] : try ranges.encoding.parts(of: original, at: kept)
      try result.append(Array(parts.joined(separator: encoder.encoded(rejects.delimiter))))
    }
    return last
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
