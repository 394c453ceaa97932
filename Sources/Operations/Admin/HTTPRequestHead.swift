/// The head of a request to the admin address: what is requested, and what the caller says about itself.
///
/// RFC 9112, taken strictly: anything irregular is not a request. There is no body, since nothing here accepts one.
struct HTTPRequestHead: Equatable, Sendable {
  var method: String
  /// Decoded, without the query: `/api/files`.
  var path: String
  /// Decoded, in order.
  var query: [(name: String, value: String)]
  /// By name in lower case.
  private var fields: [String: String]
  /// Whether the connection may be reused.
  var keepsOpen: Bool

  subscript(field: String) -> String? { fields[field] }

  static func == (a: HTTPRequestHead, b: HTTPRequestHead) -> Bool {
    a.method == b.method && a.path == b.path && a.fields == b.fields && a.keepsOpen == b.keepsOpen
      && a.query.elementsEqual(b.query, by: ==)
  }

  /// The end of the head at the start of `bytes`, including the blank line; nil if it is not complete yet.
  static func end(in bytes: [UInt8]) -> Int? {
    var lineStart = 0
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      let length = index - lineStart
      if length == 0 || length == 1 && bytes[lineStart] == UInt8(ascii: "\r") { return index + 1 }
      lineStart = index + 1
    }
    return nil
  }

  /// Nil if this is not a request that can be answered.
  init?(head: some Sequence<UInt8>) {
    guard let text = String(validating: Array(head), as: UTF8.self) else { return nil }
    // By scalar: "\r\n" is a single character.
    let lines = text.unicodeScalars.split(separator: "\n").map { line in
      Substring(line.last == "\r" ? line.dropLast() : line)
    }
    let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, !words[0].isEmpty, words[0].utf8.allSatisfy({ (0x41...0x5A).contains($0) }),
      words[1].hasPrefix("/"), words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0"
    else { return nil }
    method = String(words[0])
    let target = words[1].prefix { $0 != "#" }
    guard let path = Self.decoded(target.prefix { $0 != "?" }) else { return nil }
    self.path = path
    query = []
    for part in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
      let name = part.prefix { $0 != "=" }
      guard let name = Self.decoded(name), let value = Self.decoded(part.dropFirst(name.count + 1)) else { return nil }
      query.append((name, value))
    }
    fields = [:]
    for line in lines.dropFirst() where !line.isEmpty {
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
        !line[..<colon].contains(where: \.isWhitespace)
      else { return nil }
      let name = line[..<colon].lowercased()
      let value = line[line.index(after: colon)...].drop(while: \.isWhitespace)
      // With two hosts, which one is meant? (RFC 9112, 3.2)
      guard fields[name] == nil || name != "host" else { return nil }
      fields[name] = fields[name].map { "\($0), \(value)" } ?? String(value)
    }
    // A body is not read, so what follows it can't be located.
    let hasBody = fields["transfer-encoding"] != nil || (fields["content-length"] ?? "0") != "0"
    let wish = fields["connection"]?.lowercased() ?? ""
    keepsOpen = !hasBody && (words[2] == "HTTP/1.1" ? !wish.contains("close") : wish.contains("keep-alive"))
  }

  /// With `%XX` decoded; nil if the result is not valid text.
  private static func decoded(_ text: some StringProtocol) -> String? {
    guard text.contains("%") else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
        let value = UInt8(Substring(digits), radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
