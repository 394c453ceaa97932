import Core
import Formats
import JSONText

extension FuzzDriver {
  static let dialects = FuzzDriver(
    name: "dialects", about: "CSV files in any dialect and encoding, what was written in one, and their rejects",
    words: [
      ",", ";", "\t", "|", "§", "\u{1}", "\"", "\"\"", "'", "\\", "\\n", "\r\n", "\n", "\r", "sep=;\n", "a,b\n",
      "x;y\n",
      "#", "BEGIN\n", "END\n", "T;1", "=\"1\"", "_error_code", "\u{FEFF}", "\u{1A}", "é", "表", "😀", "+AOk-", "\u{1B}$B",
    ], longest: 4 << 10
  ) { _ in
    PlainReader { input in
      // The first bytes choose the dialect, the rest is the file.
      let choices = Array(input.prefix(DialectTrial.choiceBytes))
      guard let trial = DialectTrial(choices) else { return false }
      let content = Array(input.dropFirst(DialectTrial.choiceBytes))
      try trial.readWritten(content)
      return try trial.readAsDropped(content)
    }
  }
}

/// One dialect and encoding, and what must hold for every file in it.
private struct DialectTrial {
  static let choiceBytes = 8

  private static let encodings: [TextEncoding] =
    [
      "UTF-16LE", "UTF-16BE", "UTF-32", "windows-1252", "CP850", "Shift_JIS", "EUC-JP", "ISO-2022-JP", "GB18030",
      "UTF-7",
    ]
    .compactMap { TextEncoding(named: $0) }

  private let choices: [UInt8]
  private var options = CSVOptions()
  /// Nil for UTF-8.
  private let encoding: TextEncoding?
  private let delimiter: Unicode.Scalar
  private let lineBreak: String

  /// Nil for choices that no route could make.
  init?(_ choices: [UInt8]) {
    let choices = choices + Array(repeating: 0, count: max(0, Self.choiceBytes - choices.count))
    func choice<Value>(_ index: Int, _ values: [Value]) -> Value { values[Int(choices[index]) % values.count] }
    self.choices = choices
    encoding = choice(0, [nil] + Self.encodings.map { $0 })
    delimiter = choice(1, [",", ";", "\t", "|", "§", "\u{1}"])
    options.delimiter = .character(delimiter)
    if ",;\t|".unicodeScalars.contains(delimiter), choices[2] % 2 == 1 { options.delimiter = .auto }
    options.quote = choice(3, [UInt8(ascii: "\""), UInt8(ascii: "'"), nil])
    options.escape = choice(4, [nil, UInt8(ascii: "\\")])
    lineBreak = choice(5, ["\n", "\r\n", "\r"])
    // A line break that is added to any bytes may not be one, and so not end an escape.
    if encoding?.name == "ISO-2022-JP" || encoding?.name == "UTF-7" { options.escape = nil }
    // The encodings of Japan have no such byte alone, or another meaning for it.
    guard encoding == nil || Self.decoded(Self.encoded("\(delimiter)\\'\"", encoding), encoding) == "\(delimiter)\\'\""
    else { return nil }
  }

  // MARK: - Any bytes

  /// Reads any bytes, which must not trap; the rejects of what could be read must be the same rows.
  func readAsDropped(_ content: [UInt8]) throws -> Bool {
    var trial = self
    func choice<Value>(_ index: Int, _ values: [Value]) -> Value { values[Int(choices[index]) % values.count] }
    trial.options.header = choice(6, [nil, nil, ["x", "y"]])
    trial.options.skip.first = choice(7, [0, 0, 1, 2])
    trial.options.skip.last = choice(7, [0, 1, 0, 2, 0])
    trial.options.skip.comment = choice(6, [nil, "#"])
    trial.options.skip.before = choice(5, [nil, nil, nil, "BEGIN"])
    trial.options.skip.after = choice(4, [nil, nil, nil, "END"])
    trial.options.skip.rows = choice(3, [[], [], [Glob("T*")]])
    trial.options.null = choice(2, [[], ["x"]])
    // A file may end within an escape, where a row of a rejects file can't.
    var start = HeldBytes(content)
    let found = try TextEncoding.encoding(of: &start, declared: encoding)?.text
    let reading = trial.read(content + Self.encoded(lineBreak, found))
    guard reading.fault == nil, reading.layout != nil else { return false }
    try trial.checkRejects(of: reading)
    return !reading.items.isEmpty
  }

  // MARK: - What was written

  /// Writes cells made of any bytes, which must be what is read again, and again from the rejects.
  func readWritten(_ bytes: [UInt8]) throws {
    let width = 2 + Int(choices[6]) % 3
    var cells = Self.texts(of: bytes).prefix(30).map(writable)
    while cells.count % (width - 1) != 0 { cells.append("") }
    let starts = stride(from: 0, to: cells.count, by: width - 1)
    let rows = starts.map { ["r\($0)"] + cells[$0..<$0 + width - 1] }
    let header = (0..<width).map { "c\($0)" }
    let text = ([header] + rows).map { $0.map(written).joined(separator: "\(delimiter)") + lineBreak }.joined()
    let reading = read(Self.encoded(text, encoding))
    let described = "\(options) in \(encoding?.name ?? "UTF-8"): \(text.debugDescription)"
    if let fault = reading.fault { throw Broken("what was written can't be read: \(fault.message): \(described)") }
    guard reading.items.allSatisfy({ $0.fault == nil }), reading.texts.count == rows.count else {
      throw Broken("\(rows.count) rows were written, \(reading.texts.count) are read: \(described)")
    }
    for (row, json) in zip(rows, reading.texts) {
      let item = try JSONValue.parse(Array(json.utf8))
      for (name, cell) in zip(header, row) where item[name]?.string ?? "" != cell {
        throw Broken("\(cell.debugDescription) was written, \(json) is read: \(described)")
      }
    }
    try checkRejects(of: reading)
  }

  /// Texts of any length, in any number.
  private static func texts(of bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      // Cells have line breaks, too.
      String(String.UnicodeScalarView($0)).replacing("^", with: "\n")
    }
  }

  /// What of a text can be a cell of this dialect.
  private func writable(_ text: String) -> String {
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(20) {
      let isSpecial = scalar == delimiter || scalar == "\n" || scalar == "\r"
      // NUL is not text; U+FEFF at a file's start is a mark.
      if scalar == "\0" || scalar == "\u{FEFF}" || isSpecial && options.quote == nil && options.escape == nil {
        continue
      }
      if encoding != nil, Self.decoded(Self.encoded(String(scalar), encoding), encoding) != String(scalar) { continue }
      kept.append(scalar)
    }
    // It may be a formula.
    return kept.first == "=" ? "" : String(kept)
  }

  /// A cell as a program with this dialect writes it.
  private func written(_ cell: String) -> String {
    let escape = options.escape.map { Unicode.Scalar($0) }
    guard let quote = options.quote.map({ Unicode.Scalar($0) }) else {
      return cell.unicodeScalars.reduce(into: "") { text, scalar in
        if let escape, scalar == escape || scalar == delimiter || scalar == "\n" || scalar == "\r" {
          text.unicodeScalars.append(escape)
        }
        text.unicodeScalars.append(scalar)
      }
    }
    let special: Set<Unicode.Scalar> = [quote, delimiter, "\n", "\r"]
    let needsQuotes = cell.unicodeScalars.contains { special.contains($0) || $0 == escape }
    guard needsQuotes || choices[7] % 2 == 0 else { return cell }
    let inner = cell.unicodeScalars.reduce(into: "") { text, scalar in
      if scalar == quote { text.unicodeScalars.append(escape ?? quote) }
      if scalar == escape { text.unicodeScalars.append(scalar) }
      text.unicodeScalars.append(scalar)
    }
    return "\(quote)\(inner)\(quote)"
  }

  // MARK: - Reading

  private struct Reading {
    var content: [UInt8]
    var header: CSVHeader?
    var layout: CSVLayout?
    var items: [RawItem] = []
    var texts: [String] = []
    var fault: FileFault?
  }

  private func read(_ content: [UInt8]) -> Reading {
    var reading = Reading(content: content)
    do {
      let reader = CSVReader(options, limits: ReaderLimits(), chunkBytes: 1 + Int(choices[0]) * 7)
      func plan(_ header: CSVHeader) throws -> RowTemplate {
        reading.header = header
        return try RowPlan(header, mapping: nil, options: options)
          .template(empty: .omit, limits: ReaderLimits()) { path in
            .field(PlacedField(path: path.steps, type: .string))
          }
      }
      func take(_ item: RawItem, _ json: Span<UInt8>) {
        reading.items.append(item)
        reading.texts.append(json.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
      }
      var source = HeldBytes(content)
      if let found = try TextEncoding.encoding(of: &source, declared: encoding) {
        var text = try DecodedBytes(HeldBytes(content), encoding: found.text)
        reading.layout = try reader.readItems(&text, plan: plan, each: take).layout
        reading.layout?.encoding = found.text.name
        reading.layout?.hasByteOrderMark = found.hasMark
      } else {
        source = HeldBytes(content)
        reading.layout = try reader.readItems(&source, plan: plan, each: take).layout
      }
    } catch let fault as FileFault {
      reading.fault = fault
    } catch {
      reading.fault = FileFault(.unreadable, "\(error)")
    }
    return reading
  }

  // MARK: - Rejects

  /// Writes all rows as rejects; read again they must be the same.
  private func checkRejects(of reading: Reading) throws {
    // Which cells are old ones is uncertain in rows of another width.
    guard let header = reading.header, let layout = reading.layout, header.errorColumns.isEmpty else { return }
    let again = read(try rejects(of: reading, header, layout))
    let described = "\(options) in \(layout.encoding ?? "UTF-8"): \(reading.content)"
    if let fault = again.fault { throw Broken("rejects can't be read: \(fault.message): \(described)") }
    guard again.texts == reading.texts, again.items.map(\.fault?.code) == reading.items.map(\.fault?.code) else {
      throw Broken("rejects are other rows: \(again.texts) instead of \(reading.texts): \(described)")
    }
  }

  private func rejects(of reading: Reading, _ header: CSVHeader, _ layout: CSVLayout) throws -> [UInt8] {
    let rejects = CSVRejects(layout, headerRow: header.bytes)
    let fault = ItemFault(.badRequest, "no; \"not\", so|§ \\ \u{1} 'x'")
    guard let encoding = layout.encoding.flatMap({ TextEncoding(named: $0) }) else {
      var ranges = SourceRanges(HeldBytes(reading.content))
      var file = rejects.headerLine
      for item in reading.items {
        var row: [UInt8] = []
        try ranges.copy(item.source) { piece in piece.withUnsafeBufferPointer { row.append(contentsOf: $0) } }
        file += rejects.line(for: row, fault, line: item.line)
      }
      return file
    }
    let encoder = try TextEncoder(encoding, path: "")
    var ranges = try OriginalRanges(HeldBytes(reading.content), encoding: encoding)
    var file = layout.hasByteOrderMark ? encoder.byteOrderMark : []
    if let (_, lineBreak) = rejects.ownHeader {
      file += encoder.encoded(rejects.headerOpening)
      try ranges.copy(header.range) { _, original in
        original.withUnsafeBufferPointer { file.append(contentsOf: $0) }
      }
      file += encoder.encoded(lineBreak)
    } else {
      file += encoder.encoded(rejects.headerLine)
    }
    for item in reading.items {
      file += encoder.encoded(rejects.opening(fault, line: item.line))
      var last: UInt8?
      try ranges.copy(item.source) { text, original in
        if !text.isEmpty { last = text[text.count - 1] }
        original.withUnsafeBufferPointer { file.append(contentsOf: $0) }
      }
      file += encoder.encoded(rejects.lineBreak(after: last))
    }
    return file
  }

  // MARK: - Encoding

  private static func encoded(_ text: String, _ encoding: TextEncoding?) -> [UInt8] {
    guard let encoding, let encoder = try? TextEncoder(encoding, path: "") else { return Array(text.utf8) }
    return encoder.encoded(text)
  }

  private static func decoded(_ bytes: [UInt8], _ encoding: TextEncoding?) -> String? {
    guard let encoding else { return String(decoding: bytes, as: UTF8.self) }
    var text: [UInt8] = []
    do {
      var source = try DecodedBytes(HeldBytes(bytes), encoding: encoding)
      var before = -1
      while text.count > before {
        before = text.count
        try source.read(upTo: 8 << 10, into: &text)
      }
    } catch { return nil }
    return String(decoding: text, as: UTF8.self)
  }
}
