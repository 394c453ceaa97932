internal import Glibc

/// A URL's parts, as far as upsertd needs to check them (RFC 3986, section 3).
struct WebAddress {
  var scheme: String
  /// In lower case; an IPv6 address without its brackets.
  var host: String
  var port: Int?
  /// The whole URL without credentials and without a trailing slash.
  var text: String
  var username: String?
  var password: String?

  struct Invalid: Error {
    /// Never contains the URL: it may hold a password.
    var reason: String
  }

  init(_ url: String, schemes: [String]) throws(Invalid) {
    guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }) else {
      throw Invalid(reason: "is not a URL: encode spaces, quotes, brackets and characters outside ASCII")
    }
    guard let colon = url.firstRange(of: "://"),
      let scheme = schemes.first(where: { $0 == url[..<colon.lowerBound].lowercased() })
    else {
      throw Invalid(reason: "must be a URL that begins with \(schemes.map { "\($0)://" }.joined(separator: " or "))")
    }
    let rest = url[colon.upperBound...]
    guard !rest.contains("?"), !rest.contains("#") else {
      throw Invalid(reason: "must be a URL without \"?\" and \"#\"")
    }
    var authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    if let at = authority.lastIndex(of: "@") {
      let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      username = Self.decoded(parts[0])
      password = parts.count > 1 ? Self.decoded(parts[1]) : nil
      authority = authority[authority.index(after: at)...]
    }
    self.scheme = scheme
    (host, port) = try Self.hostAndPort(authority)
    text = "\(scheme)://\(authority)\(path)"
    while text.hasSuffix("/") { text.removeLast() }
  }

  /// Whether only this machine can be listening: `localhost`, 127.0.0.0/8, `::1`.
  var isLoopback: Bool {
    if host == "localhost" { return true }
    var four = in_addr()
    if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
    var six = in6_addr()
    guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
    return withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
  }

  /// `host`, `host:port`, `[::1]:port`.
  static func hostAndPort(_ authority: Substring) throws(Invalid) -> (host: String, port: Int?) {
    let host: String
    var rest: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw Invalid(reason: "has a \"[\" without a \"]\"") }
      host = authority[authority.index(after: authority.startIndex)..<end].lowercased()
      rest = authority[authority.index(after: end)...]
      var six = in6_addr()
      guard inet_pton(AF_INET6, host, &six) == 1 else {
        throw Invalid(reason: "has no IPv6 address between its brackets")
      }
    } else {
      let name = authority.prefix { $0 != ":" }
      host = name.lowercased()
      rest = authority.dropFirst(name.count)
      guard !host.isEmpty else { throw Invalid(reason: "has no host") }
      guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }) else {
        throw Invalid(reason: "has a host name with characters other than letters, digits, \"-\" and \".\"")
      }
      var four = in_addr()
      if host.allSatisfy({ $0.isNumber || $0 == "." }), inet_pton(AF_INET, host, &four) != 1 {
        throw Invalid(reason: "has a host that is neither a name nor an IPv4 address")
      }
    }
    guard !rest.isEmpty else { return (host, nil) }
    guard rest.hasPrefix(":"), rest.dropFirst().allSatisfy({ $0.isNumber }), let port = Int(rest.dropFirst()),
      (0...65_535).contains(port)
    else {
      throw Invalid(reason: "has a port that is not a number from 0 to 65535")
    }
    return (host, port)
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
