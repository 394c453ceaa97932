import Core

/// A file in some encoding, as text in UTF-8: what `DecodedBytes` and `OriginalRanges` have in common.
struct DecodingInput<Source: PositionedBytes & ~Copyable>: ~Copyable {
  private(set) var source: Source
  /// With its byte order, once the first byte has been decoded.
  private(set) var encoding: TextEncoding
  private let chunkBytes: Int
  private var decoder: CharacterDecoder
  /// Bytes read ahead; those before `next` have been decoded.
  private var input: [UInt8]
  private var next = 0
  private var hasStarted = false
  private var hasEnded = false
  /// What is wrong with the bytes from `next` on.
  private var fault: FileFault?
  /// Bytes that were decoded since the last `keepOriginal`.
  private(set) var original: [UInt8] = []
  private var keepsOriginal = false

  /// - Parameter alreadyRead: bytes at the file's start that `source` will not give again.
  /// - Throws: `ReadError` if iconv can't start.
  init(
    _ source: consuming Source, encoding: TextEncoding, alreadyRead: [UInt8] = [], chunkBytes: Int
  ) throws(ReadError) {
    // Whatever can fail comes before the first member: a half-made value without copies can't be undone.
    let decoder = try CharacterDecoder(encoding, path: source.path)
    self.decoder = decoder
    self.source = source
    self.encoding = encoding
    self.chunkBytes = chunkBytes
    input = alreadyRead
  }

  consuming func finish() -> Source { source }

  /// Appends text, at least one character and at most `room` bytes; false at the end, or if not even one fits.
  ///
  /// Appends nothing if `original` exceeds a chunk before there is any text: shift sequences have no limit.
  /// At the end and before a fault, it may append up to `IconvDescriptor.characterBytes` more than `room`.
  /// - Throws: `FileFault` if the next bytes are not text, and any error of the source.
  mutating func decode(into text: inout [UInt8], upTo room: Int) throws -> Bool {
    if !hasStarted { try start() }
    let before = text.count
    while text.count == before {
      if let fault { throw fault }
      let step = decoder.decode(input.span.extracting(next...), into: &text, upTo: room)
      take(step.taken)
      switch step.stop {
      case .outputFull:
        if step.taken > 0 || text.count > before { continue }
        guard room >= IconvDescriptor.characterBytes else { return false }
        fail(with: "", into: &text)
      case .invalid: fail(with: "", into: &text)
      case .inputEnd, .incomplete:
        if text.count > before { continue }
        if keepsOriginal, original.count > chunkBytes { return true }
        // No beginning of a character is that long: without this, iconv alone would bound what is read ahead.
        guard hasEnded || input.count - next > IconvDescriptor.characterBytes else {
          try readAhead()
          continue
        }
        if step.stop == .inputEnd {
          decoder.finish(into: &text)
          return text.count > before
        }
        fail(with: hasEnded ? ", where it ends within a character" : "", into: &text)
      }
    }
    return true
  }

  /// Empties `original`, which then takes what is decoded from here on.
  mutating func keepOriginal() {
    original.removeAll(keepingCapacity: true)
    keepsOriginal = true
  }

  /// Leaves `original` as it is.
  mutating func stopKeepingOriginal() { keepsOriginal = false }

  /// Decodes the bytes here that only change the meaning of those after them.
  mutating func takeShifts() throws {
    while input.count - next < Self.longestShifts, !hasEnded { try readAhead() }
    take(decoder.takeShifts(input.span.extracting(next...)))
  }

  /// More than a line break needs of them.
  private static var longestShifts: Int { 32 }

  private mutating func take(_ count: Int) {
    if keepsOriginal { original += input[next..<next + count] }
    next += count
  }

  private mutating func fail(with remark: String, into text: inout [UInt8]) {
    decoder.finish(into: &text)
    let offset = source.position - (input.count - next)
    fault = FileFault(
      .invalidEncoding,
      "the file is not \(encoding.name) at offset \(offset)\(remark): set encoding on the route to the file's encoding")
  }

  private mutating func start() throws {
    while input.count < 4, !hasEnded { try readAhead() }
    encoding = encoding.resolved(by: input.span)
    if case .utf16(let order?) = encoding.form { decoder = .utf16(UTF16Text(order: order)) }
    if case .utf32(let order?) = encoding.form { decoder = .utf32(UTF32Text(order: order)) }
    hasStarted = true
  }

  private mutating func readAhead() throws {
    input.removeSubrange(..<next)
    next = 0
    let before = input.count
    try source.read(upTo: chunkBytes, into: &input)
    hasEnded = input.count == before
  }
}

/// How far a decoder got with its input.
struct DecodingStep: Equatable {
  enum Stop: Equatable {
    /// All input was taken.
    case inputEnd
    /// The next character does not fit.
    case outputFull
    /// The rest is the beginning of a character.
    case incomplete
    /// No character begins with the next bytes, whatever follows.
    case invalid
  }

  /// Input bytes that are done with.
  var taken: Int
  var stop: Stop
}
