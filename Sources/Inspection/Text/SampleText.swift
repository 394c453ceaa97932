internal import Glibc

/// The start and the end of a file as UTF-8 text whose lines end in LF or CRLF.
struct SampleText: Sendable {
  var head: [UInt8]
  /// Begins with a whole line, whose number is unknown; empty if the file is whole in `head`, or its end was not read.
  var tail: [UInt8]
  /// Whether `head` is the whole file.
  var isWhole: Bool
  var lineEnd: LineEnd

  enum LineEnd: String, Sendable {
    case lf = "LF"
    case crlf = "CRLF"
    case cr = "CR"
  }

  init(_ sample: FileSample, _ encoding: EncodingGuess) {
    head = encoding.text(sample.head, isStart: true)
    tail =
      sample.tail.isEmpty ? [] : encoding.text(tail: sample.tail, at: (sample.size ?? 0) - sample.tail.count)
    isWhole = sample.isWhole
    lineEnd = .lf
    if let end = head.firstIndex(where: { $0 == Ascii.lineFeed || $0 == Ascii.carriageReturn }) {
      if head[end] == Ascii.carriageReturn {
        lineEnd = end + 1 < head.count && head[end + 1] == Ascii.lineFeed ? .crlf : .cr
      }
    }
    if lineEnd == .cr {
      for at in head.indices where head[at] == Ascii.carriageReturn { head[at] = Ascii.lineFeed }
      for at in tail.indices where tail[at] == Ascii.carriageReturn { tail[at] = Ascii.lineFeed }
    }
    // The sample ends in the middle of a line, and its second part begins in one.
    if !isWhole, let last = head.lastIndex(of: Ascii.lineFeed) { head.removeSubrange((last + 1)...) }
    if let first = tail.firstIndex(of: Ascii.lineFeed) { tail.removeSubrange(...first) } else { tail = [] }
  }

  /// The lines of `bytes`, without their ends; at most `most`.
  static func lines(_ bytes: [UInt8], most: Int) -> [(start: Int, text: ArraySlice<UInt8>)] {
    var lines: [(start: Int, text: ArraySlice<UInt8>)] = []
    var start = 0
    while start < bytes.count, lines.count < most {
      let end = bytes[start...].firstIndex(of: Ascii.lineFeed) ?? bytes.count
      let isCRLF = end > start && bytes[end - 1] == Ascii.carriageReturn
      lines.append((start, bytes[start..<(isCRLF ? end - 1 : end)]))
      start = end + 1
    }
    return lines
  }

  /// The delimiter that a first line such as `sep=;` names, for Excel.
  var separator: UInt8? {
    guard let first = Self.lines(head, most: 1).first else { return nil }
    var line = first.text
    if line.count >= 2, line.first == Ascii.quote, line.last == Ascii.quote { line = line.dropFirst().dropLast() }
    guard line.count == 5, String(decoding: line.prefix(4), as: UTF8.self).lowercased() == "sep=" else { return nil }
    return line.last
  }
}

/// The text of `bytes`, which are in the encoding that iconv calls `name`, as UTF-8; a character that is cut off at the
/// end is left out.
///
/// - Returns: nil if there is no such encoding, or `bytes` are not in it.
func decoded(_ bytes: some Sequence<UInt8>, as name: String) -> [UInt8]? {
  guard let descriptor = iconv_open("UTF-8", name), descriptor != iconv_t(bitPattern: -1) else { return nil }
  defer { iconv_close(descriptor) }
  var input = bytes.map { CChar(bitPattern: $0) }
  var output: [UInt8] = []
  var chunk = [CChar](repeating: 0, count: 64 << 10)
  return input.withUnsafeMutableBufferPointer { input in
    var next = input.baseAddress
    var left = input.count
    while left > 0 {
      let before = left
      let (result, written) = chunk.withUnsafeMutableBufferPointer { chunk in
        var end = chunk.baseAddress
        var room = chunk.count
        let result = iconv(descriptor, &next, &left, &end, &room)
        return (result, chunk.count - room)
      }
      let failure = errno
      output.append(contentsOf: chunk[..<written].lazy.map { UInt8(bitPattern: $0) })
      guard result == -1 else { break }
      if failure == EINVAL { break }
      guard failure == E2BIG, written > 0 || left < before else { return nil }
    }
    return output
  }
}
