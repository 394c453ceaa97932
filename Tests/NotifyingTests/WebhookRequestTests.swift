import Core
import HTTPClient
import Notifying
import Outbox
import Testing

@Suite struct `A notice for a webhook` {
  private static func notice(_ receipt: String? = nil) -> WaitingNotice {
    WaitingNotice(
      id: "partial-1", event: "partial", at: Timestamp(milliseconds: 1_614_265_330_123), inbox: "a\"b", target: "t",
      file: FileID(value: 1), message: "two \"items\"", receipt: receipt)
  }

  @Test func `its signature is the one that Standard Webhooks publishes for their example`() {
    let webhook = WebhookRequest(url: "https://example.com", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    let signature = webhook.signature(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", time: "1614265330", body: Array("{\"test\": 2432232314}".utf8))
    #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test func `any other secret is taken as it is`() {
    let webhook = WebhookRequest(url: "https://example.com", secret: "hook secret")
    let signature = webhook.signature(id: "partial-1", time: "1614265330", body: Array("{\"version\":1}".utf8))
    #expect(signature == "v1,bPIsV2MuMXl1TZOAZUJEtICqKJhk54DT+JhGalMghdc=")
  }

  @Test func `its headers name it, the time of the attempt, and the signature of exactly this body`() {
    let webhook = WebhookRequest(url: "https://example.com/x?y=z", secret: "s")
    let request = webhook.request(for: Self.notice(), at: Timestamp(milliseconds: 1_700_000_000_999))
    #expect(request.method == "POST")
    #expect(request.url == "https://example.com/x?y=z")
    #expect(request.headers["webhook-id"] == "partial-1")
    #expect(request.headers["webhook-timestamp"] == "1700000000")
    #expect(
      request.headers["webhook-signature"]
        == webhook.signature(id: "partial-1", time: "1700000000", body: request.body))
    #expect(request.mostAnswerBytes <= 65_536)
  }

  @Test func `its body has the members of the contract, and the receipt as a part of the document`() {
    let receipt = "{\n  \"version\": 1, \"counts\": {\"items\": 12345678901234567890}\n}\n"
    let body = WebhookRequest.body(of: Self.notice(receipt))
    #expect(
      String(decoding: body, as: UTF8.self) == """
        {"version":1,"id":"partial-1","event":"partial","at":"2021-02-25T15:02:10.123Z","inbox":"a\\"b","target":"t",\
        "file":"00000000000000000000000001","message":"two \\"items\\"",\
        "receipt":{"version":1,"counts":{"items":12345678901234567890}}}
        """)
    let bare = String(decoding: WebhookRequest.body(of: Self.notice()), as: UTF8.self)
    #expect(bare.hasSuffix("\"receipt\":null}"))
  }
}
