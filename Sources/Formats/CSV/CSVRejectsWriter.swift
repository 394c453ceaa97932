internal import Core

/// Writes the rejected rows of a CSV, in its own dialect and encoding.
struct CSVRejectsWriter {
  let content: FileContent
  let work: RejectsWork
  /// What always separates the cells; nil if that was found out.
  let delimiter: Unicode.Scalar?

  /// - Returns: how many items are lost.
  func write() throws -> Int {
    let layout = try layout()
    guard let name = layout.encoding else {
      let rejects = try csvRejects(layout) { range, text in
        var ranges = SourceRanges(try content.bytes())
        try ranges.copy(range) { text.append(contentsOf: $0) }
      }
      return try writeRows(SourceRanges(try content.bytes()), rejects)
    }
    guard let encoding = TextEncoding(named: name) else {
      throw ReadError(path: content.path, reason: "iconv no longer knows the file's encoding \(name)")
    }
    var header = OriginalRow()
    let rejects = try csvRejects(layout) { range, text in
      var ranges = try OriginalRanges(try content.bytes(), encoding: encoding)
      try ranges.copy(range) { piece, bytes in
        text.append(contentsOf: piece)
        header.bytes.append(contentsOf: bytes)
      }
      header.encoding = ranges.encoding
    }
    let encoder = try TextEncoder(encoding, path: content.path)
    if layout.hasByteOrderMark { try work.output.append(encoder.byteOrderMark) }
    try write(header, of: rejects, encoder)
    return try writeRows(OriginalRanges(try content.bytes(), encoding: encoding), rejects, encoder)
  }

  /// How the file is written; an older upsertd stored only its delimiter.
  private func layout() throws -> CSVLayout {
    if let layout = work.layout.flatMap(CSVLayout.init(json:)) { return layout }
    var options = CSVOptions()
    let known = delimiter ?? work.delimiter.map { Unicode.Scalar($0) }
    options.delimiter = known.map { .character($0) } ?? .auto
    let reader = CSVReader(options, limits: ReaderLimits(maxItemBytes: work.maxItemBytes))
    var layout = CSVLayout(delimiter: work.delimiter ?? UInt8(ascii: ","))
    _ = try work.isChanged {
      var source = try content.bytes()
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
    guard let range = layout.header, range.count <= work.maxItemBytes else { return CSVRejects(layout, headerRow: nil) }
    var row: [UInt8] = []
    let isChanged = try work.isChanged { try copy(range, &row) }
    let isSame = work.headerTag.map { $0 == work.key.tag(of: row.span) } ?? true
    return CSVRejects(layout, headerRow: isSame && !isChanged ? row : nil)
  }

  private func writeRows(
    _ ranges: consuming SourceRanges<ContentBytes>, _ rejects: CSVRejects
  ) throws -> Int {
    var lost = 0
    try work.output.append(rejects.headerLine)
    try work.forEach { reject, _ in
      if try !writeRow(reject, rejects, &ranges) {
        lost += 1
        try work.output.append(rejects.lineWithoutRow(reject.lostFault, line: reject.line))
      }
    }
    return lost
  }

  /// Returns whether the row is what was checked; if not, nothing is written.
  private func writeRow(
    _ reject: RejectedItem, _ rejects: CSVRejects, _ ranges: inout SourceRanges<ContentBytes>
  ) throws -> Bool {
    let fault = reject.fault
    if reject.source.count <= work.maxItemBytes {
      guard let row = try work.bytes(of: reject, &ranges) else { return false }
      try work.output.append(rejects.line(for: row, fault, line: reject.line))
      return true
    }
    let mark = work.output.count
    try work.output.append(rejects.opening(fault, line: reject.line))
    var isFirst = true
    var last: UInt8?
    let isWhole = try work.copy(reject, &ranges, since: mark) { chunk in
      var bytes = chunk
      if isFirst { bytes.removeFirst(rejects.errorCells(atStartOf: bytes)) }
      isFirst = false
      last = bytes.last ?? last
      try work.output.append(bytes)
    }
    if isWhole { try work.output.append(rejects.lineBreak(after: last)) }
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
    _ header: OriginalRow, of rejects: CSVRejects, _ encoder: borrowing TextEncoder
  ) throws {
    guard let (kept, lineBreak) = rejects.ownHeader else {
      return try work.output.append(encoder.encoded(rejects.headerLine))
    }
    try work.output.append(encoder.encoded(rejects.headerOpening))
    let parts = try kept.map { try header.encoding.parts(of: header.bytes, at: $0) } ?? [header.bytes]
    try work.output.append(Array(parts.joined(separator: encoder.encoded(rejects.delimiter))))
    try work.output.append(encoder.encoded(lineBreak))
  }

  /// The same for a file in another encoding: what is added is encoded, and the rows are the bytes that were dropped.
  private func writeRows(
    _ ranges: consuming OriginalRanges<ContentBytes>, _ rejects: CSVRejects, _ encoder: consuming TextEncoder
  ) throws -> Int {
    var lost = 0
    try work.forEach { reject, _ in
      let mark = work.output.count
      try work.output.append(encoder.encoded(rejects.opening(reject.fault, line: reject.line)))
      if let end = try writeOriginal(of: reject, rejects, &ranges, encoder) {
        try work.output.append(encoder.encoded(rejects.lineBreak(after: end)))
      } else {
        lost += 1
        try work.output.cut(to: mark)
        try work.output.append(
          encoder.encoded(rejects.lineWithoutRow(reject.lostFault, line: reject.line)))
      }
    }
    return lost
  }

  /// - Returns: the last byte of the row's text, or nil if the row is not what was checked.
  private func writeOriginal(
    of reject: RejectedItem, _ rejects: CSVRejects, _ ranges: inout OriginalRanges<ContentBytes>,
    _ encoder: borrowing TextEncoder
  ) throws -> UInt8? {
    let isHuge = reject.source.count > work.maxItemBytes
    var hasher = SourceHasher(work.key)
    var (text, original): ([UInt8], [UInt8]) = ([], [])
    var last: UInt8 = 0
    let isChanged = try work.isChanged {
      try ranges.copy(reject.source) { piece, bytes in
        try work.onProgress()
        hasher.update(piece)
        if !piece.isEmpty { last = piece[piece.count - 1] }
        original.append(contentsOf: bytes)
        if isHuge {
          // Old error cells stay in a row that does not fit into memory.
          try work.output.append(original)
          original.removeAll(keepingCapacity: true)
        } else {
          text.append(contentsOf: piece)
        }
      }
    }
    guard !isChanged, work.agrees(reject, hasher.tag) else { return nil }
    if !isHuge {
      let kept = rejects.keptRanges(of: text)
      let parts = kept == [0..<text.count] ? [original] : try ranges.encoding.parts(of: original, at: kept)
      try work.output.append(Array(parts.joined(separator: encoder.encoded(rejects.delimiter))))
    }
    return last
  }
}
