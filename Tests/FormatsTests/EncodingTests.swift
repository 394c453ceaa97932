import Core
import Testing

@testable import Formats

/// A text, and its bytes in an encoding as other programs write them.
struct EncodedText: Sendable, CustomTestStringConvertible {
  let encoding: String
  let text: String
  let bytes: [UInt8]

  init(_ encoding: String, _ text: String, _ bytes: [UInt8]) {
    self.encoding = encoding
    self.text = text
    self.bytes = bytes
  }

  var testDescription: String { encoding }

  /// Every kind of encoding, with characters that begin or end with bytes of ASCII where there are any.
  static let all = [
    EncodedText("windows-1252", "é€ß\n", [0xE9, 0x80, 0xDF, 0x0A]),
    EncodedText("CP850", "éñ░\n", [0x82, 0xA4, 0xB0, 0x0A]),
    EncodedText(
      "latin1", "éÿ, plain and longer than a word ÿ",
      [0xE9, 0xFF] + Array(", plain and longer than a word ".utf8) + [0xFF]),
    EncodedText("windows-1250", "Żółć", [0xAF, 0xF3, 0xB3, 0xE6]),
    EncodedText("IBM037", "Aé,\n", [0xC1, 0x51, 0x6B, 0x25]),
    EncodedText("windows-1258", "aé,é\u{323}\n", [0x61, 0xE9, 0x2C, 0x65, 0xEC, 0xF2, 0x0A]),
    EncodedText("Shift_JIS", "表ソ十ｱ,\n", [0x95, 0x5C, 0x83, 0x5C, 0x8F, 0x5C, 0xB1, 0x2C, 0x0A]),
    EncodedText("EUC-JP", "漢字é", [0xB4, 0xC1, 0xBB, 0xFA, 0x8F, 0xAB, 0xB1]),
    EncodedText("Big5", "中文,", [0xA4, 0xA4, 0xA4, 0xE5, 0x2C]),
    EncodedText("BIG5-HKSCS", "Ê\u{304},ê\u{30C}", [0x88, 0x62, 0x2C, 0x88, 0xA5]),
    EncodedText("EUC-JISX0213", "か\u{309A},", [0xA4, 0xF7, 0x2C]),
    EncodedText("CP949", "한글,\n", [0xC7, 0xD1, 0xB1, 0xDB, 0x2C, 0x0A]),
    EncodedText(
      "GB18030", "é😀中€,", [0xA8, 0xA6, 0x94, 0x39, 0xFC, 0x36, 0xD6, 0xD0, 0xA2, 0xE3, 0x2C]),
    EncodedText(
      "ISO-2022-JP", "漢字,ab\nかな\n",
      [
        0x1B, 0x24, 0x42, 0x34, 0x41, 0x3B, 0x7A, 0x1B, 0x28, 0x42, 0x2C, 0x61, 0x62, 0x0A, 0x1B, 0x24, 0x42, 0x24,
        0x2B,
        0x24, 0x4A, 0x1B, 0x28, 0x42, 0x0A,
      ]),
    EncodedText(
      "ISO-2022-KR", "한글,a\n",
      [0x1B, 0x24, 0x29, 0x43, 0x0E, 0x47, 0x51, 0x31, 0x5B, 0x0F, 0x2C, 0x61, 0x0A]),
    EncodedText("UTF-7", "é漢,a-\n😀\n", Array("+AOlvIg,a-\n+2D3eAA\n".utf8)),
    EncodedText("UTF-16LE", "é😀\n", [0xE9, 0x00, 0x3D, 0xD8, 0x00, 0xDE, 0x0A, 0x00]),
    EncodedText("UTF-16BE", "é😀\n", [0x00, 0xE9, 0xD8, 0x3D, 0xDE, 0x00, 0x00, 0x0A]),
    EncodedText("UTF-32LE", "é😀\n", [0xE9, 0, 0, 0, 0x00, 0xF6, 0x01, 0, 0x0A, 0, 0, 0]),
    EncodedText("UTF-32BE", "é😀\n", [0, 0, 0, 0xE9, 0, 0x01, 0xF6, 0x00, 0, 0, 0, 0x0A]),
    EncodedText("utf8", "é😀\n", Array("é😀\n".utf8)),
  ]
}

/// What `bytes` decode to, and the fault at the end; pieces of the file have `piece` bytes, reads ask for `count`.
func decoding(_ bytes: [UInt8], _ encoding: TextEncoding, piece: Int = .max, count: Int = 1000) throws
  -> (text: [UInt8], fault: FileFault?)
{
  var source = try DecodedBytes(MemoryBytes(bytes, pieceBytes: piece), encoding: encoding)
  var text: [UInt8] = []
  do {
    var before = -1
    while text.count > before {
      before = text.count
      try source.read(upTo: count, into: &text)
      #expect(text.count - before <= count)
      #expect(source.position == text.count)
    }
  } catch let fault as FileFault {
    return (text, fault)
  }
  return (text, nil)
}

@Suite struct EncodingTests {
  @Test(arguments: [1, 2, 3, 64])
  func `a byte order mark is found however few bytes come at a time`(_ pieceBytes: Int) throws {
    func found(_ bytes: [UInt8], declared: TextEncoding? = nil) throws -> String? {
      var source = MemoryBytes(bytes, pieceBytes: pieceBytes)
      return try TextEncoding.encoding(of: &source, declared: declared).map { "\($0.text.name) \($0.hasMark)" }
    }
    #expect(try found([0xFF, 0xFE, 0x61, 0x00, 0x62, 0x00]) == "UTF-16LE true")
    #expect(try found([0xFF, 0xFE, 0x00, 0x00, 0x61, 0x00, 0x00, 0x00]) == "UTF-32LE true")
    #expect(try found([0xFE, 0xFF]) == "UTF-16BE true")
    #expect(try found([0xEF, 0xBB, 0xBF, 0x61], declared: .utf16BigEndian) == nil)
    #expect(try found([0x61, 0x62], declared: .utf16BigEndian) == "UTF-16BE false")
    #expect(try found([], declared: .utf8) == nil)
  }

  // MARK: - Names

  @Test(arguments: [
    "UTF-8", "utf8", "UTF-16", "utf16", "UTF-16LE", "utf-16be", "UTF-32", "UCS-2", "windows-1252", "Windows-1252",
    "latin1", "CP850", "850", "IBM037", "Shift_JIS", "SJIS", "GB18030", "ISO-2022-JP", "UTF-7", "MACINTOSH",
    "ISO_8859-1:1987", "US-ASCII",
  ])
  func `a name that iconv knows is an encoding`(name: String) {
    #expect(TextEncoding(named: name) != nil)
  }

  @Test(arguments: [
    "", "no-such-encoding", "UTF-8//TRANSLIT", "latin1//IGNORE", "latin1/", "ISO-10646/UCS2", "latin1,", "latin 1",
    "latin1 ", "latin1\n", "latin1\0", "lätin1", "WCHAR_T", String(repeating: "A", count: 65),
  ])
  func `a name that iconv does not know, or to which it gives another meaning, is none`(name: String) {
    #expect(TextEncoding(named: name) == nil)
  }

  @Test func `the Unicode encodings have one name each`() {
    #expect(TextEncoding(named: "utf8") == .utf8)
    #expect(TextEncoding(named: "utf-16le") == .utf16LittleEndian)
    #expect(TextEncoding(named: "UTF16BE") == .utf16BigEndian)
    #expect(TextEncoding(named: "UTF-16") != .utf16LittleEndian)
    #expect(TextEncoding(named: "Windows-1252")?.name == "Windows-1252")
  }

  // MARK: - Decoding

  @Test(arguments: EncodedText.all)
  func `a text is the same however it is cut`(example: EncodedText) throws {
    let encoding = try #require(TextEncoding(named: example.encoding))
    // Long enough to meet the paths that take several bytes at once.
    let repeats = 40
    let text = Array(String(repeating: example.text, count: repeats).utf8)
    let bytes = Array(repeatElement(example.bytes, count: repeats).joined())
    for piece in Array(1...7) + [64, 1 << 20] {
      for count in Array(1...7) + [300, 1 << 18] {
        let (decoded, fault) = try decoding(bytes, encoding, piece: piece, count: count)
        #expect(decoded == text && fault == nil, "pieces of \(piece), reads of \(count): \(fault as Any)")
      }
    }
  }

  @Test(arguments: EncodedText.all)
  func `it moves forward to a place in the text`(example: EncodedText) throws {
    let encoding = try #require(TextEncoding(named: example.encoding))
    let text = Array(example.text.utf8)
    for place in 0...text.count + 1 {
      var source = try DecodedBytes(MemoryBytes(example.bytes, pieceBytes: 3), encoding: encoding)
      try source.move(to: place)
      #expect(source.position == min(place, text.count))
      #expect(try all(&source) == Array(text.dropFirst(place)))
    }
  }

  @Test func `ASCII of any length and place is decoded, also at words' borders`() throws {
    let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
    for encoding in ["windows-1252", "UTF-16LE", "UTF-16BE"].compactMap(TextEncoding.init(named:)) {
      let encoder = try TextEncoder(encoding, path: "")
      for before in 0...17 {
        for after in 0...17 {
          let text = letters[..<before] + Array("é".utf8) + letters[..<after]
          let decoded = try decoding(encoder.encoded(Array(text)), encoding)
          #expect(decoded.text == Array(text) && decoded.fault == nil)
        }
      }
    }
  }

  @Test func `the byte order mark decides the order of UTF-16 and UTF-32, and stays`() throws {
    let wide = try #require(TextEncoding(named: "UTF-16"))
    let wider = try #require(TextEncoding(named: "UTF-32"))
    let cases: [(TextEncoding, [UInt8], String, TextEncoding)] = [
      (wide, [0xFF, 0xFE, 0x61, 0x00], "\u{FEFF}a", .utf16LittleEndian),
      (wide, [0xFE, 0xFF, 0x00, 0x61], "\u{FEFF}a", .utf16BigEndian),
      (wide, [0x61, 0x00], "a", .utf16LittleEndian),
      (wide, [0xFE, 0xFF], "\u{FEFF}", .utf16BigEndian),
      (wide, [], "", .utf16LittleEndian),
      (wider, [0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], "\u{FEFF}a", .utf32LittleEndian),
      (wider, [0, 0, 0xFE, 0xFF, 0, 0, 0, 0x61], "\u{FEFF}a", .utf32BigEndian),
      (wider, [0x61, 0, 0, 0], "a", .utf32LittleEndian),
    ]
    for (declared, bytes, text, found) in cases {
      for piece in [1, 3, 100] {
        var source = try DecodedBytes(MemoryBytes(bytes, pieceBytes: piece), encoding: declared)
        #expect(try all(&source) == Array(text.utf8))
        #expect(source.encoding == found)
      }
      let start = Array(bytes.prefix(4))
      let resolved = declared.resolved(by: start.span)
      #expect(resolved == found)
    }
    #expect(try decoding([0xFF, 0xFE, 0x61, 0x00], .utf16LittleEndian).text == Array("\u{FEFF}a".utf8))
  }

  @Test func `a byte order mark is recognised, and that of UTF-32 is not taken for UTF-16`() {
    let cases: [([UInt8], TextEncoding?)] = [
      ([0xEF, 0xBB, 0xBF, 0x61], .utf8), ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE, 0x61, 0x00], .utf16LittleEndian),
      ([0xFF, 0xFE], .utf16LittleEndian), ([0xFE, 0xFF, 0x00, 0x61], .utf16BigEndian),
      ([0xFF, 0xFE, 0x00, 0x00], .utf32LittleEndian), ([0x00, 0x00, 0xFE, 0xFF], .utf32BigEndian),
      ([0x61, 0x62, 0x63, 0x64], nil), ([0xEF, 0xBB], nil), ([0xFF], nil), ([], nil),
    ]
    for (start, encoding) in cases {
      let found = TextEncoding.byteOrderMark(of: start.span)
      #expect(found == encoding, "\(start)")
    }
  }

  @Test func `bytes that were read to find the mark are not read again`() throws {
    var memory = MemoryBytes([0xFE, 0xFF, 0x00, 0x61, 0xDC, 0x00])
    var start: [UInt8] = []
    memory.read(upTo: 4, into: &start)
    let found = TextEncoding.byteOrderMark(of: start.span)
    let encoding = try #require(found)
    var source = try DecodedBytes(memory, encoding: encoding, alreadyRead: start)
    var text: [UInt8] = []
    try source.read(upTo: 1000, into: &text)
    #expect(text == Array("\u{FEFF}a".utf8))
    let fault = #expect(throws: FileFault.self) { try source.read(upTo: 1000, into: &text) }
    #expect(fault?.message.contains("offset 4") == true)
  }

  // MARK: - Faults

  /// An encoding, bytes, the text before the first bad one, and its offset.
  private static let bad: [(String, [UInt8], String, Int)] = [
    ("windows-1252", [0x61, 0xE9, 0x81, 0x62], "aé", 2),
    ("US-ASCII", Array("plain text of many words".utf8) + [0x80], "plain text of many words", 24),
    ("windows-1258", [0x61, 0x62, 0xD2, 0x8A], "ab\u{309}", 3),
    ("windows-1258", [0x62, 0x61, 0x8A], "ba", 2),
    ("Shift_JIS", [0x95, 0x5C, 0x95, 0x20, 0x61], "表", 2),
    ("Shift_JIS", [0x61, 0x95], "a", 1),
    ("GB18030", [0x61, 0x94, 0x39, 0xFC], "a", 1),
    ("GB18030", [0x61, 0xFF, 0x61], "a", 1),
    ("EUC-JP", [0x61, 0xA4, 0x61], "a", 1),
    ("ISO-2022-JP", [0x61, 0x1B, 0x24, 0x42, 0x34, 0x41, 0x1B, 0x28, 0x42, 0xE9], "a漢", 9),
    ("ISO-2022-JP", [0x61, 0x1B, 0x24], "a", 1),
    ("UTF-7", Array("a\\".utf8), "a", 1),
    ("UTF-16LE", [0x61, 0x00, 0x00, 0xDC, 0x61, 0x00], "a", 2),
    ("UTF-16LE", [0x61, 0x00, 0x3D, 0xD8, 0x61, 0x00], "a", 2),
    ("UTF-16LE", [0x61, 0x00, 0x3D, 0xD8], "a", 2),
    ("UTF-16BE", [0x00, 0x61, 0xD8, 0x3D, 0xDE], "a", 2),
    ("UTF-16BE", [0x00, 0x61, 0x00], "a", 2),
    ("UTF-16", [0xFE, 0xFF, 0x00, 0x61, 0xDC, 0x00], "\u{FEFF}a", 4),
    ("UTF-32LE", [0x61, 0, 0, 0, 0, 0xD8, 0, 0], "a", 4),
    ("UTF-32BE", [0, 0, 0, 0x61, 0, 0x11, 0, 0], "a", 4),
    ("UTF-32BE", [0, 0, 0, 0x61, 0, 0, 0], "a", 4),
    ("UTF-8", [0x61, 0xC3], "a", 1),
    ("UTF-8", [0x61, 0xC0, 0x80], "a", 1),
  ]

  @Test(arguments: bad.indices)
  func `the first bad byte is found, and everything before it is given first`(index: Int) throws {
    let (name, bytes, text, offset) = Self.bad[index]
    let encoding = try #require(TextEncoding(named: name))
    for piece in Array(1...7) + [1000] {
      for count in Array(1...7) + [1000] {
        let (decoded, fault) = try decoding(bytes, encoding, piece: piece, count: count)
        #expect(decoded == Array(text.utf8), "pieces of \(piece), reads of \(count)")
        #expect(fault?.code == .invalidEncoding)
        let known = name == "UTF-16" ? "UTF-16BE" : name
        #expect(fault?.message.hasPrefix("the file is not \(known) at offset \(offset)") == true, "\(fault as Any)")
        #expect(fault?.message.contains("set encoding on the route") == true)
      }
    }
  }

  @Test func `a fault is thrown again, and a file that ends within a character is said to`() throws {
    var source = try DecodedBytes(MemoryBytes([0x61, 0x00, 0x3D]), encoding: .utf16LittleEndian)
    var text: [UInt8] = []
    try source.read(upTo: 1000, into: &text)
    #expect(text == [0x61])
    for _ in 1...2 {
      let fault = #expect(throws: FileFault.self) { try source.read(upTo: 1000, into: &text) }
      #expect(
        fault?.message.hasPrefix("the file is not UTF-16LE at offset 2, where it ends within a character") == true)
    }
    #expect(text == [0x61])
  }

  @Test func `in a gzip, the offset is that of the content`() throws {
    let bytes = [UInt8](repeating: 0x61, count: 300_000) + [0x81]
    let gzip = try GzipBytes(MemoryBytes(gzipped(bytes), pieceBytes: 100), limits: GzipLimits())
    var source = try DecodedBytes(gzip, encoding: try #require(TextEncoding(named: "windows-1252")))
    let fault = #expect(throws: FileFault.self) { try all(&source, 10_000) }
    #expect(fault?.message.contains("offset 300000:") == true)
    #expect(source.position == 300_000)
  }

  @Test func `of two faults in a CSV, the first one is reported`() throws {
    let encoding = try #require(TextEncoding(named: "windows-1252"))
    func fault(_ bytes: [UInt8]) throws -> RejectCode? {
      var codes: Set<RejectCode?> = []
      for chunk in [1, 2, 3, 5, 1000] {
        var source = try DecodedBytes(MemoryBytes(bytes, pieceBytes: chunk), encoding: encoding)
        let reader = CSVReader(limits: ReaderLimits(), chunkBytes: chunk)
        let thrown = #expect(throws: FileFault.self) {
          _ = try reader.readItems(&source) { header in
            try RowPlan(header, mapping: nil).template(empty: .omit, limits: ReaderLimits()) { path throws(FileFault) in
              .field(PlacedField(path: path.steps, type: path.type))
            }
          } each: { _, _ in
          }
        }
        codes.insert(thrown?.code)
      }
      #expect(codes.count == 1)
      return codes.first ?? nil
    }
    #expect(try fault(Array("a,b\n1,\"2\"x\n3,".utf8) + [0x81]) == .malformedCSV)
    #expect(try fault(Array("a,b\n1,".utf8) + [0x81] + Array("\n1,\"2\"x\n".utf8)) == .invalidEncoding)
  }

  @Test func `a disk that fails is a read error`() throws {
    var source = try DecodedBytes(FileBytes(descriptor: -1, path: "work/a.csv"), encoding: .utf16LittleEndian)
    var text: [UInt8] = []
    #expect(throws: ReadError(path: "work/a.csv", reason: "Bad file descriptor")) {
      try source.read(upTo: 1000, into: &text)
    }
  }

  // MARK: - Encoding

  @Test(arguments: EncodedText.all)
  func `text is encoded as other programs encode it`(example: EncodedText) throws {
    let encoder = try TextEncoder(try #require(TextEncoding(named: example.encoding)), path: "")
    // Twice: nothing is left over from the first.
    for _ in 1...2 {
      let bytes = encoder.encoded(example.text)
      // There are two ways to write an é.
      #expect(bytes == example.bytes || example.encoding == "windows-1258", "\(bytes)")
    }
  }

  @Test func `what an encoding can't express is a question mark`() throws {
    let cases: [(String, String, [UInt8])] = [
      ("windows-1252", "漢é😀x", [0x3F, 0xE9, 0x3F, 0x78]),
      ("latin1", "€", [0x3F]),
      ("IBM037", "a€b", [0x81, 0x6F, 0x82]),
      ("Shift_JIS", "漢😀字", [0x8A, 0xBF, 0x3F, 0x8E, 0x9A]),
      (
        "ISO-2022-JP", "漢😀字",
        [0x1B, 0x24, 0x42, 0x34, 0x41, 0x1B, 0x28, 0x42, 0x3F, 0x1B, 0x24, 0x42, 0x3B, 0x7A, 0x1B, 0x28, 0x42]
      ),
      ("UTF-16", "😀", [0x3D, 0xD8, 0x00, 0xDE]),
    ]
    for (name, text, bytes) in cases {
      let encoder = try TextEncoder(try #require(TextEncoding(named: name)), path: "")
      #expect(encoder.encoded(text) == bytes, "\(name)")
    }
  }

  @Test func `an encoding's byte order mark is none where it has no such character`() throws {
    let cases: [(String, [UInt8])] = [
      ("UTF-8", [0xEF, 0xBB, 0xBF]), ("UTF-16LE", [0xFF, 0xFE]), ("UTF-16BE", [0xFE, 0xFF]), ("UTF-16", [0xFF, 0xFE]),
      ("UTF-32LE", [0xFF, 0xFE, 0, 0]), ("UTF-32BE", [0, 0, 0xFE, 0xFF]), ("GB18030", [0x84, 0x31, 0x95, 0x33]),
      ("windows-1252", []), ("Shift_JIS", []), ("IBM037", []),
    ]
    for (name, mark) in cases {
      #expect(try TextEncoder(try #require(TextEncoding(named: name)), path: "").byteOrderMark == mark, "\(name)")
    }
  }

  @Test func `text in an 8-bit encoding is found to be UTF-8 only if all of it is, however it is cut`() {
    func isUTF8(_ bytes: [UInt8], chunk: Int) -> Bool {
      let detector = UTF8Detector()
      for start in stride(from: 0, to: bytes.count, by: chunk) {
        detector.take(bytes[start..<min(bytes.count, start + chunk)].span)
      }
      return detector.isUTF8
    }
    for chunk in 1...5 {
      #expect(isUTF8(Array("Müller €, 𝄞".utf8), chunk: chunk))
      #expect(!isUTF8(Array("Miller".utf8), chunk: chunk))
      #expect(!isUTF8([0x4D, 0xFC, 0x6C, 0x6C], chunk: chunk), "ü in windows-1252")
      #expect(!isUTF8(Array("Müller".utf8) + [0xFC], chunk: chunk), "cut off, or no UTF-8")
    }
  }
}
