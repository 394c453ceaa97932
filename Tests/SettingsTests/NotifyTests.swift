import APIs
import Core
import Testing

@testable import Settings

struct NotifyTests {
  private static let files = ["hook-secret": "s3cret\n", "p": "pw"]

  @Test func `the contract's example is read, with names that are no secret`() throws {
    let settings = try loaded(
      minimal(
        """
        notify:
          - {webhook: "https://hooks.example.com/x?token=abc", secret_file: hook-secret,
             on: [rejected, partial, missing, held]}
          - {mail: ops@example.com, from: upsertd@example.com, smtp: "smtps://mail.example.com",
             username: u, password_file: p, on: [rejected, missing, held]}
        """), files: Self.files)
    #expect(settings.receivers.map(\.name) == ["hooks.example.com", "ops@example.com"])
    #expect(settings.receivers[0].events == [.rejected, .partial, .missing, .held])
    #expect(settings.receivers[1].events == [.rejected, .missing, .held])
    #expect(
      settings.receivers[0].way
        == .webhook(Receiver.Webhook(url: "https://hooks.example.com/x?token=abc", secret: Secret("s3cret"))))
    #expect(
      settings.receivers[1].way
        == .mail(
          Receiver.Mail(
            to: "ops@example.com", from: "upsertd@example.com", server: "smtps://mail.example.com", isLoopback: false,
            username: "u", password: Secret("pw"))))
  }

  @Test func `who says nothing gets everything but accepted`() throws {
    let settings = try loaded(minimal("notify: [{webhook: \"http://127.0.0.1:1/\", secret: x}]"))
    #expect(settings.receivers.map(\.events) == [Set(NoticeEvent.allCases).subtracting([.accepted])])
  }

  @Test func `receivers at the same address have names of their own`() throws {
    let hook = "{webhook: \"https://h.example.com/a\", secret: x"
    let settings = try loaded(minimal("notify: [\(hook)}, \(hook), on: held}, \(hook), name: chat}]"))
    #expect(settings.receivers.map(\.name) == ["h.example.com", "h.example.com#2", "chat"])
    #expect(settings.receivers[1].events == [.held])
  }

  @Test func `whoever only looks needs none of the secrets`() throws {
    let yaml = minimal("notify: [{webhook: \"https://h.example.com/a\", secret_file: nowhere}]")
    try withConfiguration(yaml) { folder in
      let settings = try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:], withSecrets: false)
      #expect(settings.receivers.map(\.name) == ["h.example.com"])
    }
  }

  @Test(arguments: [
    ("{webhook: \"http://h.example.com/\", secret: x}", "webhook: is plain http, which lets others read it: use https"),
    (
      "{webhook: \"https://u:p@h.example.com/\", secret: x}",
      "webhook: must not contain credentials: the receiver knows upsertd by its signature"
    ),
    (
      "{webhook: \"https://h.example.com/\"}",
      "secret_file: is missing: what is posted is signed with it; give the receiver the same secret"
    ),
    (
      "{webhook: \"https://h.example.com/\", secret: \"whsec_\"}",
      "secret: begins with \"whsec_\", but no Base64 follows: nothing would be signed with the receiver's key"
    ),
    (
      "{webhook: \"https://h.example.com/\", secret: \"whsec_!!!!\"}",
      "secret: begins with \"whsec_\", but no Base64 follows: nothing would be signed with the receiver's key"
    ),
    (
      "{webhook: \"https://h.example.com/\", secret: x, secret_file: hook-secret}",
      "secret_file: is given as well as secret: keep one of them"
    ),
    (
      "{webhook: \"https://h.example.com/\", secret: x, on: [helt]}",
      "on[0]: must be one of accepted, partial, rejected, missing, late, early, short, gap, repeat, held, released, but is \"helt\": did you mean \"held\"?"
    ),
    (
      "{webhook: \"https://h.example.com/\", secret: x, on: []}",
      "on: must name at least one event: accepted, partial, rejected, missing, late, early, short, gap, repeat, held, released"
    ),
    (
      "{mail: ops, from: a@example.com, smtp: \"smtps://m.example.com\"}",
      "mail: must be a mail address such as ops@example.com, without a name and brackets, but is \"ops\""
    ),
    (
      "{mail: ops@example.com, smtp: \"smtps://m.example.com\"}",
      "from: is missing: give the address that the mail comes from"
    ),
    (
      "{mail: ops@example.com, from: a@example.com}",
      "smtp: is missing: give the mail server, such as smtps://mail.example.com"
    ),
    (
      "{mail: ops@example.com, from: a@example.com, smtp: \"smtps://m.example.com/x\"}",
      "smtp: must be smtps:// or smtp:// with a host and perhaps a port, and nothing behind them"
    ),
    (
      "{mail: ops@example.com, from: a@example.com, smtp: \"smtps://m.example.com\", username: u}",
      "password_file: is missing: a username needs a password"
    ),
  ])
  func `a receiver that can't be told is an error that names its key`(_ entry: String, _ fault: String) throws {
    let found = try faults(minimal("notify:\n  - \(entry)"), files: Self.files)
    #expect(found == ["upsertd.yaml:2: notify[0].\(fault)"])
  }

  @Test func `a receiver is one of the two, and has no other keys`() throws {
    #expect(
      try faults(minimal("notify:\n  - {on: held}")) == [
        "upsertd.yaml:2: notify[0]: names no receiver: give a webhook's URL (webhook) or a mail address (mail)"
      ])
    let unknown = try faults(minimal("notify:\n  - {webhook: \"https://h.example.com/\", secret: x, smpt: y}"))
    #expect(unknown.count == 1 && unknown[0].contains("notify[0].smpt: is unknown"))
  }

  @Test func `a secret's file that others can read is refused`() throws {
    let found = try faults(
      minimal("notify:\n  - {webhook: \"https://h.example.com/\", secret_file: hook-secret}"), files: Self.files,
      modes: ["hook-secret": 0o644])
    #expect(found.count == 1 && found[0].contains("notify[0].secret_file"))
  }

  @Test func `no description of a receiver shows its secrets`() throws {
    let settings = try loaded(minimal("notify: [{webhook: \"https://h.example.com/\", secret: hunter2}]"))
    #expect(!"\(settings.receivers)".contains("hunter2"))
  }
}
