package import APIs
package import Core
package import Formats
internal import JSONText
package import Settings

/// What a file looks like, and a route and a mapping that load it: a first draft, with what it is unsure of.
///
/// It works as a person would who opens the file: a sample (`FileSample`) is decoded (`EncodingGuess`), split in the
/// way that gives even rows (`DialectGuess`), and its rows are told apart (`Layout`, `TrailerGuess`); each column is
/// judged by all its cells (`ColumnGuess`, `NumberForms`), and the API asked for proposes fields (`API.proposeFields`).
/// The reader of dropped files is not used, since it would stop at the first fault. So a guess may be wrong: what is
/// proposed is what the file shows for certain or most likely, and each doubt is listed.
package struct Inspection: Sendable {
  /// What the proposal is for.
  package struct Purpose: Sendable {
    /// Nil if the file's content decides.
    package var api: APIKind?
    /// The target's and the route's own settings, as far as there are any.
    package var options = APIOptions()
    /// The target's name; nil if there is no configuration yet.
    package var target: String?
    /// The inbox's name; nil if there is none yet.
    package var inbox: String?
    /// The route's mapping, which is kept as far as it goes.
    package var mapping: ColumnMapping?

    package init(api: APIKind? = nil) { self.api = api }

    /// For a route of an inbox.
    ///
    /// - Parameter api: takes precedence over the route's.
    package init(_ route: Route, of inbox: String, settings: Settings, api: APIKind? = nil) {
      self.api = api
      self.inbox = inbox
      mapping = route.mapping
      (options.route, options.validate) = (route.own, route.validate)
      switch route.target {
      case .auto: target = "auto"
      case .named(let name):
        target = name
        guard let named = settings.target(named: name) else { return }
        self.api = api ?? named.api
        options.target = named.own
      }
    }
  }

  package enum Content: Sendable {
    case csv(CSVInspection)
    case json(JSONInspection)
    /// Why upsertd can't read such a file, and what to do.
    case other(String)
  }

  package let sample: FileSample
  package private(set) var content: Content
  /// The route's `format`; nil if the name's extension says it.
  package private(set) var format: FormatKind?
  /// The API that the proposal is for.
  package private(set) var api: APIKind
  /// Nil if none is needed.
  package private(set) var mapping: ColumnMapping?
  /// The columns' fields, as in `mapping` or in the header.
  private(set) var fields: [String] = []
  /// The route's keys that only the API has.
  private(set) var ownKeys: [(name: String, value: JSONValue)] = []
  /// The same as settings.
  private(set) var own = OwnSettings()
  /// What the file does not show, each beginning with what it is: `which API: …`.
  package private(set) var unsure: [String] = []
  let encoding: EncodingGuess
  let purpose: Purpose

  package init(_ sample: FileSample, for purpose: Purpose = Purpose()) {
    self.sample = sample
    self.purpose = purpose
    api = purpose.api ?? APIs.undecided.kind
    encoding = EncodingGuess(sample)
    content = .other("")
    let named = FileType(fileName: Array(sample.name.utf8))?.kind
    if let reason = Self.unreadable(sample) ?? (encoding.isWide ? nil : Self.binary(sample.head)) {
      content = .other(reason)
    } else if encoding.isWide, JSONInspection.isJSON(encoding.text(Array(sample.head.prefix(4096)), isStart: true)) {
      content = .other("it is JSON in \(encoding.title): JSON must be UTF-8")
    } else if JSONInspection.isJSON(sample.head) {
      inspectJSON(named)
    } else {
      inspectCSV(named)
    }
    if let fault = sample.fault { unsure.insert("whether the file is complete: \(fault)", at: 0) }
    unsure = unsure.map(\.onOneLine)
  }

  // MARK: CSV

  private mutating func inspectCSV(_ named: FormatKind?) {
    var csv = CSVInspection(sample, encoding, isTSV: named == .tsv)
    if named != .csv, named != .tsv || csv.dialect.delimiter != UInt8(ascii: "\t") {
      format = csv.dialect.delimiter == UInt8(ascii: "\t") ? .tsv : .csv
      if format == .tsv { csv.leaveOutTab() }
    }
    unsure += encoding.unsure + csv.unsure
    if csv.columns.isEmpty, !csv.isRejects {
      content = .other(sample.fault ?? "it holds nothing but blank lines and delimiters")
      return
    }
    let observed = csv.columns.map(\.observed)
    func proposed(by owner: any API) -> FieldProposal { owner.proposeFields(for: observed, purpose.options) }
    // A header that an API's users may have written says which API it is for.
    decideAPI(
      by: APIKind.classify(headerPaths: csv.columns.map(\.name)),
      or: APIs.all.first { proposed(by: $0).fields == nil }?.kind)
    guard let owner = APIs[api] else { return }
    let proposal = proposed(by: owner)
    let isKnown = csv.columns.allSatisfy { isMapped($0.name) }
    if !isKnown { unsure += proposal.unsure }
    (ownKeys, own) = (proposal.routeKeys, proposal.own)
    if let proposed = proposal.fields {
      makeMapping(&csv, proposed, proposal)
    } else if purpose.mapping != nil {
      makeMapping(&csv, csv.columns.map { [.init(to: $0.name)] }, proposal)
    } else {
      takeHeader(csv, owner, proposal)
    }
    content = .csv(csv)
  }

  /// Whether the route's mapping knows the column already.
  private func isMapped(_ name: String) -> Bool {
    purpose.mapping.map { $0.columns[name] != nil || $0.ignore.contains(name) } ?? false
  }

  /// Adds to the proposed fields what the cells need; what the route's mapping says already stays.
  private mutating func makeMapping(
    _ csv: inout CSVInspection, _ proposed: [[ColumnMapping.MappedField]], _ proposal: FieldProposal
  ) {
    let known = purpose.mapping
    var mapping = ColumnMapping(
      columns: [:], constants: known?.constants ?? proposal.constants, ignore: [], path: known?.path ?? "\(stem).yaml")
    mapping.computed = known?.computed ?? proposal.computed
    let composed = Set(
      proposal.computed.flatMap(\.parts).compactMap { part in
        if case .column(let name) = part { name } else { nil }
      })
    for (index, column) in csv.columns.enumerated() {
      if let known, isMapped(column.name) {
        mapping.columns[column.name] = known.columns[column.name]
        if known.ignore.contains(column.name) { mapping.ignore.insert(column.name) }
        fields.append(known.columns[column.name]?.map(\.to).joined(separator: ", ") ?? "ignored")
        continue
      }
      // A column to which only its place gave a name, and which holds nothing, or the rows' numbers.
      if column.name == "Column \(column.index + 1)", !composed.contains(column.name),
        column.content == .empty || column.isCounter && csv.headerLine != nil
      {
        mapping.ignore.insert(column.name)
        fields.append("ignored")
        continue
      }
      let own = proposed[index].map { field in
        var field = field
        field.isTrimmed = column.isPadded
        if !column.nulls.isEmpty { field.null = column.nulls }
        if field.type == .number { field.numbers = csv.forms.own[index] }
        return field
      }
      mapping.columns[column.name] = own
      fields.append(own.map(\.to).joined(separator: ", "))
      if own.allSatisfy({ $0.type == .string && $0.date == nil }) { csv.takeAsText(index) }
      if case .number(isWhole: true) = column.content, own.contains(where: { $0.type == .number }),
        !FieldName(column.name).isQuantity
      {
        unsure.append("whether \(column.name.quotedOnOneLine) holds numbers or codes: all its values are whole numbers")
      }
      if case .list = column.content, own.contains(where: { $0.type == .list }) {
        unsure.append("whether \(column.name.quotedOnOneLine) holds lists: its values have semicolons in them")
      }
    }
    self.mapping = mapping
  }

  /// The header names the fields itself; says which of them the API does not have.
  private mutating func takeHeader(_ csv: CSVInspection, _ owner: any API, _ proposal: FieldProposal) {
    fields = csv.columns.map(\.name)
    var options = purpose.options
    options.route = proposal.own
    let target = owner.makeAPI(options)
    for column in csv.columns {
      do {
        let path = try CellPath(parsing: column.name)
        _ = try target.place(steps: path.steps, type: path.type, text: column.name)
      } catch {
        unsure.append("what \(column.name.quotedOnOneLine) is: \(error.message)")
      }
    }
  }

  /// - Parameters:
  ///   - content: the API that the file can only be for; nil if it shows none.
  ///   - likely: the one that it may be for; nil if it may be for any.
  private mutating func decideAPI(by content: APIKind?, or likely: APIKind?) {
    if let asked = purpose.api {
      if let content, content != asked, let title = APIs[content]?.title {
        unsure.insert("which API: \(asked.rawValue) is asked for, but the file looks like \(title)", at: 0)
      }
      return
    }
    if let content {
      api = content
      return
    }
    if let likely { api = likely }
    let others = APIs.all.map(\.kind.rawValue).filter { $0 != api.rawValue }.map { "--api \($0)" }
    unsure.insert(
      "which API: the file does not show it, so this is for \(api.rawValue); or use \(others.joined(separator: ", "))",
      at: 0)
  }

  // MARK: JSON

  private mutating func inspectJSON(_ named: FormatKind?) {
    var json = JSONInspection(sample)
    let isSame = named == json.kind || named == .jsonl && json.kind == .ndjson
    if !isSame { format = json.kind }
    var trials: [APIKind: (json: JSONInspection, proposal: FieldProposal?)] = [:]
    for owner in APIs.all { trials[owner.kind] = tried(json, by: owner) }
    // The first of those that find the least wrong.
    let likely = APIs.all.map(\.kind).min { trials[$0]?.json.faultCount ?? 0 < trials[$1]?.json.faultCount ?? 0 }
    decideAPI(by: json.api, or: likely)
    if let trial = trials[api] {
      json = trial.json
      if let proposal = trial.proposal {
        (ownKeys, own) = (proposal.routeKeys, proposal.own)
        unsure += proposal.unsure
      }
    }
    unsure += json.unsure
    content = .json(json)
  }

  /// What an API finds wrong with the items, and the route's keys that it proposes for items that are just data.
  private func tried(_ json: JSONInspection, by owner: any API) -> (json: JSONInspection, proposal: FieldProposal?) {
    var (json, options) = (json, purpose.options)
    var proposal: FieldProposal?
    if json.api == nil, !json.members.isEmpty {
      let keys = owner.proposeKeys(for: json.members.map(\.name), options)
      if !keys.routeKeys.isEmpty {
        options.route = keys.own
        proposal = keys
      }
    }
    json.check(sample, owner.makeAPI(options))
    return (json, proposal)
  }

  // MARK: Others

  /// Why it is neither CSV nor JSON; nil if it may be.
  private static func unreadable(_ sample: FileSample) -> String? {
    let head = sample.head
    if head.isEmpty { return sample.fault ?? "it is empty" }
    if head.starts(with: [0xFF, 0xFE, 0, 0]) { return "it is in UTF-32: save it as UTF-8" }
    if head.starts(with: [0x1F, 0x8B]) {
      return "it is compressed by gzip: let its name end in .gz, after the format's own extension"
    }
    if head.starts(with: Array("PK\u{3}\u{4}".utf8)) {
      return "it is a ZIP archive or an Excel workbook (.xlsx): save it as \"CSV UTF-8\", or unpack it"
    }
    if head.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { return "it is an old Excel workbook (.xls): save it as CSV" }
    if head.starts(with: Array("%PDF".utf8)) { return "it is a PDF document: ask for the data as CSV or JSON" }
    let start = String(decoding: head.prefix(200).filter { $0 != 0 }, as: UTF8.self).trimmed.lowercased()
      .drop { $0 == "\u{FEFF}" }
    if start.hasPrefix("<?xml") { return "it is XML: upsertd reads CSV and JSON" }
    if start.hasPrefix("<!doctype") || start.hasPrefix("<html") || start.hasPrefix("<table") {
      return "it is a web page, perhaps with an error message of the system that wrote it"
    }
    return nil
  }

  /// Why bytes that may be any but those of UTF-16 are not text; nil if they may be.
  private static func binary(_ head: [UInt8]) -> String? {
    let part = head.prefix(64 << 10)
    let zeros = part.count { $0 == 0 }
    // A tab, line ends, and what some programs write between cells, between pages and at the end.
    let usual: Set<UInt8> = [0x01, 0x09, 0x0A, 0x0C, 0x0D, 0x1A, 0x1E, 0x1F]
    let controls = part.count { $0 < 0x20 && !usual.contains($0) }
    guard zeros > 0, controls * 100 >= part.count else { return nil }
    return "it is no text: \(zeros) of its first \(counted(part.count, "byte")) are zero; it is binary, or in UTF-32"
  }

  /// The file's name without extensions, as a name for mapping and inbox: letters, digits, `-` and `_`.
  var stem: String {
    var name = sample.name.lowercased()[...]
    for ending in [".gz"] where name.hasSuffix(ending) { name = name.dropLast(ending.count) }
    if let dot = name.lastIndex(of: "."), dot > name.startIndex { name = name[..<dot] }
    let plain = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    let words = String(plain).split(separator: "-").filter { !$0.allSatisfy(\.isNumber) }
    let stem = words.joined(separator: "-").prefix(60)
    return stem.isEmpty ? "file" : String(stem)
  }
}
