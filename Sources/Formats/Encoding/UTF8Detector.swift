/// Finds out whether a text that is said to be in an 8-bit encoding is UTF-8 in truth: then every accented letter
/// becomes two wrong ones, and no byte is a fault.
///
/// Other text is almost never well-formed UTF-8: a letter beyond ASCII would have to be followed by one of a few signs.
final class UTF8Detector {
  /// The beginning of a character whose rest is still to come.
  private var pending: [UInt8] = []
  private var isBroken = false
  private var hasCharacters = false

  /// Whether the text so far is UTF-8 and has characters that tell it apart from ASCII.
  var isUTF8: Bool { hasCharacters && !isBroken && pending.isEmpty }

  func take(_ bytes: Span<UInt8>) {
    guard !isBroken else { return }
    pending.append(contentsOf: bytes)
    let prefix = UTF8Prefix(of: pending.span, from: 0)
    isBroken = prefix.isBroken
    hasCharacters = hasCharacters || pending[..<prefix.end].contains { $0 >= 0x80 }
    pending.removeFirst(prefix.end)
  }
}

/// Bytes as their source gives them; a detector sees them, too.
struct DetectingBytes<Source: PositionedBytes & ~Copyable>: PositionedBytes, ~Copyable {
  private var source: Source
  private let detector: UTF8Detector

  init(_ source: consuming Source, _ detector: UTF8Detector) {
    self.source = source
    self.detector = detector
  }

  var path: String { source.path }
  var position: Int { source.position }

  mutating func read(upTo count: Int, into buffer: inout [UInt8]) throws {
    let before = buffer.count
    try source.read(upTo: count, into: &buffer)
    detector.take(buffer.span.extracting(before...))
  }

  mutating func move(to position: Int) throws { try source.move(to: position) }
}

extension TextEncoding {
  /// Whether every byte, or nearly every one, is a character of its own.
  var hasSingleBytes: Bool { if case .singleByte = form { true } else { false } }
}
