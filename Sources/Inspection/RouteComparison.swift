internal import APIs
internal import Core
internal import Formats
package import Settings

extension Inspection {
  /// Where a configured route disagrees with what the file looks like, for people; empty if all is well.
  package func differences(from route: Route) -> [String] {
    switch content {
    case .other(let reason): return [reason]
    case .json(let json):
      let named = route.format ?? FileType(fileName: Array(sample.name.utf8))?.kind
      if named == json.kind || named == .jsonl && json.kind == .ndjson { return [] }
      return ["it is read as \(named?.rawValue ?? "nothing"), but it looks like \(json.kind.rawValue)"]
    case .csv(let csv):
      var comparison = RouteComparison(route, csv)
      comparison.compareFormat(sample.name, csv)
      comparison.compareEncoding(sample, encoding)
      comparison.compareText(csv)
      comparison.compareRows(csv)
      comparison.compareColumns(csv)
      return comparison.differences.map(\.onOneLine)
    }
  }
}

/// Compares a route's description of a CSV with the file.
private struct RouteComparison {
  private let route: Route
  private let options: CSVOptions
  private(set) var differences: [String] = []

  init(_ route: Route, _ csv: CSVInspection) {
    self.route = route
    options = csv.options
  }

  private var csv: CSVOptions { route.csv }

  mutating func compareFormat(_ name: String, _ csv: CSVInspection) {
    let kind = route.format ?? FileType(fileName: Array(name.utf8))?.kind
    switch kind {
    case .csv: break
    case .tsv:
      if csv.dialect.delimiter != UInt8(ascii: "\t"), csv.columns.count > 1 {
        differences.append("it is read as tsv, but tabs don't separate its cells: set `format: csv`")
      }
    case let kind?: differences.append("it is read as \(kind.rawValue), but it looks like csv")
    case nil: differences.append("its name has no extension that upsertd knows: set `format: csv`")
    }
  }

  /// Compares the text that both give: encodings have many names, and many agree on most characters.
  mutating func compareEncoding(_ sample: FileSample, _ guess: EncodingGuess) {
    guard guess.markBytes == 0 else { return }
    // Whole lines, so that no character is cut.
    let lineFeed = Ascii.lineFeed
    let head = sample.head.prefix(64 << 10)
    let parts = [
      Array(head.count < sample.head.count ? head[...(head.lastIndex(of: lineFeed) ?? head.endIndex - 1)] : head),
      Array(sample.tail.drop { $0 != lineFeed }),
    ]
    let name = csv.encoding ?? "utf-8"
    let texts = parts.map { decoded($0, as: name) }
    guard texts != parts.map({ guess.text($0, isStart: false) }) else { return }
    guard texts.contains(nil) || guess.unsure.isEmpty else { return }
    let shown = guess.word.map { ", which gives \($0.quotedOnOneLine)" } ?? ""
    differences.append("encoding is \(name), but the file looks like \(guess.name ?? "utf-8")\(shown)")
  }

  mutating func compareText(_ guess: CSVInspection) {
    let delimiter = Unicode.Scalar(guess.dialect.delimiter)
    let isTabbed = route.format == .tsv
    if case .character(let configured) = csv.delimiter, configured != delimiter, !guess.namesSeparator, !isTabbed,
      guess.columns.count > 1
    {
      differences.append("delimiter is \(Self.shown(configured)), but the file looks like \(Self.shown(delimiter))")
    }
    if csv.quote != options.quote, guess.hasQuotes {
      func shown(_ quote: UInt8?) -> String { quote.map { Self.shown(Unicode.Scalar($0)) } ?? "none" }
      differences.append("quote is \(shown(csv.quote)), but the file looks like \(shown(options.quote))")
    }
    if let escape = options.escape, csv.escape != escape {
      let configured = csv.escape.map { Self.shown(Unicode.Scalar($0)) } ?? "not set"
      let found = Self.shown(Unicode.Scalar(escape))
      differences.append("escape is \(configured), but quotes in the file's cells are escaped with \(found)")
    }
    let missing = options.null.subtracting(csv.null)
    if !missing.isEmpty {
      let verb = missing.count == 1 ? "stands" : "stand"
      differences.append("null lacks \(Self.list(missing.sorted())), which \(verb) for no value in the file")
    }
  }

  mutating func compareRows(_ guess: CSVInspection) {
    if let line = guess.headerLine, csv.header == nil, csv.skip.before == nil,
      line > csv.skip.first + 1 || line <= csv.skip.first,
      !guess.isSkippedToHeader(by: csv)
    {
      differences.append("skip.first is \(csv.skip.first), but the header looks to be in line \(line)")
    }
    if guess.headerLine == nil, csv.header == nil, guess.rowCount > 0 {
      differences.append("the file looks as if it had no header, and `header` is not set")
    }
    if let line = guess.headerLine, csv.header != nil, options.header == nil, csv.skip.first < line {
      differences.append("header is set, but line \(line) looks like a header, too: set skip.first to \(line)")
    }
    if let pattern = guess.trailerPattern, csv.trailer == nil, csv.skip.last == 0,
      !csv.skip.rows.contains(where: { $0.matches(Array(pattern.utf8)) })
    {
      differences.append("the last row, \(pattern.quotedOnOneLine), looks like a trailer, and `trailer` is not set")
    }
    if options.skip.last != csv.skip.last, options.skip.last > 0 || csv.trailer == nil && options.trailer == nil {
      differences.append(
        "skip.last is \(csv.skip.last), but the file looks to have \(counted(options.skip.last, "row")) of footer")
    }
    if let comment = options.skip.comment, csv.skip.comment == nil, csv.skip.first == 0 {
      differences.append(
        "lines that begin with \(comment.quotedOnOneLine) look like comments, and skip.comment is not set")
    }
    for (name, found, configured) in [
      ("before", options.skip.before, csv.skip.before), ("after", options.skip.after, csv.skip.after),
    ] where found != nil && configured == nil && csv.skip.first == 0 {
      differences.append("skip.\(name) is not set, but the file has a line \((found ?? "").quotedOnOneLine)")
    }
  }

  mutating func compareColumns(_ guess: CSVInspection) {
    if let mapping = route.mapping {
      let names = guess.columns.map(\.name)
      let unknown = names.filter { mapping.columns[$0] == nil && !mapping.ignore.contains($0) }
      let composed = Set(
        mapping.computed.flatMap(\.parts).compactMap { part in
          if case .column(let name) = part { name } else { nil }
        })
      let unmapped = unknown.filter { !composed.contains($0) }
      // With names of its own making nothing could agree.
      if !unmapped.isEmpty, options.header == nil {
        differences.append("the mapping neither maps nor ignores \(Self.list(unmapped))")
      }
      let absent = mapping.columns.filter { name, fields in
        !names.contains(name) && !fields.allSatisfy(\.isOptional)
      }.keys.sorted()
      if !absent.isEmpty, options.header == nil {
        differences.append("the mapping maps \(Self.list(absent)), which the file lacks")
      }
    }
    compareNumbers(guess)
  }

  private mutating func compareNumbers(_ guess: CSVInspection) {
    for (place, column) in guess.columns.enumerated() {
      // Digits alone fit any form.
      guard case .number(isWhole: false) = column.content else { continue }
      let fields = route.mapping?.columns[column.name] ?? []
      let isNumber =
        fields.contains { $0.type == .number || $0.to.hasSuffix(":number") } || column.name.hasSuffix(":number")
      guard isNumber else { continue }
      let form = guess.forms.own[place] ?? guess.forms.common
      let configured = fields.lazy.compactMap(\.numbers).first ?? csv.numbers
      guard !configured.takes(form) else { continue }
      let sample = column.samples.first ?? ""
      differences.append(
        "decimal and grouping don't fit the numbers of \(column.name.quotedOnOneLine), such as \(sample)")
    }
  }

  private static func shown(_ scalar: Unicode.Scalar) -> String {
    scalar == "\t" ? "tab" : String(scalar).quotedOnOneLine
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).map(\.quotedOnOneLine).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}

extension NumberForm {
  /// Whether numbers in the other form can be read in this one.
  fileprivate func takes(_ other: NumberForm) -> Bool {
    decimal == other.decimal && (other.grouping == nil || grouping == other.grouping)
      && negative.isSuperset(of: other.negative) && symbols.isSuperset(of: other.symbols)
  }
}
