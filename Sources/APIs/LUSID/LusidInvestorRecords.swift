package import Core
package import Formats
import JSONText
import Settings

/// LUSID's UpsertInvestorRecords: `POST /api/investorrecords/$batchUpsert`.
///
/// A batch is an object of request ids; the ids are ephemeral and match the answer to its items. The schema has changed
/// over time (`LusidSchema`): an item is checked by its own schema; the target's schema decides only if an item does
/// not reveal it.
///
/// A class, since it is asked for every item: a value behind a protocol would be copied each time.
package final class LusidInvestorRecords: TargetAPI {
  private let schema: LusidSchema
  private let validate: Bool
  private let maxNesting: Int

  /// - Parameter validate: false leaves every check that batching does not need to the API.
  /// - Parameter maxNesting: levels allowed in an item inside a `_raw` string; the reader has checked all others.
  package init(schema: LusidSchema, validate: Bool, maxNesting: Int = ReaderLimits().maxNesting) {
    self.schema = schema
    self.validate = validate
    self.maxNesting = maxNesting
  }

  package var kind: APIKind { .lusid }
  package var itemMembers: [String] { Self.fields + [RejectMarkers.error, RejectMarkers.raw] }
  package var idsAllowed: Bool { true }
  package var framing: BodyFraming { .object }

  package var headers: [(String, String)] {
    [("Content-Type", "application/json"), ("Accept", "application/json"), ("X-LUSID-Application", "upsertd")]
  }
  package var batchNameHeader: String? { "CorrelationId" }
  package var requestIDHeader: String? { "lusid-meta-requestid" }

  private static let fields = ["identifiers", "properties", "displayName", "description", "investor", "scope"]

  /// `base` ends in `/api`, as in the SDK's `lusidUrl`: the path really has `/api/api/`.
  package func endpoint(base: String, successMode: SuccessMode) -> String {
    base.appendingPath("/api/investorrecords/$batchUpsert?successMode=" + successMode.rawValue)
  }

  // MARK: Columns

  package func place(steps: [PathStep], type: CellType, text: String) throws(FileFault) -> ColumnPlacement {
    guard case .member(let field)? = steps.first else { throw unknown(text) }
    switch field {
    case "requestId" where steps.count == 1 && type == .string: return .requestID
    case "scope" where steps.count == 1, "displayName" where steps.count == 1, "description" where steps.count == 1:
      return .field(PlacedField(path: steps, type: type))
    case "identifiers", "properties":
      return .field(try placeProperty(steps, keyAt: 1, type: type, text: text))
    case "investor":
      if steps == [.member("investor"), .member("investorType")] || steps.count == 1 && type == .json {
        return .field(PlacedField(path: steps, type: type))
      }
      guard steps.count > 1, [.member("identifiers"), .member("investorIdentifiers")].contains(steps[1]) else {
        throw unknown(text)
      }
      return .field(try placeInvestorIdentifier(steps, type: type, text: text))
    // The API may have more fields than are known here.
    case _ where !validate && !Self.columns.contains(field): return .field(PlacedField(path: steps, type: type))
    default: throw unknown(text, field)
    }
  }

  /// What a column's path may begin with.
  private static let columns = ["requestId"] + fields

  package func missingColumn(in paths: [CellPath]) -> String? {
    guard validate, !paths.contains(where: { $0.steps.first == .member("identifiers") }) else { return nil }
    return "no column fills identifiers, of which a LUSID investor record needs at least one (identifiers.KEY)"
  }

  private func placeInvestorIdentifier(
    _ steps: [PathStep], type: CellType, text: String
  ) throws(FileFault) -> PlacedField {
    var path = steps
    path[1] = .member(schema == .seed ? "investorIdentifiers" : "identifiers")
    if schema == .seed || path.count == 2 { return try placeProperty(path, keyAt: 2, type: type, text: text) }
    guard path.count == 3, type == .string else {
      throw FileFault(
        .unmappedColumn, "column \"\(text)\": in the current schema an investor's identifier is a plain string")
    }
    return PlacedField(path: path, type: .string)
  }

  /// A path with a property's key at `keyAt`, and the `key` and `value` it gets.
  private func placeProperty(
    _ steps: [PathStep], keyAt: Int, type: CellType, text: String
  ) throws(FileFault) -> PlacedField {
    // The whole map in one cell.
    if steps.count == keyAt, type == .json { return PlacedField(path: steps, type: .json) }
    guard steps.count > keyAt, case .member(let key) = steps[keyAt] else { throw unknown(text) }
    let property = Array(steps[...keyAt])
    var quotedKey: [UInt8] = []
    appendQuoted(key, to: &quotedKey)
    let companion = PlacedField.Companion(
      object: property, name: "key", json: String(decoding: quotedKey, as: UTF8.self))
    func placed(_ names: String..., as type: CellType) -> PlacedField {
      PlacedField(path: property + names.map(PathStep.member), type: type, companions: [companion])
    }
    let rest = Array(steps[(keyAt + 1)...])
    switch (rest, type) {
    case ([], .string): return placed("value", "labelValue", as: .string)
    case ([], .number): return placed("value", "metricValue", "value", as: .number)
    case ([], .list): return placed("value", "labelValueSet", "values", as: .list)
    case ([], .json): return placed("value", as: .json)
    case ([], .boolean):
      throw FileFault(.unmappedColumn, "column \"\(text)\": a LUSID property is a string, a :number or a :list")
    case ([.member("unit")], .string): return placed("value", "metricValue", "unit", as: .string)
    case ([.member("effectiveFrom")], .string): return placed("effectiveFrom", as: .string)
    case ([.member("effectiveUntil")], .string): return placed("effectiveUntil", as: .string)
    default:
      throw FileFault(
        .unmappedColumn,
        "column \"\(text)\": only .unit, .effectiveFrom or .effectiveUntil can follow a property's key")
    }
  }

  /// - Parameter field: the path's first step, if that is unknown.
  private func unknown(_ text: String, _ field: String? = nil) -> FileFault {
    let nearest = field.flatMap { nearestWord(to: $0, among: Self.columns) }
    let meant = nearest.map { "did you mean \"\($0)\"? The" } ?? "the"
    return FileFault(
      .unmappedColumn,
      "column \"\(text)\" is not a field of a LUSID investor record: \(meant) fields are requestId, scope, displayName, "
        + "description, identifiers.KEY, properties.KEY, investor.investorType and investor.identifiers.KEY; "
        + "a mapping can rename or ignore a column")
  }

  // MARK: Items

  package func prepare(
    _ item: Span<UInt8>, number: Int, requestID: [UInt8]?, into piece: inout [UInt8]
  ) throws(ItemFault) -> PreparedKey {
    if let requestID, requestID.isEmpty { throw ItemFault(.invalidValue, "requestId must not be empty") }
    try checkIsDecoded(item)
    return try unwrapping(item, maxNesting: maxNesting) { (item) throws(ItemFault) in
      let object = try objectRange(item, maxNesting: maxNesting)
      let isAnnotated: Bool
      let keyHash: KeyHash?
      if validate {
        let checked = try LusidCheck(item, object: object, schema: schema)
        (isAnnotated, keyHash) = (checked.isAnnotated, checked.keyHash)
      } else {
        let record = LusidRecord(item, object: object)
        (isAnnotated, keyHash) = (record.isAnnotated, record.keyHash(item))
      }
      piece.append(UInt8(ascii: "\""))
      if let requestID { piece += requestID } else { piece += "item-\(number)".utf8 }
      piece += "\":".utf8
      if isAnnotated {
        appendObject(item, object, to: &piece) { $0.isCalled(RejectMarkers.error, in: item) ? .cut : .keep }
      } else {
        item.append(object, to: &piece)
      }
      return PreparedKey(hash: keyHash?.value)
    }
  }

  package func key(ofPiece piece: Span<UInt8>) -> PreparedKey {
    let item = piece.extracting(startOfValue(inPiece: piece)..<piece.count)
    guard item.isJSONObject else { return PreparedKey(hash: nil) }
    return PreparedKey(hash: LusidRecord(item, object: item.trimmed).keyHash(item)?.value)
  }

  package var keyRule: String { "lusid 1" }

  package func describe(_ item: Span<UInt8>) -> String? {
    let value = item.extracting(startOfValue(inPiece: item)..<item.count)
    guard (try? value.checkIsJSON(maxNesting: .max)) != nil else { return nil }
    return unwrapping(value, maxNesting: maxNesting) { item in
      item.isJSONObject ? LusidRecord(item, object: item.trimmed).spelledKey(item) : nil
    }
  }

  package func appendKey(ofPiece piece: Span<UInt8>, to text: inout [UInt8], noting layout: inout KeyLayout) {
    let start = startOfValue(inPiece: piece)
    if layout.append(keyOf: piece, from: start, to: &text) { return }
    if LusidRecord.appendPlainKey(piece, from: start, to: &text, noting: &layout) { return }
    if let key = describe(piece) { text.append(contentsOf: key.utf8) }
  }

  package func values(ofKey key: String) -> [String] {
    var values: [String] = []
    var rest = key[...]
    guard var start = LusidKey.afterName(rest) else { return [] }
    while true {
      let value = rest[start...]
      // A value may have a comma in it: the next identifier begins only where a property key does.
      let next = value.ranges(of: ", ").lazy.compactMap { comma in
        LusidKey.afterName(value[comma.upperBound...]).map { (end: comma.lowerBound, start: $0) }
      }.first
      guard let next else { return values + [String(value)] }
      values.append(String(value[..<next.end]))
      (rest, start) = (value, next.start)
    }
  }

  /// Where the item starts: after the request id and its colon, if present.
  private func startOfValue(inPiece piece: Span<UInt8>) -> Int {
    guard let id = idContent(ofPiece: piece) else { return 0 }
    let colon = afterSpace(piece, from: id.upperBound + 1)
    return colon < piece.count && piece[colon] == UInt8(ascii: ":") ? colon + 1 : 0
  }

  /// The text between the quotes of the request id; nil if `piece` does not begin with a string.
  private func idContent(ofPiece piece: Span<UInt8>) -> Range<Int>? {
    let quote = afterSpace(piece, from: 0)
    guard quote < piece.count, piece[quote] == UInt8(ascii: "\"") else { return nil }
    let start = quote + 1
    var end = start
    while end < piece.count, piece[end] != UInt8(ascii: "\"") { end += piece[end] == UInt8(ascii: "\\") ? 2 : 1 }
    return end < piece.count ? start..<end : nil
  }

  package func requestID(ofPiece piece: ArraySlice<UInt8>) -> String? {
    let bytes = piece.span
    return idContent(ofPiece: bytes).map { stringContent(bytes, $0) }
  }

  package func piece(_ piece: ArraySlice<UInt8>, addingToRequestID suffix: String) -> [UInt8] {
    var renamed = Array(piece)
    if let id = idContent(ofPiece: piece.span) { renamed.insert(contentsOf: suffix.utf8, at: id.upperBound) }
    return renamed
  }

  package var keepsKeysApart: Bool { true }

  package func annotate(
    _ item: Span<UInt8>, isJSON: Bool, code: RejectCode, message: String, number: Int, into out: inout [UInt8]
  ) {
    let annotation = Annotation(code: code, message: message, number: number)
    // In an object of request ids the id stays in front.
    let start = isJSON ? startOfValue(inPiece: item) : 0
    item.append(0..<start, to: &out)
    annotation.append(to: &out, addingTo: item.extracting(start..<item.count), isJSON: isJSON)
  }

  // MARK: Answers

  package func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode
  ) -> BatchVerdict {
    var names: RecordNames?
    return judge(status, body, isCut: isCut, pieces, successMode, &names)
  }

  package func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode,
    noting names: inout RecordNames
  ) -> BatchVerdict {
    var noted: RecordNames? = names
    defer { names = noted ?? names }
    return judge(status, body, isCut: isCut, pieces, successMode, &noted)
  }

  private func judge(
    _ status: Int, _ body: [UInt8], isCut: Bool, _ pieces: [ArraySlice<UInt8>], _ successMode: SuccessMode,
    _ names: inout RecordNames?
  ) -> BatchVerdict {
    let ids = pieces.map { requestID(ofPiece: $0) ?? "" }
    if (200..<300).contains(status) {
      guard let answer = LusidAnswer(body: body, isCut: isCut, ids: ids, noting: &names) else {
        return .unreadable(status: status, isCut: isCut, items: pieces.count, successMode: successMode)
          ?? .retry("answered \(status) with a body that does not match the request", slowing: false)
      }
      return .settled(
        answer.verdicts(successMode: successMode), status: status, isCut: isCut, successMode: successMode)
    }
    let problem = ProblemDocument(body: body, isCut: isCut)
    let reason = HTTPStatusPolicy.reason(status: status, problem: problem)
    // An error's own code is more specific than its HTTP status.
    if status >= 400, let code = problem.code {
      switch code {
      case 103: return .retry(reason, slowing: true)
      case 119, 186, 187, 188: return .renewToken(reason)
      case -1, -10, 149, 150, 153, 156, 162, 163: return .retry(reason, slowing: status == 429 || status == 503)
      default: break
      }
    }
    if successMode == .atomic, status == 400 || status == 422,
      let blamed = problem.blamed(ids: ids)
    {
      return .settled(blamed.map { $0.map { .rejected(.badRequest, $0) } ?? .notApplied })
    }
    return HTTPStatusPolicy.verdict(status: status, problem: problem, items: pieces.count, successMode: successMode)
  }
}

extension ItemVerdict {
  /// The item was valid, but another item made the request fail.
  static let notApplied = ItemVerdict.rejected(
    .notApplied, "not applied, because another item of the request was rejected")
}
