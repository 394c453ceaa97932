import APIs
import Core
import Formats
import JSONText
import Settings
import Testing

/// A piece and its key, as text to compare.
struct Prepared: Equatable {
  var piece: String
  var hash: UInt64?
}

extension TargetAPI {
  func prepare(_ item: String, number: Int = 1, id: String? = nil) throws(ItemFault) -> Prepared {
    let before = Array("before ".utf8)
    var piece = before
    let key: PreparedKey
    do {
      key = try prepare(Array(item.utf8).span, number: number, requestID: id.map { Array($0.utf8) }, into: &piece)
    } catch {
      #expect(piece == before, "a refused item must leave no trace")
      throw error
    }
    return Prepared(piece: String(decoding: piece.dropFirst(before.count), as: UTF8.self), hash: key.hash)
  }

  /// The fault that `item` has.
  func fault(_ item: String, id: String? = nil) -> ItemFault? {
    do throws(ItemFault) {
      _ = try prepare(item, id: id)
      return nil
    } catch {
      return error
    }
  }

  func annotated(
    _ item: String, isJSON: Bool = true, code: RejectCode = .missingField, message: String = "displayName is required",
    number: Int = 17
  ) -> String {
    annotated(Array(item.utf8), isJSON: isJSON, code: code, message: message, number: number)
  }

  func annotated(
    _ item: [UInt8], isJSON: Bool, code: RejectCode = .malformedJSON, message: String = "no JSON", number: Int = 17
  ) -> String {
    var out: [UInt8] = []
    annotate(item.span, isJSON: isJSON, code: code, message: message, number: number, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  func describe(_ item: String) -> String? { describe(Array(item.utf8).span) }

  func judge(_ status: Int, _ body: String, _ pieces: [String], _ mode: SuccessMode = .partial, isCut: Bool = false)
    -> BatchVerdict
  {
    judge(
      status: status, body: Array(body.utf8), isCut: isCut, pieces: pieces.map { Array($0.utf8)[...] },
      successMode: mode)
  }

  func place(_ steps: PathStep..., as type: CellType = .string) throws(FileFault) -> PlacedField? {
    guard case .field(let field) = try place(steps: steps, type: type, text: "header") else { return nil }
    return field
  }
}

extension BatchVerdict {
  var isRetry: Bool { if case .retry(_, slowing: false) = self { true } else { false } }
  var isSlowingRetry: Bool { if case .retry(_, slowing: true) = self { true } else { false } }
  var isSplit: Bool { if case .split = self { true } else { false } }
  var isHold: Bool { if case .hold = self { true } else { false } }
  var isRenewal: Bool { if case .renewToken = self { true } else { false } }

  /// What is said for the log.
  var reason: String? {
    switch self {
    case .settled: nil
    case .settledInPart(_, let reason), .split(let reason), .retry(let reason, _), .renewToken(let reason),
      .hold(let reason):
      reason
    }
  }
}

func isJSON(_ text: String) -> Bool { (try? JSONValue.parse(Array(text.utf8))) != nil }
