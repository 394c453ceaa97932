internal import Glibc

/// Decides who may read the admin address: callers that use its own name, and no web page from elsewhere.
///
/// A browser says in `Host` which name a page used, so a foreign name that points at this machine (DNS rebinding) is
/// detected; and in `Sec-Fetch-Site` whether another page asks, even one on another port of this machine
/// (<https://www.w3.org/TR/fetch-metadata/>). Programs other than browsers do not send the latter.
struct AdminAccess: Sendable {
  private let names: Set<String>
  private let isEverywhere: Bool

  /// What a request says about its caller, header by header.
  struct Caller {
    var host: String?
    var fetchSite: String?
    var fetchMode: String?
    var fetchDestination: String?
  }

  /// - Parameter host: as in `admin.listen`, an IPv6 address without its brackets.
  init(listeningOn host: String) {
    let own = host.lowercased()
    names = ["127.0.0.1", "localhost", "[::1]", own, "[\(own)]"]
    isEverywhere = own == "0.0.0.0" || own == "::"
  }

  /// Why this caller gets no answer, human-readable; nil if it gets one.
  ///
  /// - Parameter isPage: the request is for the page itself, which a link elsewhere may lead to.
  func refusal(of caller: Caller, isPage: Bool) -> String? {
    guard isOwn(caller.host ?? "") else {
      return "this host name is not accepted; use localhost or the address in admin.listen\n"
    }
    switch caller.fetchSite {
    case nil, "same-origin", "none": return nil
    default:
      let isLink = caller.fetchMode == "navigate" && caller.fetchDestination == "document"
      return isPage && isLink ? nil : "pages of other sites may not read this\n"
    }
  }

  /// The port does not matter: the other end of a tunnel may use another one.
  private func isOwn(_ named: String) -> Bool {
    let named = named.lowercased()
    let host = named.hasSuffix("]") ? named : String(named.prefix(upTo: named.lastIndex(of: ":") ?? named.endIndex))
    // When listening on all addresses, each of them is ours; a name is not, since anybody can create one that points
    // here.
    return names.contains(host) || (isEverywhere && Self.isNumeric(host))
  }

  private static func isNumeric(_ host: String) -> Bool {
    var address = in6_addr()
    if host.hasPrefix("["), host.hasSuffix("]") {
      return inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1
    }
    return inet_pton(AF_INET, host, &address) == 1
  }
}
