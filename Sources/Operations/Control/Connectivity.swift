internal import Dispatching
internal import HTTPClient
package import Settings

/// Whether a target issues a token for these credentials.
package enum Connectivity {
  /// Requests one; nil on success, otherwise the reason for the failure, without any secret.
  package static func check(_ target: Target) async -> String? {
    do {
      let connections = try HTTPClient(ConnectionOptions(target))
      defer { connections.close() }
      _ = try await TokenSource(auth: target.auth, connections: connections, timeout: target.timeout).token()
      return nil
    } catch let error as TokenError {
      return error.reason
    } catch {
      return "\(error)"
    }
  }
}
