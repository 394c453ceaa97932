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
