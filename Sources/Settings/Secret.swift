/// A password or token that never appears in a description, dump or log.
package struct Secret: Sendable, Hashable {
  package let value: String

  package init(_ value: String) { self.value = value }

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
    self.init(text)
  }

  /// Reads a file with an access token, which must fit into a header: someone else may rewrite it at any time.
  package init(tokenFile path: String) throws(SecretFault) {
    try self.init(tokenFile: path) { _ in }
  }

  init(tokenFile path: String, onRead note: (ConfigFile) -> Void) throws(SecretFault) {
    try self.init(path: path, onRead: note)
    guard isToken else { throw SecretFault(path: path, reason: Self.noTokenAdvice) }
  }

  static let noTokenAdvice = "is not an access token: it must be one word in ASCII, without spaces or line breaks"

  /// Whether it is valid in an `Authorization` header: RFC 6750's `b64token`, interpreted broadly.
  var isToken: Bool { !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
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
