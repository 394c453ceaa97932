/// Lines that say where the data begins and ends, such as Bloomberg's `START-OF-DATA`, and the columns' names that such
/// a file lists before.
struct Markers: Sendable {
  var before: String?
  var after: String?
  /// The text between the markers.
  var range: Range<Int>
  /// The physical line with which it begins.
  var line: Int
  /// The names between `START-OF-FIELDS` and `END-OF-FIELDS`.
  var fields: [String] = []

  private static let most = 2000

  init(_ head: [UInt8], from start: Int, line: Int) {
    range = start..<head.count
    self.line = line
    let lines = SampleText.lines(head, most: Self.most)
    for (index, line) in lines.enumerated() where line.start >= start {
      guard let end = Self.kind(line.text) else { continue }
      switch end {
      case .start where before == nil:
        before = String(decoding: line.text, as: UTF8.self)
        range = min(head.count, (index + 1 < lines.count ? lines[index + 1].start : head.count))..<head.count
        self.line = index + 2
      case .fields where before == nil && fields.isEmpty:
        fields = lines[(index + 1)...].lazy.map { String(decoding: $0.text, as: UTF8.self).trimmed }
          .prefix { $0 != "END-OF-FIELDS" }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
      default: break
      }
    }
    if before == nil { fields = [] }
  }

  /// Looks for the line that ends the data.
  ///
  /// - Returns: what of `bytes`, within `range`, is data.
  mutating func end(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
    guard before != nil else { return range }
    // The end is looked for from behind: the start's counterpart is near the file's end.
    var end = range.upperBound
    var looked = 0
    while end > range.lowerBound, looked < Self.most {
      let stop = bytes[end - 1] == Ascii.lineFeed ? end - 1 : end
      let start = bytes[range.lowerBound..<stop].lastIndex(of: Ascii.lineFeed).map { $0 + 1 } ?? range.lowerBound
      var line = bytes[start..<stop]
      if line.last == Ascii.carriageReturn { line = line.dropLast() }
      if Self.kind(line) == .end {
        after = String(decoding: line, as: UTF8.self)
        return range.lowerBound..<start
      }
      end = start
      looked += 1
    }
    return range
  }

  private enum Kind {
    case start
    case end
    case fields
  }

  private static func kind(_ line: ArraySlice<UInt8>) -> Kind? {
    guard line.count <= 40, line.count >= 8 else { return nil }
    let words = String(decoding: line, as: UTF8.self).trimmed.uppercased()
      .split { $0 == "-" || $0 == "_" || $0 == " " }
    guard words.count >= 2, words.count <= 3, words.count == 2 || words[1] == "OF" else { return nil }
    switch (words[0], words[words.count - 1]) {
    case ("START", "DATA"), ("BEGIN", "DATA"): return .start
    case ("END", "DATA"): return .end
    case ("START", "FIELDS"): return .fields
    default: return nil
    }
  }
}
