internal import Core
internal import Formats

/// Reads a route's keys for how CSV files are written.
struct CSVOptionsReader {
  static let keys =
    ["encoding", "delimiter", "quote", "escape", "header", "skip", "null"] + NumberFormReader.keys + ["trailer"]

  static func read(_ section: ConfigSection) -> CSVOptions {
    var options = CSVOptions()
    section.read("encoding", into: &options.encoding, readEncoding)
    section.read("delimiter", into: &options.delimiter, readDelimiter)
    if let quote = section.read("quote", readMark) { options.quote = quote.byte }
    if let escape = section.read("escape", readMark) { options.escape = escape.byte }
    section.read("header", into: &options.header, readHeader)
    section.read("skip", into: &options.skip) { $0.section(readSkip) }
    section.read("null", into: &options.null) { $0.nullTexts() }
    if let numbers = NumberFormReader.read(section) { options.numbers = numbers }
    section.read("trailer", into: &options.trailer) { $0.section(readTrailer) }
    // A quote that escapes quotes is RFC 4180's doubling, which is the default.
    if options.escape == options.quote { options.escape = nil }
    check(options, section)
    return options
  }

  // MARK: Characters

  private static func readEncoding(_ entry: ConfigNode) -> String? {
    guard let name = entry.text() else { return nil }
    guard TextEncoding(named: name) != nil else {
      let advice =
        nearestWord(to: name, among: EncodingNames.usual).map { "did you mean \"\($0)\"?" }
        ?? "\"iconv -l\" lists the names"
      entry.report("is \"\(name)\", which is no encoding of files that iconv knows: \(advice)")
      return nil
    }
    return name
  }

  private static func readDelimiter(_ entry: ConfigNode) -> Delimiter? {
    guard let text = entry.scalarText()?.text else { return nil }
    switch text {
    case "auto": return .auto
    case "tab", "\\t": return .character("\t")
    default: break
    }
    guard let scalar = entry.character("auto, tab, or one character") else { return nil }
    switch scalar {
    case "\"": entry.report("can't be a double quote: use another character")
    case "\n", "\r", "\0": entry.report("can't be a line break or NUL: use another character")
    case _ where scalar.properties.isAlphabetic || scalar.properties.numericType != nil:
      entry.report("is \"\(scalar)\", but letters and digits are what cells consist of: use another character")
    default: return .character(scalar)
    }
    return nil
  }

  /// A character with a meaning in CSV.
  private struct Mark {
    /// Nil for `none`.
    var byte: UInt8?
  }

  private static func readMark(_ entry: ConfigNode) -> Mark? {
    let wanted = "none, or one ASCII character that is no letter, digit or blank"
    guard let text = entry.scalarText()?.text else { return nil }
    if text == "none" { return Mark() }
    guard let scalar = entry.character(wanted) else { return nil }
    guard scalar.isASCII, (0x21...0x7E).contains(scalar.value), !scalar.properties.isAlphabetic,
      scalar.properties.numericType == nil
    else {
      entry.report("must be \(wanted), but is \"\(scalar)\"")
      return nil
    }
    return Mark(byte: UInt8(ascii: scalar))
  }

  /// Checks what can't be told apart in a file.
  private static func check(_ options: CSVOptions, _ section: ConfigSection) {
    let marks = [("quote", options.quote), ("escape", options.escape)]
    for (key, byte) in marks {
      guard let scalar = byte.map({ Unicode.Scalar($0) }) else { continue }
      switch options.delimiter {
      case .auto where ",;|".unicodeScalars.contains(scalar):
        section.report("is \"\(scalar)\", which delimiter: auto may find between cells: name the delimiter", at: key)
      case .character(scalar):
        section.report("is \"\(scalar)\", which is the delimiter as well: use another character", at: key)
      default: break
      }
    }
    guard let comment = section.value("skip")?.member("comment"), let first = options.skip.comment?.unicodeScalars.first
    else { return }
    // Rows of data would be skipped silently.
    if options.delimiter == .character(first) {
      comment.report("begins with the delimiter, as does a row whose first cell is empty: use other text")
    } else if options.quote.map({ Unicode.Scalar($0) }) == first {
      comment.report("begins with the quote, as does a row whose first cell is quoted: use other text")
    }
  }

  // MARK: Rows

  private static func readHeader(_ entry: ConfigNode) -> [String]? {
    var names: Set<String> = []
    let header = entry.list { entry -> String? in
      guard let name = entry.columnName() else { return nil }
      guard !name.hasPrefix("_error_") else {
        entry.report("begins with \"_error_\", and such columns are dropped: use another name")
        return nil
      }
      guard names.insert(name).inserted else {
        entry.report("is \"\(name)\", which an earlier column is called, too: give each column its own name")
        return nil
      }
      return name
    }
    if entry.elements?.isEmpty == true { entry.report("must name at least one column") }
    return header.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func readSkip(_ section: ConfigSection) -> SkippedRows {
    var skip = SkippedRows()
    section.read("first", into: &skip.first) { $0.int(atLeast: 0, atMost: 1_000_000) }
    section.read("last", into: &skip.last) { $0.int(atLeast: 0, atMost: 1000) }
    section.read("comment", into: &skip.comment) { $0.lineText() }
    section.read("before", into: &skip.before) { $0.lineText() }
    section.read("after", into: &skip.after) { $0.lineText() }
    section.read("rows", into: &skip.rows) { entry in entry.oneOrMore { $0.cellPattern() }?.map(Glob.init) }
    if let entry = section.value("rows"), skip.rows.contains(Glob("*")) {
      entry.report("contains \"*\", which every row matches: nothing would be left")
    }
    return skip
  }

  private static func readTrailer(_ section: ConfigSection) -> Trailer? {
    let match = section.read("match") { $0.cellPattern() }
    if !section.has("match") {
      section.reportMissing("match", "say how the trailer's first cell begins, such as \"TRL*\"")
    }
    /// The key that takes each cell.
    var taken: [Int: String] = [:]
    func readCell(_ entry: ConfigNode) -> Int? {
      guard let cell = entry.int(atLeast: 1, atMost: 100_000) else { return nil }
      guard cell > 1 else {
        entry.report("is 1, the cell that match takes: cells count from 1, so a total is in cell 2 or later")
        return nil
      }
      if let other = taken[cell] {
        entry.report("is cell \(cell), as is \(other): give each total its own cell")
        return nil
      }
      taken[cell] = entry.key
      return cell
    }
    let count = section.read("count", readCell)
    var sums: [String: Int] = [:]
    section.read("sums") { entry in
      entry.section { section in
        if section.names.isEmpty { entry.report("must name at least one column") }
        var lines: [String: Int?] = [:]
        _ = section.readAll { name, entry in
          let column = ColumnName.normalized(name)
          if let line = lines.updateValue(entry.line, forKey: column) {
            entry.report("names the same column as line \(line ?? 0): leave out one of them")
          }
          if column.isEmpty { entry.report("must name a column") }
          sums[column] = readCell(entry)
        }
      }
    }
    if !section.has("count"), !section.has("sums") {
      section.reportMissing("count", "say which cell is the number of rows; or give sums, or both")
    }
    return match.map { Trailer(match: Glob($0), count: count, sums: sums) }
  }
}
