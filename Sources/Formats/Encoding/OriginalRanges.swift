import JSONText

/// Returns the bytes of which parts of the decoded text were made: rejected rows, to be written as they were dropped.
///
/// Moves forward only, and decodes everything in between. The text is not encoded again: Shift_JIS and others have
/// several codes for one character. The shift sequences at both ends of a part belong to it (ISO 2022), so that a row
/// that began and ended in the initial state still does.
///
/// iconv holds back a letter until it knows whether the next byte combines with it (TCVN, windows-1258), and in UTF-7
/// bytes and characters do not end together. The place is found by giving iconv single bytes, with room only for what
/// is wanted. It is exact if the characters around it are not such letters, but line breaks, separators or quotes.
package struct OriginalRanges<Source: PositionedBytes & ~Copyable>: ~Copyable {
  private var input: DecodingInput<Source>
  /// In bytes of the decoded text.
  private var position = 0
  private var text: [UInt8] = []
  /// Nil if every part of the text can be understood alone.
  private let check: SelfContainedText?
  private let chunkBytes: Int

  /// - Parameters:
  ///   - source: the file from its start.
  ///   - encoding: the one with which the file was decoded.
  /// - Throws: `ReadError` if iconv can't start.
  package init(
    _ source: consuming Source, encoding: TextEncoding, chunkBytes: Int = 128 << 10
  ) throws(ReadError) {
    let check: SelfContainedText? =
      if case .iconv(isShifting: true) = encoding.form {
        try SelfContainedText(encoding, path: source.path)
      } else {
        nil
      }
    let input = try DecodingInput(source, encoding: encoding, chunkBytes: chunkBytes)
    self.check = check
    self.input = input
    self.chunkBytes = chunkBytes
  }

  /// As declared; once a part has been copied, with the byte order that the file's mark declares.
  package var encoding: TextEncoding { input.encoding }

  /// Calls `each` with the text of `range` and the bytes it was made of, in order, in one piece if neither
  /// exceeds a chunk.
  ///
  /// Only all pieces together are the same text on both sides. No range may start before the previous one ends; all are
  /// in bytes of the decoded text, and begin and end with characters.
  ///
  /// In an encoding with shift sequences, a row may depend on those of the rows before it, although no standard allows
  /// that. It would mean something else in another file. If it comes in one piece, it is encoded again.
  /// - Throws: `SourceEnded` if the content ends before the range does, and `FileFault` if it can't be decoded: in both
  ///   cases, the file has changed since it was read; and any error of the source and `each`.
  package mutating func copy(
    _ range: Range<Int>, to each: (_ text: Span<UInt8>, _ original: Span<UInt8>) throws -> Void
  ) throws {
    precondition(range.lowerBound >= position, "ranges must ascend")
    while position < range.lowerBound {
      text.removeAll(keepingCapacity: true)
      try decode(to: range.lowerBound)
    }
    guard !range.isEmpty else { return }
    input.keepOriginal()
    defer { input.stopKeepingOriginal() }
    var isWhole = true
    text.removeAll(keepingCapacity: true)
    while position < range.upperBound {
      try decode(to: range.upperBound)
      if max(text.count, input.original.count) > chunkBytes {
        try each(text.span, input.original.span)
        text.removeAll(keepingCapacity: true)
        input.keepOriginal()
        isWhole = false
      }
    }
    if check != nil { try input.takeShifts() }
    let original = (isWhole ? check?.bytes(of: text, from: input.original) : nil) ?? input.original
    try each(text.span, original.span)
  }

  /// Appends the next piece to `text`, which ends at `target` at the latest.
  private mutating func decode(to target: Int) throws {
    let before = text.count
    let room = min(chunkBytes, target - position)
    guard try input.decode(into: &text, upTo: room), text.count - before <= target - position else {
      throw SourceEnded()
    }
    position += text.count - before
  }
}

extension TextEncoding {
  /// The bytes that parts of a row's text were made of: its cells, for example.
  ///
  /// - Parameters:
  ///   - original: the row's bytes, as `OriginalRanges` has returned them.
  ///   - ranges: the parts, ascending, in bytes of the text.
  /// - Throws: as `OriginalRanges.copy`.
  package func parts(of original: [UInt8], at ranges: [Range<Int>]) throws -> [[UInt8]] {
    var row = try OriginalRanges(HeldBytes(original), encoding: self)
    return try ranges.map { range in
      var part: [UInt8] = []
      try row.copy(range) { _, piece in piece.append(0..<piece.count, to: &part) }
      return part
    }
  }
}
