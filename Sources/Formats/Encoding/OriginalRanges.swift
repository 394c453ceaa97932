import JSONText

/// Returns the bytes that parts of the decoded text were made of: the rejected rows, to be written as they were dropped.
///
/// Moves forward only, and decodes everything in between. The bytes are not encoded again: Shift_JIS and others have
/// several for one character. At both ends of a part belong the shift sequences that stand there (ISO 2022), so that a
/// row that begins and ends in the initial state keeps doing so.
///
/// Where iconv holds back a letter until it knows whether the next byte combines with it (TCVN, windows-1258), and where
/// bytes and characters do not end together (UTF-7), the place is found by giving it the bytes one by one, with room only
/// for what is wanted. This is exact before and after anything that is no such letter: line breaks, separators, quotes.
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
    let input = try DecodingInput(source, encoding: encoding, isExact: true, chunkBytes: chunkBytes)
    self.check = check
    self.input = input
    self.chunkBytes = chunkBytes
  }

  /// As declared; once a part has been copied, with the byte order that the file's mark declares.
  package var encoding: TextEncoding { input.encoding }

  /// Calls `each` with the text of `range` and the bytes it was made of, in order, in pieces of at most one chunk.
  ///
  /// Only all pieces together are the same text on both sides. No range may start before the previous one ends; all are
  /// in bytes of the decoded text, and begin and end with characters.
  ///
  /// A row in an encoding with shift sequences may begin or end in a state that others set, though no standard
  /// allows it. It would mean something else in another file. If it is at most one chunk, `each` gets it encoded again
  /// instead.
  /// - Throws: `SourceEnded` if the content ends before the range does, and `FileFault` if it can't be decoded: the file
  ///   has changed since it was read; and any error of the source and `each`.
  package mutating func copy(
    _ range: Range<Int>, to each: (_ text: Span<UInt8>, _ original: Span<UInt8>) throws -> Void
  ) throws {
    precondition(range.lowerBound >= position, "ranges must ascend")
    while position < range.lowerBound {
      try decode(upTo: min(chunkBytes, range.lowerBound - position))
    }
    guard !range.isEmpty else { return }
    input.keepOriginal()
    defer { input.stopKeepingOriginal() }
    if check != nil, range.count <= chunkBytes {
      var whole: [UInt8] = []
      while position < range.upperBound {
        try decode(upTo: range.upperBound - position)
        whole += text
      }
      try input.takeShifts()
      let original = check?.bytes(of: whole, from: input.original) ?? []
      return try each(whole.span, original.span)
    }
    while position < range.upperBound {
      try decode(upTo: min(chunkBytes, range.upperBound - position))
      if position == range.upperBound, check != nil { try input.takeShifts() }
      try each(text.span, input.original.span)
      input.keepOriginal()
    }
  }

  /// Replaces `text` by the next piece.
  private mutating func decode(upTo room: Int) throws {
    text.removeAll(keepingCapacity: true)
    guard try input.decode(into: &text, upTo: room), text.count <= room else { throw SourceEnded() }
    position += text.count
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
    var row = try OriginalRanges(HeldBytes(content: original), encoding: self)
    return try ranges.map { range in
      var part: [UInt8] = []
      try row.copy(range) { _, piece in piece.append(0..<piece.count, to: &part) }
      return part
    }
  }
}

/// Bytes that are in memory already.
private struct HeldBytes: PositionedBytes {
  let content: [UInt8]
  private(set) var position = 0
  var path: String { "a row in memory" }

  init(content: [UInt8]) { self.content = content }

  mutating func read(upTo count: Int, into buffer: inout [UInt8]) {
    let end = min(content.count, position + count)
    buffer += content[position..<end]
    position = end
  }

  mutating func move(to position: Int) { self.position = min(position, content.count) }
}
