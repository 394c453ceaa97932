/// The encoding of a text file: the Unicode ones, decoded by own code, and all others that iconv knows.
///
/// A file is decoded by `DecodedBytes`, its rows are found again by `OriginalRanges`, and what is added to them is
/// written by `TextEncoder`.
package struct TextEncoding: Hashable, Sendable {
  /// For messages, and for iconv: as written in the configuration, except for the Unicode encodings.
  package let name: String
  let form: Form

  enum Form: Sendable {
    case utf8
    /// Without an order: as its byte order mark says, little endian without one, as Windows writes it.
    case utf16(ByteOrder?)
    case utf32(ByteOrder?)
    case singleByte(SingleByteTable)
    /// - Parameter isShifting: whether bytes that are not characters change the meaning of those after them, so that a
    ///   part of the text means nothing alone: ISO-2022-JP, UTF-7.
    case iconv(isShifting: Bool)
  }

  enum ByteOrder: Sendable {
    case little
    case big
  }

  package static let utf8 = TextEncoding("UTF-8", .utf8)
  package static let utf16LittleEndian = TextEncoding("UTF-16LE", .utf16(.little))
  package static let utf16BigEndian = TextEncoding("UTF-16BE", .utf16(.big))
  package static let utf32LittleEndian = TextEncoding("UTF-32LE", .utf32(.little))
  package static let utf32BigEndian = TextEncoding("UTF-32BE", .utf32(.big))

  private init(_ name: String, _ form: Form) {
    self.name = name
    self.form = form
  }

  // The name determines the form.

  package static func == (a: TextEncoding, b: TextEncoding) -> Bool { a.name == b.name }

  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

// MARK: - Names

extension TextEncoding {
  /// Nil if iconv does not know the name, or if no file can be in that encoding.
  ///
  /// Upper and lower case are the same. Asks iconv for a single-byte encoding's characters, which takes about a tenth
  /// of a millisecond: do it once for each configuration, not for each file.
  package init?(named name: String) {
    // iconv gives a meaning to slashes ("//TRANSLIT" would replace characters silently) and commas, and takes the empty
    // name for the locale's encoding. The characters here are all that occur in the names it knows.
    guard 1...64 ~= name.utf8.count,
      name.utf8.allSatisfy({
        0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || "-_.:+()".utf8.contains($0)
      })
    else { return nil }
    switch name.uppercased() {
    case "UTF-8", "UTF8": self = .utf8
    // UCS-2 is UTF-16 without pairs. In iconv it has the machine's byte order and no mark.
    case "UTF-16", "UTF16", "UCS-2", "UCS2", "UNICODE", "CSUNICODE", "OSF00010100", "OSF00010101", "OSF00010102":
      self = TextEncoding("UTF-16", .utf16(nil))
    case "UTF-16LE", "UTF16LE", "UCS-2LE", "UNICODELITTLE": self = .utf16LittleEndian
    case "UTF-16BE", "UTF16BE", "UCS-2BE", "UNICODEBIG": self = .utf16BigEndian
    case "UTF-32", "UTF32": self = TextEncoding("UTF-32", .utf32(nil))
    case "UTF-32LE", "UTF32LE", "UCS-4LE": self = .utf32LittleEndian
    case "UTF-32BE", "UTF32BE", "UCS-4BE", "UCS-4", "UCS4", "CSUCS4", "ISO-10646", "10646-1:1993", "OSF00010104",
      "OSF00010105", "OSF00010106":
      self = .utf32BigEndian
    // The machine's own, which differ from one to the next.
    case "WCHAR_T", "INTERNAL", "CHAR": return nil
    default:
      guard let decoder = try? IconvDescriptor(from: name, to: "UTF-8", path: ""),
        (try? IconvDescriptor(from: "UTF-8", to: name, path: "")) != nil
      else { return nil }
      self.init(name, SingleByteTable(decoder).map(Form.singleByte) ?? .iconv(isShifting: decoder.hasShifts()))
    }
  }
}

extension IconvDescriptor {
  /// Whether any byte, or an escape sequence, is taken without being a character or a part of one.
  fileprivate borrowing func hasShifts() -> Bool {
    // UTF-7 and its variant of IMAP shift by these; iconv does not take them before it has seen the byte after them.
    let runs = ["+A", "&A"].map { Array($0.utf8) }
    return ((UInt8.min...UInt8.max).map { [$0] } + runs).contains { input in
      reset()
      var text: [UInt8] = []
      let step = convert(input.span, into: &text, upTo: Self.characterBytes)
      // ISO 2022 shifts by sequences that begin with ESC.
      if step.stop == .incomplete { return input[0] == 0x1B }
      guard step.stop == .inputEnd, text.isEmpty else { return false }
      finish(into: &text)
      return text.isEmpty
    }
  }
}

// MARK: - Byte order marks

extension TextEncoding {
  /// The encoding that a byte order mark at the start of a file declares; nil if it has none.
  ///
  /// - Parameter start: the file's first four bytes, or all of them if there are fewer.
  package static func byteOrderMark(of start: Span<UInt8>) -> TextEncoding? {
    // That of UTF-32 begins like that of UTF-16: longer ones come first.
    let known = [utf32LittleEndian, utf32BigEndian, utf8, utf16LittleEndian, utf16BigEndian]
    return known.first { encoding in
      let mark = encoding.unicodeMark
      return mark.count <= start.count && mark.indices.allSatisfy { start[$0] == mark[$0] }
    }
  }

  /// The encoding of a text that is not UTF-8: its byte order mark says it, or else `declared`; nil for UTF-8.
  ///
  /// - Parameter source: the text from its start; the caller needs it again.
  /// - Throws: any error of the source.
  package static func encoding(
    of source: inout some ByteSource & ~Copyable, declared: TextEncoding?
  ) throws -> (text: TextEncoding, hasMark: Bool)? {
    var start: [UInt8] = []
    // A gzip of many members may give a byte at a time.
    while start.count < 4 {
      let before = start.count
      try source.read(upTo: 4 - before, into: &start)
      if start.count == before { break }
    }
    if let marked = byteOrderMark(of: start.span) { return marked == .utf8 ? nil : (marked, true) }
    return declared.flatMap { $0 == .utf8 ? nil : ($0, false) }
  }

  /// The same encoding with the byte order that the file's first bytes declare, if it has none yet.
  ///
  /// - Parameter start: the file's first four bytes, or all of them if there are fewer.
  package func resolved(by start: Span<UInt8>) -> TextEncoding {
    let marked = Self.byteOrderMark(of: start)
    switch form {
    case .utf16(nil): return marked == .utf16BigEndian ? .utf16BigEndian : .utf16LittleEndian
    case .utf32(nil): return marked == .utf32BigEndian ? .utf32BigEndian : .utf32LittleEndian
    default: return self
    }
  }

  /// The byte order mark of a Unicode encoding.
  private var unicodeMark: [UInt8] {
    switch form {
    case .utf8: [0xEF, 0xBB, 0xBF]
    case .utf16(.big): [0xFE, 0xFF]
    case .utf16: [0xFF, 0xFE]
    case .utf32(.big): [0x00, 0x00, 0xFE, 0xFF]
    case .utf32: [0xFF, 0xFE, 0x00, 0x00]
    case .singleByte, .iconv: []
    }
  }
}
