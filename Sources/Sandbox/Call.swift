/// One HTTP request, whole.
struct Call: Sendable {
  var method: String
  /// Percent-decoded.
  var path: String
  /// As it came.
  var query: String
  /// By lower-case name.
  var headers: [String: String]
  var body: [UInt8]
  /// The body went over the limit and was dropped.
  var isTooLarge = false

  /// More than this gets a 413; the web server that LUSID runs on has the same limit by default.
  static let largestBody = 30_000_000

  /// Scheme and authority as the client wrote them.
  var origin: String { "http://" + (headers["host"] ?? "127.0.0.1") }

  /// `application/json` and its kin, which both APIs take; parameters are not looked at.
  var isJSON: Bool {
    let type = headers["content-type", default: ""].prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    return type == "application/json" || type == "text/json"
      || type.hasPrefix("application/") && type.hasSuffix("+json")
  }

  /// The token of `Authorization: Bearer`.
  var bearer: String? { credentials(of: "bearer") }

  /// What follows the scheme's name in `Authorization`.
  func credentials(of scheme: String) -> String? {
    let parts = headers["authorization", default: ""].split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == scheme else { return nil }
    return parts[1].trimmingPrefix { $0 == " " }.isEmpty ? nil : String(parts[1])
  }
}
