import Core
import Formats
import Glibc
import Testing
import TestKit

/// The ranges of the parts between line feeds, without these.
private func rows(of text: [UInt8]) -> [Range<Int>] {
  var start = 0
  return text.split(separator: 0x0A, omittingEmptySubsequences: false).map { row in
    defer { start += row.count + 1 }
    return start..<start + row.count
  }
}

/// The bytes of each range, whose text must be that of `text`.
private func originals(
  _ ranges: [Range<Int>], of text: [UInt8], in bytes: [UInt8], _ encoding: TextEncoding, piece: Int = .max,
  chunk: Int = 1 << 17
) throws -> [[UInt8]] {
  var source = try OriginalRanges(MemoryBytes(bytes, pieceBytes: piece), encoding: encoding, chunkBytes: chunk)
  return try ranges.map { range in
    var copied: [UInt8] = []
    var original: [UInt8] = []
    try source.copy(range) { text, bytes in
      for i in text.indices { copied.append(text[i]) }
      for i in bytes.indices { original.append(bytes[i]) }
    }
    #expect(copied == Array(text[range]), "\(encoding.name) \(range)")
    return original
  }
}

/// Content that is made up as it is read: `head`, `repeated` as often as wanted, `tail`.
private struct RepeatedBytes: PositionedBytes {
  let path = "made up"
  let count: Int
  private(set) var position = 0
  private let head: [UInt8]
  private let block: [UInt8]
  private let blockEnd: Int
  private let tail: [UInt8]

  init(head: [UInt8], repeating repeated: [UInt8], times: Int, tail: [UInt8]) {
    self.head = head
    self.tail = tail
    block = Array(repeatElement(repeated, count: 4096).joined())
    blockEnd = head.count + repeated.count * times
    count = blockEnd + tail.count
  }

  mutating func read(upTo count: Int, into buffer: inout [UInt8]) {
    let wanted = buffer.count + count
    while buffer.count < wanted, position < self.count {
      let piece: ArraySlice<UInt8>
      if position < head.count {
        piece = head[position...]
      } else if position < blockEnd {
        piece = block[((position - head.count) % block.count)...].prefix(blockEnd - position)
      } else {
        piece = tail[(position - blockEnd)...]
      }
      let taken = piece.prefix(wanted - buffer.count)
      buffer += taken
      position += taken.count
    }
  }

  mutating func move(to position: Int) { self.position = min(position, count) }
}

@Suite struct OriginalRangesTests {
  /// Rows in an encoding, as they are in a file.
  private static let files: [(String, [(String, [UInt8])])] = [
    (
      "windows-1252",
      [
        ("é;€", [0xE9, 0x3B, 0x80]), ("", []), ("plain text, and long", Array("plain text, and long".utf8)),
        ("ß", [0xDF]),
      ]
    ),
    ("IBM037", [("Aé", [0xC1, 0x51]), ("", []), ("B", [0xC2])]),
    (
      "UTF-16LE",
      [
        ("é😀", [0xE9, 0x00, 0x3D, 0xD8, 0x00, 0xDE]), ("a", [0x61, 0x00]), ("", []),
        ("abcd", [0x61, 0, 0x62, 0, 0x63, 0, 0x64, 0]),
      ]
    ),
    (
      "UTF-16BE",
      [
        ("é😀", [0x00, 0xE9, 0xD8, 0x3D, 0xDE, 0x00]), ("a", [0x00, 0x61]), ("", []),
        ("😀😀", [0xD8, 0x3D, 0xDE, 0, 0xD8, 0x3D, 0xDE, 0]),
      ]
    ),
    ("UTF-32LE", [("é😀", [0xE9, 0, 0, 0, 0x00, 0xF6, 0x01, 0]), ("a", [0x61, 0, 0, 0])]),
    ("Shift_JIS", [("表,ソ", [0x95, 0x5C, 0x2C, 0x83, 0x5C]), ("ｱ", [0xB1]), ("十x", [0x8F, 0x5C, 0x78])]),
    // Three codes for one character: encoding it again gives one of them.
    ("CP932", [("￢", [0x81, 0xCA]), ("￢", [0xEE, 0xF9]), ("￢,", [0xFA, 0x54, 0x2C])]),
    ("GB18030", [("é😀中", [0xA8, 0xA6, 0x94, 0x39, 0xFC, 0x36, 0xD6, 0xD0]), ("", []), ("€,", [0xA2, 0xE3, 0x2C])]),
    ("BIG5-HKSCS", [("Ê\u{304}", [0x88, 0x62]), ("ê\u{30C},", [0x88, 0xA5, 0x2C])]),
    ("windows-1258", [("xa", [0x78, 0x61]), ("é\u{323}", [0x65, 0xEC, 0xF2]), ("o", [0x6F])]),
    (
      "ISO-2022-JP",
      [
        ("漢字", [0x1B, 0x24, 0x42, 0x34, 0x41, 0x3B, 0x7A, 0x1B, 0x28, 0x42]), ("ab", [0x61, 0x62]), ("", []),
        ("a,かx", [0x61, 0x2C, 0x1B, 0x24, 0x42, 0x24, 0x2B, 0x1B, 0x28, 0x42, 0x78]),
        // A shift more than is needed, at the start and at the end.
        ("c", [0x1B, 0x28, 0x42, 0x63, 0x1B, 0x28, 0x4A, 0x1B, 0x28, 0x42]),
      ]
    ),
    (
      "ISO-2022-KR",
      [
        ("한글", [0x1B, 0x24, 0x29, 0x43, 0x0E, 0x47, 0x51, 0x31, 0x5B, 0x0F]), ("a", [0x61]),
        ("한", [0x0E, 0x47, 0x51, 0x0F]),
      ]
    ),
    (
      "UTF-7",
      [
        ("é漢", Array("+AOlvIg-".utf8)), ("a-", Array("a-".utf8)), ("😀,", Array("+2D3eAA,".utf8)),
        ("x+", Array("x+-".utf8)),
      ]
    ),
  ]

  @Test(arguments: files.indices)
  func `a row's bytes are those of the file`(index: Int) throws {
    let (name, wanted) = Self.files[index]
    let encoding = try #require(TextEncoding(named: name))
    let lineFeed = try TextEncoder(encoding, path: "").encoded("a\n").dropFirst(
      try TextEncoder(encoding, path: "").encoded("a").count)
    let text = Array(wanted.map(\.0).joined(separator: "\n").utf8)
    let bytes = Array(wanted.map(\.1).joined(separator: lineFeed))
    #expect(try decoding(bytes, encoding).text == text)
    let ranges = rows(of: text)
    for piece in Array(1...7) + [1000] {
      #expect(
        try originals(ranges, of: text, in: bytes, encoding, piece: piece) == wanted.map(\.1), "pieces of \(piece)")
      // Every second one: the others are passed over.
      let some = stride(from: 1, to: ranges.count, by: 2).map { $0 }
      #expect(
        try originals(some.map { ranges[$0] }, of: text, in: bytes, encoding, piece: piece) == some.map { wanted[$0].1 }
      )
    }
  }

  @Test func `a row larger than a chunk comes in pieces`() throws {
    for (name, cell) in [("windows-1252", "é"), ("UTF-16BE", "😀"), ("Shift_JIS", "表"), ("ISO-2022-JP", "漢字a")] {
      let encoding = try #require(TextEncoding(named: name))
      let encoder = try TextEncoder(encoding, path: "")
      let row = String(repeating: cell, count: 2000)
      let text = Array("first\n\(row)\nlast".utf8)
      let bytes = ["first\n", row, "\nlast"].flatMap { encoder.encoded($0) }
      for chunk in [16, 300, 4096] {
        let found = try originals(rows(of: text), of: text, in: bytes, encoding, chunk: chunk)
        #expect(found == ["first", row, "last"].map { encoder.encoded($0) }, "\(name), chunks of \(chunk)")
      }
    }
  }

  @Test func `the byte order mark is the text's first three bytes`() throws {
    let text = Array("\u{FEFF}a\nb".utf8)
    let bytes: [UInt8] = [0xFE, 0xFF, 0x00, 0x61, 0x00, 0x0A, 0x00, 0x62]
    let encoding = try #require(TextEncoding(named: "UTF-16"))
    #expect(
      try originals([0..<3, 3..<4, 5..<6], of: text, in: bytes, encoding) == [[0xFE, 0xFF], [0, 0x61], [0, 0x62]])
  }

  @Test func `a row that only other rows make sense of is encoded again`() throws {
    let encoding = try #require(TextEncoding(named: "ISO-2022-JP"))
    // The first row does not return to ASCII, so that the second means nothing alone.
    let shifted: [UInt8] = [0x1B, 0x24, 0x42, 0x34, 0x41, 0x0A, 0x3B, 0x7A, 0x0A, 0x1B, 0x28, 0x42, 0x61]
    let text = Array("漢\n字\na".utf8)
    #expect(try decoding(shifted, encoding).text == text)
    let encoder = try TextEncoder(encoding, path: "")
    let found = try originals(rows(of: text), of: text, in: shifted, encoding)
    #expect(found == [encoder.encoded("漢"), encoder.encoded("字"), [0x1B, 0x28, 0x42, 0x61]])
  }

  @Test func `a row's cells are cut out of its bytes`() throws {
    let cases: [(String, [UInt8], String)] = [
      ("windows-1252", [0xE9, 0x2C, 0x61, 0x2C, 0x80], "é,a,€"),
      ("Shift_JIS", [0x95, 0x5C, 0x2C, 0xB1, 0x2C, 0x83, 0x5C], "表,ｱ,ソ"),
      ("UTF-16LE", [0x3D, 0xD8, 0x00, 0xDE, 0x2C, 0x00, 0x61, 0x00, 0x2C, 0x00, 0xE9, 0x00], "😀,a,é"),
    ]
    for (name, bytes, text) in cases {
      let encoding = try #require(TextEncoding(named: name))
      let encoder = try TextEncoder(encoding, path: "")
      var start = 0
      let cells = text.split(separator: ",")
      let ranges = cells.map { cell in
        defer { start += cell.utf8.count + 1 }
        return start..<start + cell.utf8.count
      }
      #expect(try encoding.parts(of: bytes, at: ranges) == cells.map { encoder.encoded(String($0)) }, "\(name)")
      #expect(try encoding.parts(of: bytes, at: [ranges[2]]) == [encoder.encoded(String(cells[2]))])
    }
  }

  @Test func `a file that has changed since is noticed`() throws {
    let cases: [(String, [UInt8])] = [
      ("windows-1252", [0xE9, 0x61]), ("UTF-16LE", [0xE9, 0, 0x61, 0]), ("Shift_JIS", [0x83, 0x5C]),
    ]
    for (name, bytes) in cases {
      let encoding = try #require(TextEncoding(named: name))
      // After the end, and into the middle of a character.
      for range in [0..<9, 8..<9, 0..<1] {
        var source = try OriginalRanges(MemoryBytes(bytes), encoding: encoding)
        #expect(throws: SourceEnded.self, "\(name) \(range)") { try source.copy(range) { _, _ in } }
      }
    }
    var source = try OriginalRanges(
      MemoryBytes([0x61, 0x81, 0x61]), encoding: try #require(TextEncoding(named: "CP1252")))
    #expect(throws: FileFault.self) { try source.copy(0..<3) { _, _ in } }
  }

  @Test func `memory holds a chunk, however large the file, the row and the shift sequences between two letters`() async
  {
    await #expect(processExitsWith: .success) {
      let before = mostMemory()
      let cases: [(String, [UInt8], Int)] = [
        ("UTF-16LE", [0xE9, 0x00], 2), ("Shift_JIS", [0x95, 0x5C], 3),
        ("ISO-2022-JP", [0x1B, 0x24, 0x42, 0x34, 0x41, 0x1B, 0x28, 0x42], 3), ("ISO-2022-JP", [0x1B, 0x28, 0x42], 0),
      ]
      for (name, repeated, width) in cases {
        let encoding = try #require(TextEncoding(named: name))
        let encoder = try TextEncoder(encoding, path: "")
        let times = (8 << 20) / repeated.count
        let content = RepeatedBytes(
          head: encoder.encoded("a"), repeating: repeated, times: times, tail: encoder.encoded("b\nc"))
        var decoded = try DecodedBytes(content, encoding: encoding)
        try decoded.move(to: .max)
        #expect(decoded.position == times * width + 4)
        var ranges = try OriginalRanges(content, encoding: encoding)
        var count = 0
        try ranges.copy(0..<times * width + 2) { text, original in
          #expect(text.count <= 256 << 10 && original.count <= 512 << 10)
          count += original.count
        }
        #expect(count == content.count - encoder.encoded("\nc").count)
      }
      // iconv's tables are in it, too.
      #expect(mostMemory() - before < 7 << 20)
    }
  }

  // MARK: - Random texts

  private static let alphabets: [(String, [String])] = [
    ("windows-1252", ["a", "é", "€", "ÿ", " "]), ("CP850", ["é", "░", "a"]), ("KOI8-R", ["я", "a", "═"]),
    ("IBM037", ["a", "é", "{"]), ("Shift_JIS", ["表", "ソ", "ｱ", "a", "能"]), ("CP932", ["髙", "①", "a", "～"]),
    ("GB18030", ["é", "😀", "中", "€", "a"]), ("EUC-JP", ["漢", "é", "ｱ", "a"]), ("EUC-KR", ["한", "a"]),
    ("Big5", ["中", "功", "a"]), ("BIG5-HKSCS", ["Ê\u{304}", "Ê", "中", "a"]), ("ISO-2022-JP", ["漢", "か", "a", "¥"]),
    ("ISO-2022-JP-2", ["漢", "é", "中", "한", "a"]), ("UTF-7", ["é", "😀", "+", "-", "a", "漢"]),
    ("UTF-32BE", ["é", "😀", "a"]), ("TCVN", ["ế", "a", "đ", "ơ"]), ("windows-1258", ["ế", "a", "đ", "ơ"]),
    ("EUC-JISX0213", ["か\u{309A}", "か", "漢", "a"]), ("IBM930", ["漢", "ｱ", "A"]),
  ]

  @Test(arguments: alphabets.indices)
  func `random texts and their rows are what iconv makes of them`(index: Int) throws {
    let (name, alphabet) = Self.alphabets[index]
    let encoding = try #require(TextEncoding(named: name))
    var random = SplitMix64(seed: UInt64(index))
    for _ in 0..<4 {
      let lines = (0..<30).map { _ in
        (0..<Int.random(in: 0...9, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
      }
      let bytes = try iconv(Array(lines.joined(separator: "\n").utf8), from: "UTF-8", to: name).output
      // Not the text itself: iconv composes and decomposes.
      let text = try iconv(bytes, from: name, to: "UTF-8").output
      for piece in [1, 3, 10, 1000] {
        let decoded = try decoding(bytes, encoding, piece: piece, count: Int.random(in: 1...500, using: &random))
        #expect(decoded.text == text && decoded.fault == nil)
        let found = try originals(rows(of: text), of: text, in: bytes, encoding, piece: piece)
        let lineFeed: UInt8 = name.hasPrefix("IBM") ? 0x25 : 0x0A
        if name != "UTF-32BE" { #expect(Array(found.joined(separator: [lineFeed])) == bytes) }
        for (row, range) in zip(found, rows(of: text)) {
          #expect(try decoding(row, encoding).text == Array(text[range]))
        }
      }
    }
  }

  @Test(arguments: alphabets.indices)
  func `random bytes are as good or bad as iconv finds them`(index: Int) throws {
    let (name, alphabet) = Self.alphabets[index]
    let encoding = try #require(TextEncoding(named: name))
    let encoder = try TextEncoder(encoding, path: "")
    var random = SplitMix64(seed: UInt64(index))
    for _ in 0..<8 {
      var bytes = encoder.encoded((0..<12).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined())
      for _ in 0..<2 {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let wanted = try iconv(bytes, from: name, to: "UTF-8")
      for piece in [1, 2, 5, 1000] {
        let (text, fault) = try decoding(bytes, encoding, piece: piece)
        #expect((fault == nil) == wanted.message.isEmpty, "\(bytes): \(wanted.message)")
        // iconv(1) keeps back the last letter before a bad byte, if marks may follow it.
        #expect(text.starts(with: wanted.output) && text.count <= wanted.output.count + 3, "\(bytes)")
        if fault == nil { #expect(text == wanted.output) }
        if let position = wanted.message.split(separator: "at position ").dropFirst().first.flatMap({
          Int($0.filter(\.isNumber))
        }) {
          #expect(fault?.message.contains("at offset \(position)") == true, "\(bytes): \(fault as Any)")
        }
      }
    }
  }

  @Test func `random UTF-16 is what the standard library takes for it`() throws {
    let units: [UInt16] = [0x61, 0x62, 0x7F, 0x80, 0xE9, 0x7FF, 0x800, 0x6F22, 0xD83D, 0xDE00, 0xDBFF, 0xDC00, 0xFFFF]
    var random = SplitMix64(seed: 1)
    for round in 0..<2000 {
      // Mostly good ones: a lone surrogate ends the text.
      let text = (0..<Int.random(in: 0...20, using: &random)).flatMap { _ -> [UInt16] in
        let unit = round % 2 == 0 && Int.random(in: 0..<20, using: &random) > 0 ? units[..<8] : units[...]
        return [unit.randomElement(using: &random) ?? 0x61]
      }
      var wanted: [UInt8] = []
      var good = 0
      var parser = Unicode.UTF16.ForwardParser()
      var iterator = text.makeIterator()
      while case .valid(let scalar) = parser.parseScalar(from: &iterator) {
        wanted += Array(String(UTF16.decode(scalar)).utf8)
        good += UTF16.width(UTF16.decode(scalar))
      }
      if good == text.count { #expect(wanted == Array(String(decoding: text, as: UTF16.self).utf8)) }
      for (encoding, isBig) in [(TextEncoding.utf16LittleEndian, false), (.utf16BigEndian, true)] {
        let bytes = text.flatMap { unit in
          let pair = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
          return isBig ? pair.reversed() : pair
        }
        let (decoded, fault) = try decoding(bytes, encoding, piece: [1, 2, 3, 5, 1000][round % 5])
        #expect(decoded == wanted, "\(text)")
        #expect((fault == nil) == (good == text.count))
        if let fault {
          #expect(fault.message.contains("at offset \(2 * good):") || fault.message.contains("at offset \(2 * good),"))
        }
      }
    }
  }

  /// What iconv(1) writes and says.
  private func iconv(_ bytes: [UInt8], from source: String, to target: String) throws -> (
    output: [UInt8], message: String
  ) {
    try withFile(bytes) { descriptor in
      let command = "LC_ALL=C iconv -f \(source) -t \(target) /proc/\(getpid())/fd/\(descriptor)"
      return (
        try output(of: "\(command) 2>/dev/null"),
        String(decoding: try output(of: "\(command) 2>&1 >/dev/null"), as: UTF8.self)
      )
    }
  }

  private func output(of command: String) throws -> [UInt8] {
    guard let pipe = popen(command, "r") else { throw Failure(errno: errno) }
    defer { pclose(pipe) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      if count == 0 { return all }
      all += buffer[..<count]
    }
  }
}
