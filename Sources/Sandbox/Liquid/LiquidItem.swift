/// One item of an upsert, checked.
struct LiquidItem {
  let part: JSONPart
  /// Not an object, so that the whole body counts as malformed.
  let isMalformed: Bool
  /// The API's message, if the item is rejected.
  let refusal: String?
  /// Type and primary key, if the item has both.
  let key: String?
  private let headers: JSONPart?
  private let data: JSONPart?

  init(_ part: JSONPart) {
    self.part = part
    let headers = part.member("headers"), data = part.member("data")
    let type = headers?.member("type").flatMap(Self.filled)
    let id = type.flatMap { type in data.flatMap { Self.key(of: $0, type: type.text) } }.flatMap(Self.filled)
    let staged = ScriptedOutcome(data?.member("description"))
    isMalformed = part.kind != .object || staged == .malformed
    key = type.flatMap { type in id.map { "\(type.text)/\($0.text)" } }
    refusal =
      if headers?.member("category").flatMap(Self.filled) == nil {
        "No category"
      } else if type == nil {
        "No type"
      } else if headers?.member("action").flatMap(Self.filled) == nil {
        "No action"
      } else if !Self.actions.contains(where: { headers?.member("action")?.says($0) ?? false }) {
        "Unknown action"
      } else if id == nil {
        "No primary key"
      } else if staged == .reject {
        "The description asks for a rejection"
      } else {
        nil
      }
    self.headers = headers
    self.data = data
  }

  /// A rejected item as the API returns it: its headers with the receipt, and the first two fields of its data.
  func echoIfRefused(in json: inout JSONOutput) {
    guard let refusal else { return }
    json.object { json in
      json.name("headers")
      json.object { json in
        if let headers, headers.kind == .object {
          for (name, value) in headers.members where !name.says("receiptType") && !name.says("receiptMessage") {
            json.name(raw: name.raw)
            json.raw(value.raw)
          }
        }
        json.member("receiptType", "Error")
        json.member("receiptMessage", refusal)
      }
      json.name("data")
      json.object { json in
        guard let data, data.kind == .object else { return }
        for (name, value) in data.members.prefix(2) {
          json.name(raw: name.raw)
          json.raw(value.raw)
        }
      }
    }
  }

  private static let actions: [StaticString] = ["Create", "Merge", "Update", "Delete"]

  /// `accountId` for an `Account`.
  private static func key(of data: JSONPart, type: String) -> JSONPart? {
    let field = type.prefix(1).lowercased() + type.dropFirst() + "Id"
    return data.member { $0.raw.count >= field.utf8.count + 2 && $0.text == field }
  }

  /// Nil for empty values: null, an empty string.
  private static func filled(_ value: JSONPart) -> JSONPart? {
    value.kind == .null || value.kind == .string && value.raw.count == 2 ? nil : value
  }
}
