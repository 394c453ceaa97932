/// Where a secret comes from, and so what makes a corrected one take effect.
package enum SecretOrigin: Sendable, Hashable {
  /// A file, by its absolute path: it is read again for each attempt to get a token.
  case file(String)
  /// The file of an API's own SDK, by its absolute path: it is read again, too.
  case document(String)
  /// One of the credentials that systemd copied when it started the service, by its path; perhaps an SDK's file.
  case credential(String, isDocument: Bool)
  /// A variable of the daemon's environment.
  case environment
  /// The configuration itself.
  case configuration
}

/// A password or token that never appears in a description, dump or log.
package struct Secret: Sendable {
  package let value: String
  package var origin: SecretOrigin

  package init(_ value: String, from origin: SecretOrigin = .configuration) {
    self.value = value
    self.origin = origin
  }

  /// Reads a secret's file; a line break at its end is not part of the secret.
  package init(file path: String) throws(SecretFault) {
    try self.init(path: path) { _ in }
  }

  init(path: String, onRead note: (ConfigFile) -> Void) throws(SecretFault) {
    let file: ConfigFile
    do {
      file = try ConfigFile(path: path)
    } catch {
      throw SecretFault(path: path, reason: error.reason)
    }
    note(file)
    guard !file.isOpenToOthers else { throw SecretFault(path: path, reason: file.othersAdvice) }
    guard var text = file.text else { throw SecretFault(path: path, reason: "is not UTF-8: save it as UTF-8") }
    // One grapheme, so that "\r\n" is removed as a whole.
    if text.last == "\n" || text.last == "\r\n" { text.removeLast() }
    guard !text.isEmpty else { throw SecretFault(path: path, reason: "is empty: write the secret to it") }
    self.init(text, from: .file(path))
  }

  /// Reads a file with an access token, which must fit into a header: someone else may rewrite it at any time.
  package init(tokenFile path: String) throws(SecretFault) {
    try self.init(tokenFile: path) { _ in }
  }

  init(tokenFile path: String, onRead note: (ConfigFile) -> Void) throws(SecretFault) {
    try self.init(path: path, onRead: note)
    guard isToken else { throw SecretFault(path: path, reason: Self.noTokenAdvice) }
  }

  /// Whether its file is read again for each attempt.
  package var isReadAgain: Bool {
    switch origin {
    case .file, .document: true
    case .credential, .environment, .configuration: false
    }
  }

  /// What its file holds now; the same where it has none, or where that can't be read: somebody may be writing it. Blocks.
  package func reread() -> Secret {
    guard case .file(let path) = origin, let secret = try? Secret(file: path) else { return self }
    return secret
  }

  static let noTokenAdvice = "is not an access token: it must be one word in ASCII, without spaces or line breaks"

  /// Whether it is valid in an `Authorization` header: RFC 6750's `b64token`, interpreted broadly.
  var isToken: Bool { !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}

/// Two are the same if their values are, wherever they come from.
extension Secret: Hashable {
  package static func == (a: Secret, b: Secret) -> Bool { a.value == b.value }
  package func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(secret)" }
  package var debugDescription: String { "(secret)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a secret's file yields no secret.
package struct SecretFault: Error, Equatable, CustomStringConvertible {
  package var path: String
  package var reason: String

  package var description: String { "read \"\(path)\": \(reason)" }
}
