import JSONText

/// An API's description of its error: RFC 9457 members, and members that APIs are known to add.
struct ProblemDocument {
  /// The API's own error code.
  private(set) var code: Int?
  private(set) var name: String?
  private(set) var title: String?
  private(set) var type: String?
  private(set) var detail: String?
  /// OAuth's `error`, used by others too.
  private var error: String?
  /// Messages by field.
  private(set) var errors: [(field: String, messages: [String])] = []
  /// `errorDetails`: one dictionary for each fault.
  private(set) var details: [[(name: String, text: String)]] = []
  /// The text of an answer that is not a JSON object, if it is readable.
  private var plainText: String?

  init(_ value: JSONValue) {
    code = value["code"]?.integer ?? value["code"]?.string.flatMap { Int($0) }
    name = value["name"]?.words
    title = value["title"]?.words
    type = value["type"]?.words
    error = value["error"]?.words
    detail = value["detail"]?.words ?? value["message"]?.words ?? value["error_description"]?.words
    errors = (value["errors"]?.members ?? []).map { field, value in
      (field, (value.elements ?? [value]).compactMap(\.words))
    }
    details = (value["errorDetails"]?.elements ?? []).map { fault in
      (fault.members ?? [("", fault)]).compactMap { name, value in value.words.map { (name, $0) } }
    }
  }

  /// How much memory a document may take: far more than one that blames each item of a large batch needs.
  private static let room = 1 << 20

  /// - Parameter body: an answer's body, whatever it is.
  /// - Parameter isCut: only the beginning is present.
  init(body: [UInt8], isCut: Bool = false) {
    var object = body
    if isCut, let prefix = JSONPrefix(body, maxNesting: mostAnswerNesting) { object = prefix.object }
    if object.span.isJSONObject(maxNesting: mostAnswerNesting) {
      var room = Self.room
      self.init(JSONValue(object.span, object.span.trimmed, room: &room))
      return
    }
    self.init(.null)
    let text = String(decoding: body.prefix(4 * String.longestMessage), as: UTF8.self).trimmingSpace
    // A proxy's HTML page helps nobody.
    if !text.isEmpty, !text.contains("<"), !text.contains("\0") { plainText = text }
  }

  /// Whether the answer says nothing at all.
  var isSilent: Bool { words == nil }

  /// The API's message for whoever fixes the item; it may quote the item. Nil if there is none.
  var words: String? {
    let main = detail ?? title ?? name ?? error ?? type ?? plainText
    // Many APIs say the same once more for programs.
    func isSaid(_ texts: [String]) -> Bool { main.map { main in texts.allSatisfy { main.contains($0) } } ?? false }
    let parts =
      errors.filter { !isSaid([$0.field] + $0.messages) }
      .map { ($0.field.isEmpty ? "" : "\($0.field): ") + $0.messages.joined(separator: ", ") }
      + details.filter { !isSaid($0.map(\.text)) }.map(Self.spelled)
    let said = (main.map { [$0] } ?? []) + parts.filter { !$0.isEmpty }
    return said.isEmpty ? nil : said.joined(separator: "; ").cut(to: String.longestMessage)
  }

  /// For the log: title or name, and the code; nothing that may quote an item.
  var headline: String? {
    let said = [title ?? name, code.map { "code \($0)" }].compactMap { $0 }
    return said.isEmpty ? nil : said.joined(separator: ", ").cut(to: 200)
  }

  static func spelled(_ fault: [(name: String, text: String)]) -> String {
    fault.map { $0.name.isEmpty ? $0.text : "\($0.name): \($0.text)" }.joined(separator: ", ")
  }
}

extension JSONValue {
  /// The text of a non-blank string or of a number; nil for anything else.
  fileprivate var words: String? {
    switch self {
    case .string(let text):
      let text = text.trimmingSpace
      return text.isEmpty ? nil : text
    case .number(let text): return text
    default: return nil
    }
  }
}

extension String {
  fileprivate var trimmingSpace: String {
    let start = drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
