/// LUSID's problem details; with `errors` it is a LusidValidationProblemDetails.
struct LusidProblem {
  var status: Int
  /// From LUSID's list of error codes.
  var code: Int
  var name: String
  var title: String
  var detail: String
  /// Names and messages in the answer's order; nil for problems without such a member.
  var errors: [(field: String, messages: [String])]?

  static func invalid(_ errors: [(field: String, messages: [String])]) -> LusidProblem {
    LusidProblem(
      status: 400, code: 151, name: "InvalidParameterValue", title: "One or more elements of the request were invalid.",
      detail: "Check that all identifiers are valid and of the right form, and that all data is structured correctly.",
      errors: errors)
  }

  func reply(to call: Request, requestID: String, headers: [String: String] = [:]) -> Response {
    var reply = Response(status, headers: headers) { json in
      json.member("name", name)
      json.name("errorDetails")
      json.array { _ in }
      json.member("code", code)
      if let errors {
        json.name("errors")
        json.object { json in
          for (field, messages) in errors {
            json.name(text: field)
            json.array { json in messages.forEach { json.string($0) } }
          }
        }
      }
      json.member("type", "https://docs.lusid.com/#section/Error-Codes/\(code)")
      json.member("title", title)
      json.member("status", status)
      json.member("detail", detail)
      json.member("instance", "\(call.origin)/app/insights/logs/\(requestID)")
    }
    reply.headers["Content-Type"] = "application/problem+json"
    return reply
  }
}

/// LUSID's property keys: `InvestorRecord/Details/Name`.
enum PropertyKey {
  static func isKey(_ name: JSONPart) -> Bool {
    var parts = 1
    var length = 0
    for byte in name.raw.dropFirst().dropLast() {
      if byte == UInt8(ascii: "/") {
        guard (1...64).contains(length) else { return false }
        parts += 1
        length = 0
      } else if isPlain(byte) {
        length += 1
      } else {
        // An escape could represent a plain character; nobody writes it like that.
        return name.raw.contains(UInt8(ascii: "\\")) && isKey(text: name.text)
      }
    }
    return parts == 3 && (1...64).contains(length)
  }

  static func isCode(_ text: some StringProtocol) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isPlain)
  }

  private static func isKey(text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy(isCode)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  static let keyRule =
    "A property key must have the form {domain}/{scope}/{code}, each of 1 to 64 letters, digits, '-' and '_'."

  static func codeRule(_ field: String) -> String {
    "The field \(field) must have 1 to 64 characters, of letters, digits, '-' and '_'."
  }
}
