package import Core

/// One HTTP request, whole.
struct Request: Sendable {
  var method: String
  /// Percent-decoded.
  var path: String
  /// As received.
  var query: String
  /// By lower-case name.
  var headers: [String: String]
  var body: [UInt8]
  /// The body exceeded the limit and was dropped.
  var isTooLarge = false

  /// Larger bodies get a 413; the web server that LUSID runs on has the same default limit.
  static let largestBody = 30_000_000

  /// Scheme and authority as the client wrote them.
  var origin: String { "http://" + (headers["host"] ?? "127.0.0.1") }

  /// `application/json` and related types, which both APIs accept; parameters are ignored.
  var isJSON: Bool {
    let type = headers["content-type", default: ""].prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    return type == "application/json" || type == "text/json"
      || type.hasPrefix("application/") && type.hasSuffix("+json")
  }

  /// The token of `Authorization: Bearer`.
  var bearer: String? { credentials(of: "bearer") }

  /// The text after the scheme's name in `Authorization`.
  func credentials(of scheme: String) -> String? {
    let parts = headers["authorization", default: ""].split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == scheme else { return nil }
    return parts[1].trimmingPrefix { $0 == " " }.isEmpty ? nil : String(parts[1])
  }
}

/// The answer to a `Request`.
struct Response: Sendable {
  var status: Int
  var headers: [String: String] = [:]
  var body: [UInt8]
  /// How long the answer is delayed.
  var delay: Duration = .zero

  init(_ status: Int, headers: [String: String] = [:], body: [UInt8] = [], type: String = "application/json") {
    self.status = status
    self.headers = headers
    self.headers["Content-Type"] = type
    self.body = body
  }

  init(_ status: Int, headers: [String: String] = [:], json: (inout JSONOutput) -> Void) {
    var output = JSONOutput()
    output.object(json)
    self.init(status, headers: headers, body: output.bytes)
  }
}

/// One API request as received.
package struct RecordedRequest: Sendable, Equatable {
  package let api: APIKind
  package let method: String
  package let path: String
  package let query: String
  /// By lower-case name, without `authorization`.
  package let headers: [String: String]
  package let body: [UInt8]
  /// The answer's status.
  package let status: Int
}

/// The fields of an `application/x-www-form-urlencoded` text.
///
/// Lenient: the LUSID SDK sends bare spaces, and a `%` without two digits is literal.
struct FormFields: Sendable {
  private var values: [String: String] = [:]

  init(_ bytes: some Sequence<UInt8>) {
    for field in Array(bytes).split(separator: UInt8(ascii: "&")) {
      let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
      values[Self.decoded(field[..<equals])] = Self.decoded(field[equals...].dropFirst())
    }
  }

  subscript(name: String) -> String? { values[name] }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        result.append(value)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
