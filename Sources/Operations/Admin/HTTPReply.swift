/// An answer of the admin address.
struct HTTPReply: Equatable, Sendable {
  var status: Int
  var type: String
  var body: [UInt8]
  /// What a browser may load for it, and from where.
  var policy = "default-src 'none'; frame-ancestors 'none'"

  init(_ status: Int = 200, type: String, body: [UInt8]) {
    self.status = status
    self.type = type
    self.body = body
  }

  static func json(_ document: [UInt8], status: Int = 200) -> HTTPReply {
    HTTPReply(status, type: "application/json", body: document)
  }

  static func text(_ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8") -> HTTPReply {
    HTTPReply(status, type: type, body: Array(text.utf8))
  }

  /// Head and body as they are sent.
  func bytes(keepsOpen: Bool, withBody: Bool = true) -> [UInt8] {
    let lines = [
      "HTTP/1.1 \(status) \(phrase)", "Content-Type: \(type)", "Content-Length: \(body.count)",
      "Connection: \(keepsOpen ? "keep-alive" : "close")", "Cache-Control: no-store",
      "Content-Security-Policy: \(policy)", "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY",
      "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin",
      "Cross-Origin-Opener-Policy: same-origin",
    ]
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (withBody ? body : [])
  }

  private var phrase: String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 408: "Request Timeout"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 503: "Service Unavailable"
    default: "Status"
    }
  }
}
