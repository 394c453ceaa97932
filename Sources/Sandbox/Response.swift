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
