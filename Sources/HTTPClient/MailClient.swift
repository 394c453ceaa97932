import Core
import CurlShim
import Dispatch
import Glibc

/// How mail reaches its server.
package struct MailOptions: Sendable, Equatable {
  /// `smtps://host:port`, or `smtp://host:port`.
  package var url: String
  /// Whether `smtp` must switch to TLS before anything is sent; without it, nothing is encrypted.
  package var needsTLS: Bool
  package var username: String?
  package var password: String?
  /// PEM; its authorities are trusted instead of the system's.
  package var caFile: String?

  package init(
    url: String, needsTLS: Bool, username: String? = nil, password: String? = nil, caFile: String? = nil
  ) {
    self.url = url
    self.needsTLS = needsTLS
    self.username = username
    self.password = password
    self.caFile = caFile
  }
}

/// Why a mail was not accepted.
package struct MailError: Error, Equatable, CustomStringConvertible {
  /// Whether the server replied with a refusal of this mail, or of its sender or recipient.
  package var isReply: Bool
  /// Never contains a password.
  package var reason: String

  package var description: String { reason }
}

/// Sends mails one after the other, each on a connection of its own, with libcurl's SMTP.
///
/// Certificates are always verified. Calls block a queue of this client's own, so that connections to targets are never
/// slowed.
package final class MailClient: Sendable {
  private let server: MailOptions
  private let queue = DispatchQueue(label: "upsertd.mail")
  private let stop = StopCell()

  package init(_ server: MailOptions) { self.server = server }

  /// - Parameters:
  ///   - from, to: plain addresses.
  ///   - text: header fields, an empty line and the body, with CRLF at the end of each line.
  ///   - password: nil for that of the options.
  ///   - timeout: for the whole exchange.
  package func send(
    from: String, to: String, text: [UInt8], password: String? = nil,
    timeout: Duration = .seconds(60)
  ) async throws(MailError) {
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Void, MailError>, Never>) in
      queue.async { [self] in
        var server = server
        if let password { server.password = password }
        done.resume(returning: sendNow(server, from: from, to: to, text: text, timeout: timeout))
      }
    }
    return try result.get()
  }

  /// Gives up the exchange in flight, within about a second, and all later ones.
  package func close() { stop.raise() }

  package var isClosed: Bool { stop.isRaised }

  private func sendNow(
    _ server: MailOptions, from: String, to: String, text: [UInt8], timeout: Duration
  ) -> Result<Void, MailError> {
    var outcome = curlshim_mail_outcome()
    text.withUnsafeBufferPointer { text in
      text.withMemoryRebound(to: CChar.self) { text in
        server.url.withCString { url in
          withOptionalCString(server.username) { username in
            withOptionalCString(server.password) { password in
              withOptionalCString(server.caFile) { caFile in
                "<\(from)>".withCString { from in
                  "<\(to)>".withCString { to in
                    var mail = curlshim_mail(
                      url: url, needs_tls: server.needsTLS, username: username, password: password, ca_file: caFile,
                      from: from, to: to, text: text.baseAddress, text_count: text.count,
                      timeout_ms: max(1, timeout.milliseconds),
                      connect_timeout_ms: max(1, min(timeout.milliseconds, 10_000)), stop: stop.flag)
                    curlshim_send_mail(&mail, &outcome)
                  }
                }
              }
            }
          }
        }
      }
    }
    guard outcome.fault != CURLSHIM_NO_FAULT else { return .success(()) }
    var reason = withUnsafeBytes(of: outcome.reason) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if outcome.connect_errno != 0 { reason += " (\(String(cString: strerror(outcome.connect_errno))))" }
    return .failure(MailError(isReply: outcome.reply >= 400, reason: SendError.readable(reason)))
  }
}

private func withOptionalCString<Value>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Value) -> Value {
  guard let text else { return body(nil) }
  return text.withCString { body($0) }
}

/// A flag that C code reads from another thread.
///
/// Unchecked, since a pointer is never `Sendable`: the memory lives as long as this object, one thread only reads it
/// and others only write 1 to it, each with an atomic access.
private final class StopCell: @unchecked Sendable {
  private let cell = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  init() { cell.initialize(to: 0) }

  deinit { cell.deallocate() }

  var flag: UnsafePointer<Int32> { UnsafePointer(cell) }

  func raise() { curlshim_raise(cell) }

  var isRaised: Bool { curlshim_is_raised(cell) }
}
