import Glibc

/// How a target's server is reached; the same for all its exchanges.
package struct ConnectionOptions: Sendable {
  /// The maximum number of exchanges in flight at once, and of connections kept; at least 1.
  package var concurrency: Int
  /// Time limit for establishing the connection, including TLS; a request's own timeout applies if shorter.
  package var connectTimeout: Duration
  /// How long a request or answer may stall midway; waiting for an answer to begin does not count as a stall.
  package var stallTimeout: Duration
  /// The maximum age of a connection: a name whose address changes is looked up again at least this often.
  package var mostConnectionAge: Duration
  /// PEM; its authorities are trusted instead of the system's.
  package var caFile: String?
  /// PEM; also holds the key if `clientKey` is nil.
  package var clientCert: String?
  /// PEM, not encrypted.
  package var clientKey: String?
  /// Nil means no proxy, whatever the environment says.
  package var proxy: Proxy?
  package var userAgent: String

  package struct Proxy: Hashable, Sendable {
    /// `http://host:port`, or just `host:port`.
    package var address: String
    package var username: String?
    package var password: String?

    package init(address: String, username: String? = nil, password: String? = nil) {
      self.address = address
      self.username = username
      self.password = password
    }
  }

  package init(
    concurrency: Int = 4, connectTimeout: Duration = .seconds(10), stallTimeout: Duration = .seconds(30),
    mostConnectionAge: Duration = .seconds(60), caFile: String? = nil, clientCert: String? = nil,
    clientKey: String? = nil,
    proxy: Proxy? = nil, userAgent: String = "upsertd"
  ) {
    self.concurrency = concurrency
    self.connectTimeout = connectTimeout
    self.stallTimeout = stallTimeout
    self.mostConnectionAge = mostConnectionAge
    self.caFile = caFile
    self.clientCert = clientCert
    self.clientKey = clientKey
    self.proxy = proxy
    self.userAgent = userAgent
  }
}

extension ConnectionOptions {
  /// Detects in advance what would otherwise make every exchange fail.
  func check() throws(SendError) {
    for (name, file) in [("ca_file", caFile), ("client_cert", clientCert), ("client_key", clientKey)] {
      guard let file else { continue }
      let place = "read \(name) \"\(SendError.readable(file))\""
      guard Header.isPlain(file) else { throw SendError(.setup, place: place, reason: "control character in the name") }
      let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      defer { if descriptor >= 0 { close(descriptor) } }
      var first: UInt8 = 0
      switch descriptor < 0 ? -1 : read(descriptor, &first, 1) {
      case 1: continue
      case 0: throw SendError(.setup, place: place, reason: "the file is empty")
      default: throw SendError(.setup, place: place, reason: String(cString: strerror(errno)))
      }
    }
    for (name, value) in [
      ("proxy address", proxy?.address), ("proxy username", proxy?.username), ("proxy password", proxy?.password),
      ("user agent", userAgent),
    ] where !Header.isPlain(value ?? "") {
      throw SendError(.setup, place: "use the \(name)", reason: "it contains a line break or another control character")
    }
    if proxy?.address == "" { throw SendError(.setup, place: "use the proxy address", reason: "it is empty") }
  }
}
