/// A request to send.
package struct Request: Sendable {
  package var method: String
  /// `http:` or `https:`, sent unchanged (`$` and `..` in a path stay); without credentials.
  package var url: String
  package var headers: [Header]
  package var body: [UInt8]
  /// For the whole exchange, from the moment work on it begins.
  package var timeout: Duration
  /// How much of the answer's body is read, counted after decompression.
  package var mostAnswerBytes: Int
  /// Whether the request must not be sent again if a kept connection ends before an answer begins: then the caller decides.
  package var isSentOnce: Bool

  package init(
    method: String, url: String, headers: [Header] = [], body: [UInt8] = [], timeout: Duration = .seconds(60),
    mostAnswerBytes: Int = 1 << 20, isSentOnce: Bool = false
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.mostAnswerBytes = mostAnswerBytes
    self.isSentOnce = isSentOnce
  }
}

extension Request {
  /// For messages: without the query and without anything before an `@`, since either could hold a secret.
  var place: String {
    let address = url.prefix { $0 != "?" && $0 != "#" }
    let host = address.lastIndex(of: "@").map { "…" + address[$0...] } ?? String(address)
    return "\(SendError.readable(method)) \"\(SendError.readable(host))\""
  }

  /// Why this can never be sent; nil if libcurl may decide.
  var fault: String? {
    if !Header.isToken(method) { return "the method contains a character that HTTP does not allow" }
    if url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) { return "the URL contains a space or control character" }
    if url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last?.prefix(while: { $0 != "/" })
      .contains("@") == true
    {
      return "the URL contains credentials"
    }
    // Its value may be a token: only the name is reported.
    if let bad = headers.first(where: { !$0.isWellFormed }) {
      return
        "header \"\(SendError.readable(bad.name))\" contains a line break or another character that HTTP does not allow"
    }
    return nil
  }

  /// The header fields in the form that `curlshim_start` expects.
  ///
  /// libcurl adds its own fields unless a line that ends with the colon suppresses them; one of our fields without a
  /// value ends with a semicolon.
  var lines: [UInt8] {
    var lines: [UInt8] = []
    func add(_ line: String...) {
      for part in line { lines.append(contentsOf: part.utf8) }
      lines.append(0)
    }
    if headers["expect"] == nil { add("Expect:") }
    if headers["content-type"] == nil { add("Content-Type:") }
    for header in headers {
      let isBlank = header.value.utf8.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      if isBlank { add(header.name, ";") } else { add(header.name, ": ", header.value) }
    }
    lines.append(0)
    return lines
  }
}

/// One field of a request or an answer.
package struct Header: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension Header {
  /// Whether nothing in it can end the field early and start another (RFC 9110, 5.1 and 5.5).
  var isWellFormed: Bool { Self.isToken(name) && Self.isPlain(value) }

  /// A name or a method: RFC 9110, 5.6.2.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  /// Whether it contains no control character except tabs.
  static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }
  }
}

extension [Header] {
  /// The fields of a head as received: a status line, then one line per field, CRLF or LF after each.
  init(head: UnsafeRawBufferPointer) {
    self = []
    for line in head.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let text = Substring(decoding: line, as: UTF8.self)
      if let first = line.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), !isEmpty {
        // An old server's folded line continues the value above (RFC 9112, 5.2).
        self[count - 1].value += " " + text.trimmed
      } else if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
        append(Header(String(text[..<colon]), text[text.utf8.index(after: colon)...].trimmed))
      }
    }
  }

  /// The first field of that name, ignoring case.
  package subscript(name: String) -> String? {
    first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased() }?.value
  }
}

extension Substring {
  /// Without the white space that may surround a header field's value.
  fileprivate var trimmed: String {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
    guard let first = utf8.firstIndex(where: { !isSpace($0) }), let last = utf8.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(self[first...last])
  }
}

/// A server's answer, whole unless `isCut`.
package struct Response: Sendable {
  package var status: Int
  package var headers: [Header]
  package var body: [UInt8]
  /// The body is incomplete: it is larger than the request's `mostAnswerBytes`, or the server rejected the request
  /// before receiving all of it, and closed the connection.
  package var isCut: Bool
  /// Measured from when work on the request began.
  package var elapsed: Duration
  /// How often the request had been sent before without an answer.
  ///
  /// A server may close a kept-alive connection at the very moment it is reused; libcurl then resends the request by
  /// itself.
  package var unanswered: Int

  package init(
    status: Int, headers: [Header] = [], body: [UInt8] = [], isCut: Bool = false, elapsed: Duration = .zero,
    unanswered: Int = 0
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.isCut = isCut
    self.elapsed = elapsed
    self.unanswered = unanswered
  }

  /// The first field of that name, ignoring case.
  package func header(_ name: String) -> String? { headers[name] }
}
