package import Core
package import Formats
package import Settings

/// How upsertd handles the items and answers of one API for a given target and route; an `API` makes these.
///
/// Everything here is a pure function of its arguments: no clock, no file, no network. Items and batches stay as the
/// JSON text that was dropped, so that numbers, escapes, member order and unknown members reach the API unchanged.
///
/// A *piece* is one item as written in a request; `framing` says how pieces make up the body.
package protocol TargetAPI: ColumnRules {
  var kind: APIKind { get }

  /// Names that mark a top-level JSON object as a single item; the reader looks ahead for them.
  var itemMembers: [String] { get }
  /// Whether a top-level JSON object with none of `itemMembers` may be a map of request ids to items.
  var idsAllowed: Bool { get }

  /// Checks one item, valid JSON text of any kind, and appends its piece.
  ///
  /// Bytes pass verbatim, except that anything an earlier rejects file added (`_error`, `_raw` and the API's own
  /// additions) is removed and the route's defaults are filled in.
  /// - Parameter number: the item's number in the file, from 1.
  /// - Parameter requestID: JSON string content (between the quotes, escapes as written); nil if the file has none.
  /// - Throws: what is wrong with the item; `piece` is then unchanged.
  func prepare(
    _ item: Span<UInt8>, number: Int, requestID: [UInt8]?, into piece: inout [UInt8]
  ) throws(ItemFault) -> PreparedKey

  /// The ordering key of a piece's item, as `prepare` found it; nil if nothing orders it.
  func key(ofPiece piece: Span<UInt8>) -> PreparedKey
  /// Identifies how keys are made: as long as this text is unchanged, the same items get the same keys.
  var keyRule: String { get }

  /// The human-readable key of a dropped item or a piece; nil if it has none or the text is not JSON.
  func describe(_ item: Span<UInt8>) -> String?

  /// Appends the same text as `describe` for a piece as `prepare` made it; nothing if it has none.
  ///
  /// For every accepted item of an inbox with `results: all`, so a usual piece should not become a `String` here.
  /// - Parameter layout: of an earlier piece of the same file, which makes this one quicker; then of this one.
  func appendKey(ofPiece piece: Span<UInt8>, to text: inout [UInt8], noting layout: inout KeyLayout)

  /// The parts of a key, as `describe` spells it, by which people know a record: values of identifiers or key fields. Empty if
  /// the text is not such a key.
  func values(ofKey key: String) -> [String]

  var framing: BodyFraming { get }

  /// The request's id in a piece, unescaped; nil if the API has none.
  func requestID(ofPiece piece: ArraySlice<UInt8>) -> String?

  /// The piece with `suffix`, plain ASCII, appended to its request id; unchanged if it has no id.
  ///
  /// Used when one body holds pieces of several files.
  func piece(_ piece: ArraySlice<UInt8>, addingToRequestID suffix: String) -> [UInt8]

  /// Whether two items with the same key must not share a request; otherwise they may, in their order.
  var keepsKeysApart: Bool { get }

  /// The exact URL to post to.
  ///
  /// - Parameter base: the target's `url`.
  func endpoint(base: String, successMode: SuccessMode) -> String

  /// Headers sent with every request, besides authorization and those that differ by request.
  var headers: [(String, String)] { get }
  /// The header that gives the API the batch's name; nil if the API has no use for it.
  var batchNameHeader: String? { get }
  /// The answer header, in lower case, with the API's own name for the request; nil if it has none.
  var requestIDHeader: String? { get }

  /// Judges what an answer means for its batch.
  ///
  /// Reasons to retry, hold, split or renew the token go to the log: they contain the status and the answer's title,
  /// name and code, cut to 200 characters, and nothing from an item. The message for a rejected item has up to 1,000
  /// characters.
  /// - Parameter body: an answer's body, whatever it is; bytes beyond `mostAnswerBytes` are not read.
  /// - Parameter isCut: the answer went on after `body`. The readable part counts; the rest is treated as absent.
  /// - Parameter pieces: the batch's pieces in order.
  func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode
  ) -> BatchVerdict

  /// The same, and notes how the API names the records of accepted items, as far as it does.
  func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode,
    noting names: inout RecordNames
  ) -> BatchVerdict

  /// Appends a rejected item in the form of a rejects file: droppable again, with the reason inside.
  ///
  /// - Parameter item: the bytes as dropped; if `isJSON` is false, possibly neither JSON nor UTF-8.
  /// - Parameter number: the item's number in the file, from 1.
  func annotate(
    _ item: Span<UInt8>, isJSON: Bool, code: RejectCode, message: String, number: Int, into out: inout [UInt8])
}

/// Defaults that suit most APIs: items without ids in a JSON array.
extension TargetAPI {
  package func missingColumn(in paths: [CellPath]) -> String? { nil }
  package var idsAllowed: Bool { false }
  package var framing: BodyFraming { .array }
  package var keepsKeysApart: Bool { false }
  package var headers: [(String, String)] { [("Content-Type", "application/json"), ("Accept", "application/json")] }
  package var batchNameHeader: String? { nil }
  package var requestIDHeader: String? { nil }
  package func requestID(ofPiece piece: ArraySlice<UInt8>) -> String? { nil }
  package func piece(_ piece: ArraySlice<UInt8>, addingToRequestID suffix: String) -> [UInt8] { Array(piece) }

  package func appendKey(ofPiece piece: Span<UInt8>, to text: inout [UInt8], noting layout: inout KeyLayout) {
    if let key = describe(piece) { text.append(contentsOf: key.utf8) }
  }

  /// Whether a key, as `describe` spells it, is the record that `text` means: by the whole key, or by one of its values.
  package func isKey(_ key: String, of text: String) -> Bool {
    // Longer texts are cut in keys.
    key == text.cut(to: Self.longestKey) || values(ofKey: key).contains(text.cut(to: Self.longestValue))
  }

  /// In characters.
  package static var longestKey: Int { 400 }
  package static var longestValue: Int { 200 }

  package func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode,
    noting names: inout RecordNames
  ) -> BatchVerdict {
    judge(status: status, body: body, isCut: isCut, pieces: pieces, successMode: successMode)
  }

  /// Puts `_error` first in the item.
  package func annotate(
    _ item: Span<UInt8>, isJSON: Bool, code: RejectCode, message: String, number: Int, into out: inout [UInt8]
  ) {
    Annotation(code: code, message: message, number: number).append(to: &out, addingTo: item, isJSON: isJSON)
  }

  /// How much of an answer is read: an API may repeat the items and add a reason to each.
  ///
  /// - Parameter requestBytes: the size of the request's body.
  package func mostAnswerBytes(requestBytes: Int, items: Int) -> Int { (1 << 20) + 4 * requestBytes + 8192 * items }
}

/// How deep any API's answer may nest; deeper answers can't be read.
let mostAnswerNesting = 512

extension String {
  /// This URL, as configured, with a path added.
  ///
  /// Uses text rather than a URL type, since the path must be sent unchanged: `$` stays `$`.
  func appendingPath(_ path: String) -> String {
    var base = self
    while base.hasSuffix("/") { base.removeLast() }
    return base + path
  }
}
