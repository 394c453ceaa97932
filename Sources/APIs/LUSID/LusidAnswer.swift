import Core
import JSONText

/// A 2xx answer to a batch: `{"values": {id: record}, "failed": {id: {id, type, detail, errorDetails}}, …}`.
struct LusidAnswer {
  private enum Outcome {
    case missing
    case value
    case failed(ProblemDocument)
  }

  /// In the batch's order.
  private var outcomes: [Outcome]

  /// Whether the body went on: missing items may have been named there.
  let isCut: Bool

  /// How much memory the document of a rejected item may take; only the start of its texts is passed on.
  private static let roomForDocument = 16 << 10

  /// Nil if the body is unreadable or contradicts the request: not JSON, neither map, an id twice or one that was not
  /// sent.
  ///
  /// - Parameter isCut: only the beginning of the body is present; it counts as far as it goes.
  /// - Parameter ids: the batch's request ids, unescaped, in its order.
  /// - Parameter names: gets what LUSID calls the accepted records; nil if nobody wants to know.
  init?(body: [UInt8], isCut: Bool, ids: [String], noting names: inout RecordNames?) {
    outcomes = Array(repeating: .missing, count: ids.count)
    var body = body
    if isCut, let prefix = JSONPrefix(body, maxNesting: mostAnswerNesting) { body = prefix.object }
    self.isCut = isCut
    let bytes = body.span
    guard (try? bytes.checkIsJSON(maxNesting: mostAnswerNesting)) != nil else { return nil }
    let object = bytes.trimmed
    guard kind(of: bytes, at: object.lowerBound) == .object else { return nil }
    var places = PlacesOfIDs(ids)
    var maps = 0
    var seen: Set<String> = []
    var isSound = true
    for name in ["values", "failed"] {
      forEachMember(of: bytes, in: object) { map in
        guard map.isCalled(name, in: bytes) else { return }
        if !seen.insert(name).inserted { isSound = false }
        if map.isNull { return }
        guard map.kind == .object else { return isSound = false }
        maps += 1
        forEachMember(of: bytes, in: map.value) { entry in
          guard let place = places.place(of: entry, in: bytes), case .missing = outcomes[place] else {
            return isSound = false
          }
          if name == "values" {
            outcomes[place] = .value
            if entry.kind == .object { Self.note(bytes, entry.value.lowerBound, of: place, in: &names) }
          } else if entry.kind == .object {
            var room = Self.roomForDocument
            outcomes[place] = .failed(ProblemDocument(JSONValue(bytes, entry.value, room: &room)))
          } else {
            isSound = false
          }
        }
      }
    }
    // If the answer was cut, both maps may be in the missing part.
    guard isSound, maps > 0 || isCut else { return nil }
  }

  /// An InvestorRecord's `lusidInvestorRecordId`, and the number of its version; its time where it has no number.
  private static func note(_ bytes: Span<UInt8>, _ record: Int, of place: Int, in names: inout RecordNames?) {
    guard names != nil else { return }
    var (id, version): (Range<Int>?, Range<Int>?)
    var cursor = ItemCursor(at: record)
    cursor.enter()
    while id == nil || version == nil, let name = cursor.nextName(bytes) {
      if name.isCalled("version", in: bytes), cursor.isAtObject(bytes) {
        cursor.enter()
        while let name = cursor.nextName(bytes) {
          let isNumber = name.isCalled("asAtVersionNumber", in: bytes) && cursor.isAtNumber(bytes)
          let isTime = version == nil && name.isCalled("asAtDate", in: bytes) && cursor.isAtString(bytes)
          let value = cursor.skipValue(bytes)
          if isNumber { version = value } else if isTime { version = value.content }
        }
      } else {
        let isID = name.isCalled("lusidInvestorRecordId", in: bytes) && cursor.isAtString(bytes)
        let value = cursor.skipValue(bytes)
        if isID { id = value.content }
      }
    }
    withText(bytes, id) { id in withText(bytes, version) { version in names?.note(place, id: id, version: version) } }
  }

  /// A text of the API's own, cut and on one line.
  private static func withText(_ bytes: Span<UInt8>, _ content: Range<Int>?, _ body: (Span<UInt8>) -> Void) {
    guard let content else { return body(bytes.extracting(0..<0)) }
    if bytes.isPlainText(content, atMost: longestName) { return body(bytes.extracting(content)) }
    let text = Array(stringContent(bytes, content).cut(to: longestName).utf8)
    body(text.span)
  }

  private static let longestName = 200

  func verdicts(successMode: SuccessMode) -> [ItemVerdict] {
    let verdicts = outcomes.map { outcome -> ItemVerdict in
      switch outcome {
      case .missing: .unacknowledged
      case .value: .accepted
      case .failed(let problem):
        if problem.isSilent {
          .unchanged
        } else if successMode == .atomic, problem.saysBatchAborted {
          .notApplied
        } else {
          .rejected(.rejectedByAPI, problem.words ?? "")
        }
      }
    }
    let isSpoiled = verdicts.contains { if case .rejected = $0 { true } else { false } }
    guard successMode == .atomic, isSpoiled else { return verdicts }
    return verdicts.map { $0 == .unacknowledged ? .notApplied : $0 }
  }
}

/// Finds the place of a request id in its batch.
private struct PlacesOfIDs {
  private let ids: [String]
  /// Where the next id belongs if the answer has the batch's order, as it usually has.
  private var next = 0
  /// Made for the first id in another order. Of bytes: canonically equivalent strings are the same dictionary key, but
  /// equivalent ids are not the same id.
  private var table: [[UInt8]: Int]?

  init(_ ids: [String]) { self.ids = ids }

  mutating func place(of entry: JSONMember, in bytes: Span<UInt8>) -> Int? {
    if next < ids.count, equals(bytes, entry.name, ids[next], hasEscapes: entry.nameHasEscapes) {
      next += 1
      return next - 1
    }
    let places =
      table ?? Dictionary(ids.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    table = places
    guard let place = places[Array(stringContent(bytes, entry.name).utf8)] else { return nil }
    next = place + 1
    return place
  }
}

extension ProblemDocument {
  /// LUSID's code 395, batch aborted: the item itself was valid.
  fileprivate var saysBatchAborted: Bool {
    code == 395 || type?.hasSuffix("/395") == true
      || details.contains { $0.contains { $0.name.lowercased().hasSuffix("code") && $0.text == "395" } }
  }
}
