package import Core
internal import Crypto
internal import Foundation
package import HTTPClient
internal import JSONText
package import Outbox

/// How a notice is posted to a webhook.
///
/// Signed as <https://www.standardwebhooks.com> describes it: the receiver can check that the request comes from
/// someone who knows the secret, that nothing of it was changed, and by the time that it is not an old one sent again.
package struct WebhookRequest: Sendable {
  private let url: String
  private let key: SymmetricKey

  /// How much of an answer's body is read; none of it is used.
  static let mostAnswerBytes = 16 << 10
  static let timeout = Duration.seconds(20)

  /// - Parameter secret: its bytes in UTF-8 are the key; `whsec_` and Base 64 stand for the bytes that they encode.
  package init(url: String, secret: String) {
    self.url = url
    let encoded = secret.hasPrefix("whsec_") ? Data(base64Encoded: String(secret.dropFirst(6))) : nil
    key = SymmetricKey(data: encoded ?? Data(secret.utf8))
  }

  /// - Parameter now: by the wall clock; each attempt has its own.
  package func request(for notice: WaitingNotice, at now: Timestamp) -> Request {
    let body = Self.body(of: notice)
    let time = String(now.milliseconds / 1000)
    return Request(
      method: "POST", url: url,
      headers: [
        Header("Content-Type", "application/json"), Header("webhook-id", notice.id),
        Header("webhook-timestamp", time),
        Header("webhook-signature", signature(id: notice.id, time: time, body: body)),
      ], body: body, timeout: Self.timeout, mostAnswerBytes: Self.mostAnswerBytes)
  }

  /// `v1,` and the HMAC-SHA256 of `id.time.body` in Base 64.
  package func signature(id: String, time: String, body: [UInt8]) -> String {
    var mac = HMAC<SHA256>(key: key)
    mac.update(data: Data("\(id).\(time).".utf8))
    mac.update(data: Data(body))
    return "v1," + Data(mac.finalize()).base64EncodedString()
  }

  /// The document that the contract defines; members may be added.
  package static func body(of notice: WaitingNotice) -> [UInt8] {
    let receipt = notice.receipt.flatMap { try? JSONValue.parse(Array($0.utf8)) }
    let document = JSONValue([
      "version": JSONValue(1), "id": JSONValue(notice.id), "event": JSONValue(notice.event),
      "at": JSONValue(notice.at.description), "inbox": JSONValue(notice.inbox), "target": JSONValue(notice.target),
      "file": JSONValue(notice.file?.text), "message": JSONValue(notice.message), "receipt": receipt ?? .null,
    ])
    var bytes: [UInt8] = []
    document.append(to: &bytes)
    return bytes
  }
}
