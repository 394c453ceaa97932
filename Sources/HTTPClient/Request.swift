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

  package init(
    method: String, url: String, headers: [Header] = [], body: [UInt8] = [], timeout: Duration = .seconds(60),
    mostAnswerBytes: Int = 1 << 20
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.mostAnswerBytes = mostAnswerBytes
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
