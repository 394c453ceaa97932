internal import Core
internal import Dispatch
package import Engine
internal import Glibc
package import HTTPClient
package import Outbox
internal import Runtime
package import Settings
internal import Telemetry

/// Sends notices to one receiver, on connections of its own: those to targets are never slowed.
package final class ReceiverClient: Sendable {
  package enum Delivery: Sendable, Equatable {
    case delivered
    /// It has to be sent again; the outcome says what that means for the others.
    case failed(NoticeQueue.Outcome, reason: String)
    /// This was closed meanwhile: it is open whether the receiver has it.
    case cancelled
  }

  private enum Way {
    case webhook(Receiver.Webhook, HTTPClient)
    case mail(Receiver.Mail, MailClient)
  }

  private let way: Way
  /// Where files are read.
  private let files = DispatchQueue(label: "secrets of receivers")
  private let spool: String
  private let host: String

  /// Throws if a certificate file can't be used.
  package init(_ receiver: Receiver, spool: String) throws(SendError) {
    self.spool = spool
    host = Self.hostName
    switch receiver.way {
    case .webhook(let webhook):
      let options = ConnectionOptions(
        concurrency: 1, caFile: receiver.caFile,
        proxy: receiver.proxy.map {
          ConnectionOptions.Proxy(address: $0.address, username: $0.username, password: $0.password?.value)
        }, userAgent: "upsertd/\(Version.text)")
      way = .webhook(webhook, try HTTPClient(options))
    case .mail(let mail):
      let isPlain = mail.isLoopback && mail.server.hasPrefix("smtp:")
      let server = MailOptions(
        url: mail.server, needsTLS: !isPlain, username: mail.username, caFile: receiver.caFile)
      way = .mail(mail, MailClient(server))
    }
  }

  /// A secret that was corrected in its file takes effect here.
  package func send(_ notice: WaitingNotice) async -> Delivery {
    switch way {
    case .webhook(let webhook, let client):
      let webhook = await files.run { webhook.reread() }
      let request = WebhookRequest(url: webhook.url, secret: webhook.secret.value)
      return await post(request.request(for: notice, at: .now), client)
    case .mail(let mail, let client): return await send(notice, mail, client)
    }
  }

  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Ends what is under way, and everything later.
  package func close() {
    switch way {
    case .webhook(_, let client): client.close()
    case .mail(_, let client): client.close()
    }
  }

  /// Sends what no event is behind: for `check`. Nil if it was accepted, otherwise the reason.
  package func test() async -> String? {
    let notice = WaitingNotice(
      id: "test-\(UInt64.random(in: 0 ... .max))", event: "test", at: .now,
      message: "This is a test from upsertd on \(host). Nothing has happened, and nothing has to be done.")
    return switch await send(notice) {
    case .delivered: nil
    case .failed(_, let reason): reason
    case .cancelled: "cancelled"
    }
  }

  private func post(_ request: Request, _ client: HTTPClient) async -> Delivery {
    do {
      let answer = try await client.send(request)
      if (200...299).contains(answer.status) { return .delivered }
      return .failed(Self.outcome(of: answer), reason: "the answer was \(answer.status)")
    } catch  where error.code == .cancelled {
      return .cancelled
    } catch {
      // Not its place: a webhook's address may be a secret.
      return .failed(.unavailable(isAnswered: false, retryAfter: nil), reason: error.reason)
    }
  }

  /// What a status other than 2xx means for the other notices: some say that the receiver serves nobody now, or not
  /// with this address and secret.
  private static func outcome(of answer: Response) -> NoticeQueue.Outcome {
    switch answer.status {
    case 300...399, 401, 403, 404, 407, 408, 421, 425, 429, 502, 503, 504:
      let retryAfter = answer.header("retry-after").flatMap { RetryAfter.wait($0, now: .now) }
      return .unavailable(isAnswered: true, retryAfter: retryAfter)
    default: return .refused
    }
  }

  private func send(_ notice: WaitingNotice, _ mail: Receiver.Mail, _ client: MailClient) async -> Delivery {
    let text = MailText(notice, spool: spool, host: host).message(from: mail.from, to: mail.to, at: .now)
    let password = await files.run { mail.password?.reread().value }
    do {
      try await client.send(from: mail.from, to: mail.to, text: text, password: password)
      return .delivered
    } catch {
      if client.isClosed { return .cancelled }
      return .failed(
        error.isReply ? .refused : .unavailable(isAnswered: false, retryAfter: nil), reason: error.reason)
    }
  }
}
