import Core
import Foundation
import Notifying
import Outbox
import Testing

@Suite struct `A notice as a mail` {
  private static let id = FileID(value: 1)
  private static let partial = """
    {"version": 1, "status": "partial", "file": {"id": "\(id)", "name": "clients.csv", "inbox": "investors"},
     "counts": {"items": 1000, "accepted": 998, "rejected": 2, "unchanged": 0, "requests": 3},
     "rejects": {"file": "clients.\(id).rejected.csv", "first": [
       {"item": 17, "line": 19, "key": "secret-key", "code": "missing-field", "message": "displayName is required"}]}}
    """

  private static func text(_ event: String, receipt: String?, message: String = "it happened") -> MailText {
    MailText(
      WaitingNotice(
        id: "x-1", event: event, at: Timestamp(milliseconds: 0), inbox: "investors", target: "lusid", file: id,
        message: message, receipt: receipt), spool: "/spool", host: "server1")
  }

  private static func message(_ text: MailText) -> [String] {
    let bytes = text.message(
      from: "upsertd@example.com", to: "ops@example.com", at: Timestamp(milliseconds: 1_795_000_000_000))
    return String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
  }

  @Test func `it says what happened, where receipt and rejects are, and what to do`() {
    let text = Self.text("partial", receipt: Self.partial)
    #expect(text.subject == "[upsertd] partial: clients.csv in inbox investors (server1)")
    let lines = text.lines
    #expect(lines.first == "it happened")
    #expect(lines.contains("Receipt:  /spool/investors/outbox/receipts/clients.csv.\(Self.id).receipt.json"))
    #expect(lines.contains("Rejects:  /spool/investors/outbox/rejected/clients.\(Self.id).rejected.csv"))
    #expect(lines.contains("Items:    1000, of them 998 accepted and 2 rejected"))
    #expect(lines.contains("  line 19: missing-field: displayName is required"))
    #expect(lines.contains { $0.contains("drop it into /spool/investors/inbox") })
    #expect(lines.contains { $0.contains("upsertd show \(Self.id)") })
    #expect(!lines.contains { $0.contains("secret-key") })
  }

  @Test func `of a file that could not be used it names the error and where the file is`() {
    let receipt = """
      {"file": {"name": "a.csv"}, "counts": {"items": 0, "accepted": 0, "rejected": 0}, "rejects": {"file": null, "first": []},
       "error": {"code": "malformed-csv", "message": "a quote is not closed", "line": 7}}
      """
    let lines = Self.text("rejected", receipt: receipt).lines
    #expect(lines.contains("Error:    malformed-csv: a quote is not closed (line 7)"))
    #expect(lines.contains("Moved to: /spool/investors/outbox/rejected/a.\(Self.id).csv"))
  }

  @Test func `its head is that of a mail which no machine answers, with the notice's own id`() {
    let lines = Self.message(Self.text("held", receipt: nil))
    let head = lines.prefix { !$0.isEmpty }
    #expect(head.contains("Date: Wed, 18 Nov 2026 11:06:40 +0000"))
    #expect(head.contains("From: upsertd <upsertd@example.com>"))
    #expect(head.contains("To: <ops@example.com>"))
    #expect(head.contains("Message-ID: <x-1@example.com>"))
    #expect(head.contains("Auto-Submitted: auto-generated"))
    #expect(head.contains("Content-Transfer-Encoding: 7bit"))
  }

  @Test func `nothing that comes from outside begins a line of its own`() {
    let receipt = "{\"file\": {\"name\": \"a\\r\\nBcc: x@example.com\\r\\n\\r\\n.csv\"}, \"counts\": {}}"
    let lines = Self.message(Self.text("rejected", receipt: receipt, message: "one"))
    #expect(!lines.contains { $0.hasPrefix("Bcc") || $0.hasPrefix(".csv") })
  }

  @Test func `text beyond ASCII is encoded, and short enough lines of it`() throws {
    let name = "Jahresabschlüsse der Fonds, endgültige Fassung für Prüfer – 2026.csv"
    let message = "größer = \(String(repeating: "ü", count: 60)) "
    let lines = Self.message(
      Self.text("accepted", receipt: "{\"file\": {\"name\": \"\(name)\"}, \"counts\": {}}", message: message))
    #expect(lines.allSatisfy { $0.utf8.count <= 100 && $0.utf8.allSatisfy { $0 < 0x80 } })
    #expect(lines.contains("Content-Transfer-Encoding: quoted-printable"))
    let body = lines.drop { !$0.isEmpty }.dropFirst().joined(separator: "\r\n")
    let joined = body.replacingOccurrences(of: "=\r\n", with: "")
    #expect(joined.hasPrefix("gr=C3=B6=C3=9Fer =3D =C3=BC"))
    let words = lines.filter { $0.contains("=?utf-8?B?") }
    let decoded = words.compactMap { line -> Data? in
      let start = line.range(of: "=?utf-8?B?").map { line[$0.upperBound...] }
      return start.flatMap { Data(base64Encoded: String($0.dropLast(2))) }
    }
    #expect(decoded.count == words.count && !words.isEmpty)
    let subject = String(decoding: decoded.reduce(Data(), +), as: UTF8.self)
    #expect(subject.contains("Jahresabschlüsse") && subject.contains("Prüfer"))
  }
}
