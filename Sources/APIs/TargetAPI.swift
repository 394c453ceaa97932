package import Delivery
package import ItemFormat

/// What upsertd does with the items and answers of one API, as a target and a route want it; an `API` makes these.
///
/// Everything here is a pure function of its arguments: no clock, no file, no network. Items and batches travel as the JSON
/// text that was dropped, so that numbers, escapes, member order and unknown members reach the API as they were.
///
/// A *piece* is one item as it stands in a request: `framing` says how pieces make the body.
package protocol TargetAPI: Sendable {
  var kind: APIKind { get }

  /// Names that make a top-level JSON object one item; the reader looks ahead for them.
  var itemMembers: [String] { get }
  /// Whether a top-level JSON object of none of `itemMembers` may be a map of request ids to items.
  var idsAllowed: Bool { get }

  /// Where a CSV header's (or a mapping's) path goes in the item.
  ///
  /// - Parameter text: the path as it is written, for messages.
  /// - Throws: `unmapped-column` where the API has no such field.
  func place(steps: [PathStep], type: CellType, text: String) throws(FileFault) -> ColumnPlacement

  /// Checks one item, valid JSON text of any kind, and appends its piece.
  ///
  /// Bytes pass verbatim, but for what an earlier rejects file added (`_error`, `_raw`, and what the API has besides) and for
  /// what a route fills in.
  /// - Parameter number: the item's number in the file, from 1.
  /// - Parameter requestID: JSON string content (between the quotes, escapes as written); nil where the file has none.
  /// - Throws: what is wrong with the item; `piece` is then as it was.
  func prepare(
    _ item: Span<UInt8>, number: Int, requestID: [UInt8]?, into piece: inout [UInt8]
  ) throws(ItemFault) -> PreparedKey

  /// What orders the item of a piece, as `prepare` found it; nil where nothing does.
  func key(ofPiece piece: Span<UInt8>) -> PreparedKey
  /// How keys are made: as long as the text stays the same, so do the keys of the same items.
  var keyRule: String { get }

  /// The key of a dropped item or of a piece as people read it; nil where there is none, or the text is no JSON.
  func describe(_ item: Span<UInt8>) -> String?

  var framing: BodyFraming { get }

  /// The request's id in a piece, unescaped; nil where the API has none.
  func requestID(ofPiece piece: ArraySlice<UInt8>) -> String?

  /// The piece with `suffix`, plain ASCII, at the end of its request id; as it is where it has none.
  ///
  /// For pieces of several files in one body.
  func piece(_ piece: ArraySlice<UInt8>, addingToRequestID suffix: String) -> [UInt8]

  /// Whether two items with the same key must not share a request; otherwise they may, in their order.
  var keepsKeysApart: Bool { get }

  /// The exact URL to post to.
  ///
  /// - Parameter base: the target's `url`.
  func endpoint(base: String, successMode: SuccessMode) -> String

  /// Headers of every request, besides authorization and what differs by request.
  var headers: [(String, String)] { get }
  /// The header that tells the API the batch's name; nil where it has no use for it.
  var batchNameHeader: String? { get }
  /// The header of an answer, in lower case, with the API's own name for the request; nil where it has none.
  var requestIDHeader: String? { get }

  /// What an answer means for the batch it answers.
  ///
  /// Reasons to retry, hold, split or renew the token are for the log: they hold the status and the answer's title, name and
  /// code, cut to 200 characters, and nothing of an item. What a rejected item gets to read has up to 1,000 characters.
  /// - Parameter body: an answer's body, whatever it is; beyond `mostAnswerBytes` it is not read.
  /// - Parameter isCut: the answer went on after `body`. What can be read counts; the rest is as if it had not been said.
  /// - Parameter pieces: the batch's pieces in order.
  func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode
  ) -> BatchVerdict

  /// Appends a refused item as a rejects file has it: droppable again, with the reason inside.
  ///
  /// - Parameter item: the bytes as dropped; perhaps no JSON, perhaps not UTF-8 where `isJSON` is false.
  /// - Parameter number: the item's number in the file, from 1.
  func annotate(
    _ item: Span<UInt8>, isJSON: Bool, code: RejectCode, message: String, number: Int, into out: inout [UInt8])
}

/// What holds for most APIs: items without ids in a JSON array.
extension TargetAPI {
  package var idsAllowed: Bool { false }
  package var framing: BodyFraming { .array }
  package var keepsKeysApart: Bool { false }
  package var headers: [(String, String)] { [("Content-Type", "application/json"), ("Accept", "application/json")] }
  package var batchNameHeader: String? { nil }
  package var requestIDHeader: String? { nil }
  package func requestID(ofPiece piece: ArraySlice<UInt8>) -> String? { nil }
  package func piece(_ piece: ArraySlice<UInt8>, addingToRequestID suffix: String) -> [UInt8] { Array(piece) }

  /// With `_error` as the first member.
  package func annotate(
    _ item: Span<UInt8>, isJSON: Bool, code: RejectCode, message: String, number: Int, into out: inout [UInt8]
  ) {
    Annotation(code: code, message: message, number: number).append(to: &out, addingTo: item, isJSON: isJSON)
  }

  /// How much of an answer is read: an API may repeat the items, and add a reason to each.
  ///
  /// - Parameter requestBytes: of the request's body.
  package func mostAnswerBytes(requestBytes: Int, items: Int) -> Int { (1 << 20) + 4 * requestBytes + 8192 * items }
}

/// How deep an answer may nest, of any API; deeper ones can't be read.
let mostAnswerNesting = 512
