package import Core
package import Formats
import JSONText
import Settings

/// Liquid Analytics' item upsert: `POST /ls/api/items/upsert` with an array of `{"headers": …, "data": …}`.
///
/// Items have no id: the answer echoes the rejected ones, and `RejectedItemMatcher` finds out which they are. There is no atomic
/// mode: any item that a 2xx answer does not echo is applied.
///
/// A class, since it is asked for every item: a value behind a protocol would be copied each time.
package final class LiquidItems: TargetAPI {
  private let rules: LiquidRules
  private let validate: Bool
  private let maxNesting: Int

  /// - Parameter defaults: the route's `item`; nil if it has none.
  /// - Parameter validate: false leaves every check that batching does not need to the API.
  /// - Parameter maxNesting: levels allowed in an item inside a `_raw` string; the reader has checked all others.
  package init(defaults: ItemDefaults?, validate: Bool, maxNesting: Int = ReaderLimits().maxNesting) {
    rules = LiquidRules(defaults)
    self.validate = validate
    self.maxNesting = maxNesting
  }

  package var kind: APIKind { .liquid }
  package var itemMembers: [String] { ["headers", "data", RejectMarkers.error, RejectMarkers.raw] }
  package var batchNameHeader: String? { "CorrelationId" }

  package func endpoint(base: String, successMode: SuccessMode) -> String {
    base.appendingPath("/ls/api/items/upsert")
  }

  // MARK: Columns

  package func place(steps: [PathStep], type: CellType, text: String) throws(FileFault) -> ColumnPlacement {
    guard isHeader(steps) else { return .field(PlacedField(path: [.member("data")] + steps, type: type)) }
    guard case .member(let name) = steps[1] else { throw unknown(text, "") }
    // The API may have more headers than are known here.
    if validate, steps.count > 2 || !Self.knownHeaders.contains(name) { throw unknown(text, name) }
    return .field(PlacedField(path: steps, type: type))
  }

  private func isHeader(_ steps: [PathStep]) -> Bool { steps.count > 1 && steps[0] == .member("headers") }

  /// The headers that an item may have, those that upsertd takes away from rejects dropped again among them.
  private static let knownHeaders = LiquidHeader.allCases.map(\.rawValue) + RejectMarkers.receipt

  private func unknown(_ text: String, _ name: String) -> FileFault {
    let headers = LiquidHeader.allCases.map(\.rawValue)
    let meant = nearestWord(to: name, among: headers).map { "did you mean \"headers.\($0)\"?" }
    let known = headers.map { "headers.\($0)" }.joined(separator: ", ")
    return FileFault(
      .unmappedColumn,
      "column \"\(text)\" is not a header of a Liquid item: \(meant ?? "the headers are \(known)")")
  }

  package func missingColumn(in paths: [CellPath]) -> String? {
    guard validate else { return nil }
    let filled = Set(paths.filter { !isHeader($0.steps) }.compactMap(\.steps.first))
    let lacking = rules.keyFields.map(\.name).filter { !filled.contains(.member($0)) }
    guard !lacking.isEmpty else { return nil }
    let spare = paths.filter { !isHeader($0.steps) }.map(\.text).filter { text in
      !rules.keyFields.contains { $0.name == text }
    }
    let meant = lacking.lazy.compactMap { nearestWord(to: $0, among: spare) }.first
    return "no column fills \(lacking.map { "\"\($0)\"" }.joined(separator: " and ")), "
      + (lacking.count == 1 ? "a field of item.key" : "fields of item.key")
      + (meant.map { ": if \($0.quoted) is meant, its name must be the same, capitals included" } ?? "")
  }

  // MARK: Items

  package func prepare(
    _ item: Span<UInt8>, number: Int, requestID: [UInt8]?, into piece: inout [UInt8]
  ) throws(ItemFault) -> PreparedKey {
    try checkIsDecoded(item)
    return try unwrapping(item, maxNesting: maxNesting) { (item) throws(ItemFault) in
      let read = LiquidItem(item, object: try objectRange(item, maxNesting: maxNesting), rules: rules)
      if validate { try read.check(item, rules: rules) }
      read.append(item, rules: rules, to: &piece)
      return PreparedKey(hash: read.keyHash(item, rules: rules)?.value)
    }
  }

  package func key(ofPiece piece: Span<UInt8>) -> PreparedKey {
    guard piece.isJSONObject else { return PreparedKey(hash: nil) }
    return PreparedKey(hash: LiquidItem(piece, object: piece.trimmed, rules: rules).keyHash(piece, rules: rules)?.value)
  }

  /// Version 2: equal numbers are the same key.
  package var keyRule: String { "liquid 2 \(rules.keyFields.map(\.name))" }

  package func describe(_ item: Span<UInt8>) -> String? {
    guard (try? item.checkIsJSON(maxNesting: .max)) != nil else { return nil }
    return unwrapping(item, maxNesting: maxNesting) { item in
      guard item.isJSONObject else { return nil }
      return LiquidItem(item, object: item.trimmed, rules: rules).spelledKey(item, rules: rules)
    }
  }

  package func appendKey(ofPiece piece: Span<UInt8>, to text: inout [UInt8], noting layout: inout KeyLayout) {
    if layout.append(keyOf: piece, from: 0, to: &text) { return }
    if LiquidItem.appendPlainKey(piece, rules: rules, to: &text, noting: &layout) { return }
    if let key = describe(piece) { text.append(contentsOf: key.utf8) }
  }

  /// With several key fields, every run of words may be the value of one of them.
  package func values(ofKey key: String) -> [String] {
    let type = rules.type.flatMap { key.hasPrefix($0 + " ") ? $0 : nil } ?? String(key.prefix { $0 != " " })
    guard type.count < key.count else { return [] }
    let values = key.dropFirst(type.count + 1)
    let words = values.split(separator: " ", omittingEmptySubsequences: false)
    guard rules.keyFields.count > 1, words.count <= 40 else { return [String(values)] }
    return words.indices.flatMap { first in
      (first..<words.count).map { words[first...$0].joined(separator: " ") }
    }
  }

  package func annotate(
    _ item: Span<UInt8>, isJSON: Bool, code: RejectCode, message: String, number: Int, into out: inout [UInt8]
  ) {
    let annotation = Annotation(code: code, message: message, number: number)
    if isJSON, item.isJSONObject {
      let read = LiquidItem(item, object: item.trimmed, rules: rules)
      if let headers = read.headersValue, item.isObject(headers) {
        return read.append(item, receipt: message, to: &out)
      }
    }
    annotation.append(to: &out, addingTo: item, isJSON: isJSON)
  }

  // MARK: Answers

  package func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode
  ) -> BatchVerdict {
    guard (200..<300).contains(status) else {
      return HTTPStatusPolicy.verdict(
        status: status, problem: ProblemDocument(body: body, isCut: isCut), items: pieces.count,
        successMode: successMode)
    }
    guard let answer = LiquidAnswer(body: body, isCut: isCut, pieces: pieces) else {
      return .unreadable(status: status, isCut: isCut, items: pieces.count, successMode: .partial)
        ?? .retry("answered \(status) with a body that can't be read", slowing: false)
    }
    guard answer.count ?? pieces.count == pieces.count else {
      return .retry(
        "answered \(status) for \(counted(answer.count ?? 0, "item")), but \(counted(pieces.count, "was", "were")) sent",
        slowing: false)
    }
    guard let echoes = answer.echoes else {
      return .retry("answered \(status) with rejectedItems that is not a list", slowing: false)
    }
    let contradiction = BatchVerdict.retry(
      "answered \(status) with \(counted(echoes.count, "rejected item")), but \(counted(pieces.count, "was", "were")) sent",
      slowing: false)
    guard echoes.count <= LiquidAnswer.mostEchoesPerItem * pieces.count else { return contradiction }
    // If all echoes have been read, items that are not echoed are accepted.
    var verdicts = [ItemVerdict](repeating: answer.isWhole ? .accepted : .unacknowledged, count: pieces.count)
    if !echoes.isEmpty {
      guard let refused = refusedItems(echoes, pieces) else {
        // More echoes than items, and they are not repeats: halving the batch would not help.
        let isReadable = pieces.count > 1 && echoes.allSatisfy { $0.echoedPart != nil }
        guard echoes.count <= pieces.count || isReadable else { return contradiction }
        return .split("answered \(status) with rejected items that can't be told apart")
      }
      var reasons: [Int: [String]] = [:]
      for (echo, item) in zip(echoes, refused) {
        let reason = words(of: echo)
        if reasons[item]?.contains(reason) != true { reasons[item, default: []].append(reason) }
      }
      for (item, reasons) in reasons {
        verdicts[item] = .rejected(.rejectedByAPI, reasons.joined(separator: "; ").cut(to: String.longestMessage))
      }
    }
    return .settled(verdicts, status: status, isCut: !answer.isWhole, successMode: .partial)
  }

  /// The item of each echo; nil if undecidable.
  private func refusedItems(_ echoes: [JSONValue], _ pieces: [ArraySlice<UInt8>]) -> [Int]? {
    if pieces.count == 1, echoes.count == 1 { return [0] }
    let parts = echoes.compactMap(\.echoedPart)
    guard parts.count == echoes.count else { return nil }
    // With a single item, repeated echoes all belong to it.
    if pieces.count == 1, parts.allSatisfy({ $0 == parts[0] }) { return parts.map { _ in 0 } }
    return RejectedItemMatcher.items(of: parts, among: pieces.map { (try? JSONValue.parse($0.span)) ?? .null })
  }

  private func words(of echo: JSONValue) -> String {
    let headers = echo["headers"]
    let said = RejectMarkers.receipt.reversed().lazy
      .compactMap { headers?[$0]?.string }.first { !$0.isEmpty }
    return (said ?? "the API rejected the item without a reason").cut(to: String.longestMessage)
  }
}

extension JSONValue {
  /// The part of an echo that matches its item: headers and data without the receipt; nil if it has neither.
  fileprivate var echoedPart: JSONValue? {
    guard let members else { return nil }
    let shared = members.filter { $0.name == "headers" || $0.name == "data" }.map { member in
      guard member.name == "headers", let headers = member.value.members else { return member }
      return (
        member.name,
        .object(headers.filter { !RejectMarkers.receipt.contains($0.name) })
      )
    }
    return shared.isEmpty ? nil : .object(shared)
  }
}
