package import Core
internal import Foundation
internal import JSONText
package import Outbox
internal import Spool

/// A notice as a mail that a person can act on: what happened, where receipt and rejects are, what to do.
package struct MailText: Sendable {
  private let notice: WaitingNotice
  private let receipt: JSONValue?
  private let spool: String
  private let host: String

  /// How many rejects are listed.
  static let mostRejects = 10

  /// - Parameters:
  ///   - host: this machine's name.
  ///   - spool: the folder of the inboxes, for paths.
  package init(_ notice: WaitingNotice, spool: String, host: String) {
    self.notice = notice
    self.spool = spool
    self.host = host.onOneLine
    receipt = notice.receipt.flatMap { try? JSONValue.parse(Array($0.utf8)) }
  }

  /// Header fields, an empty line and the text, with CRLF at the end of each line.
  ///
  /// - Parameter now: when it is sent, by the wall clock.
  package func message(from: String, to: String, at now: Timestamp) -> [UInt8] {
    let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
    let body = lines.joined(separator: "\r\n") + "\r\n"
    let isPlain = body.utf8.allSatisfy { $0 < 0x80 } && lines.allSatisfy { $0.utf8.count < 900 }
    let head = [
      "Date: \(Self.date(now))", "From: upsertd <\(from)>", "To: <\(to)>", "Subject: \(Self.encoded(subject))",
      "Message-ID: <\(notice.id)@\(domain)>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: \(isPlain ? "7bit" : "quoted-printable")",
      // Holiday replies and the like are not wanted (RFC 3834).
      "Auto-Submitted: auto-generated", "X-Upsertd-Event: \(notice.event)",
    ]
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + (isPlain ? body : Self.quotedPrintable(body))).utf8)
  }

  package var subject: String {
    let place = notice.inbox.map { " in inbox \($0)" } ?? notice.target.map { " at target \($0)" } ?? ""
    let what = fileName.map { " \($0)" } ?? ""
    let about = what + place
    return "[upsertd] \(notice.event)\(about.isEmpty ? "" : ":")\(about) (\(host))".onOneLine.cutInTheMiddle(to: 200)
  }

  /// The text, line by line.
  package var lines: [String] {
    var lines = [notice.message, ""]
    func add(_ name: String, _ value: String?) {
      guard let value else { return }
      lines.append((name + ":").padding(toLength: 10, withPad: " ", startingAt: 0) + value.onOneLine)
    }
    add("Event", notice.event)
    add("When", notice.at.description)
    add("Machine", host)
    add("Inbox", notice.inbox)
    add("Target", notice.target)
    add("File", file)
    add("Items", counts)
    add("Error", error)
    add("Receipt", path { $0.receipts + "/" + $1.receipt.display })
    add(isUnusable ? "Moved to" : "Rejects", rejectsPath)
    add("Id", notice.id)
    let rejects = (receipt?["rejects"]?["first"]?.elements ?? []).prefix(Self.mostRejects)
    if !rejects.isEmpty {
      lines += ["", "The first rejected items:"]
      for reject in rejects {
        let place = reject["line"]?.integer.map { "line \($0): " } ?? ""
        let words = [reject["code"]?.string, reject["message"]?.string].compactMap { $0 }.joined(separator: ": ")
        lines.append("  " + (place + words).onOneLine.cutInTheMiddle(to: 300))
      }
    }
    let advice = advice
    if !advice.isEmpty { lines += ["", "What to do:"] + advice.map { "  " + $0 } }
    return lines
  }

  private var fileName: String? { receipt?["file"]?["name"]?.string }

  private var file: String? {
    guard let id = notice.file else { return fileName }
    return fileName.map { "\($0) (\(id))" } ?? id.text
  }

  private var counts: String? {
    guard !isUnusable, let counts = receipt?["counts"], let items = counts["items"]?.integer,
      let accepted = counts["accepted"]?.integer, let rejected = counts["rejected"]?.integer
    else { return nil }
    return "\(items), of them \(accepted) accepted and \(rejected) rejected"
  }

  /// Whether the whole file could not be used.
  private var isUnusable: Bool { receipt?["error"] != nil }

  private var error: String? {
    guard let error = receipt?["error"] else { return nil }
    let words = [error["code"]?.string, error["message"]?.string].compactMap { $0 }.joined(separator: ": ")
    return words + (error["line"]?.integer.map { " (line \($0))" } ?? "")
  }

  private func path(_ make: (InboxFolders, ResultNames) -> String) -> String? {
    guard let id = notice.file, let inbox = notice.inbox, let name = fileName.flatMap({ FileName($0) }) else {
      return nil
    }
    return make(InboxFolders(spool: spool, inbox: inbox), ResultNames(dropped: name, id: id))
  }

  private var rejectsPath: String? {
    if isUnusable { return path { $0.rejected + "/" + $1.unusable.display } }
    guard let name = receipt?["rejects"]?["file"]?.string, let inbox = notice.inbox else { return nil }
    return InboxFolders(spool: spool, inbox: inbox).rejected + "/" + name
  }

  private var advice: [String] {
    let show = notice.file.map { "`upsertd show \($0)` shows everything about this file." }
    switch notice.event {
    case "partial", "rejected":
      let inbox = notice.inbox.map { InboxFolders(spool: spool, inbox: $0).inbox } ?? "its inbox"
      let what =
        isUnusable
        ? "Nothing of it was sent. Correct the file and drop it into \(inbox) again."
        : "Correct the items in the rejects file and drop it into \(inbox); the reasons in it may stay."
      return [what] + [show].compactMap { $0 }
    case "missing", "late", "early", "short", "gap", "repeat":
      return ["Ask whoever sends these files. `upsertd status` shows what is expected and what came."]
        + [show].compactMap { $0 }
    case "held":
      let target = notice.target ?? ""
      return [
        "Nothing is lost: the items stay queued, and the target is tried again by itself.",
        "Fix what the reason names (credentials, address, certificate, permissions), and test it with",
        "`upsertd check --connect`. `upsertd retry --target \(target)` tries at once.",
      ]
    default: return []
    }
  }
}

extension MailText {
  /// RFC 5322, 3.3: `Sat, 21 Nov 2026 20:41:07 +0000`.
  static func date(_ time: Timestamp) -> String {
    let seconds = time.milliseconds / 1000 - (time.milliseconds % 1000 < 0 ? 1 : 0)
    let days = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
    let rest = seconds - days * 86_400
    let date = CivilDate(daysSince1970: days)
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let weekday = weekdays[Int(((days % 7) + 7) % 7)]
    let month = months[Int(min(max(date.month, 1), 12)) - 1]
    return "\(weekday), \(date.day) \(month) \(date.year) "
      + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) +0000"
  }

  /// A header's text: words of RFC 2047 if it is not ASCII, on lines of at most 75 characters.
  static func encoded(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 >= 0x80 }) || text.utf8.count > 900 else { return text }
    var words: [[UInt8]] = [[]]
    for character in text {
      // 45 bytes are 60 characters in Base 64; a character is never cut.
      if words[words.count - 1].count + character.utf8.count > 45 { words.append([]) }
      words[words.count - 1] += character.utf8
    }
    return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }

  /// RFC 2045, 6.7, for text whose lines end with CRLF.
  static func quotedPrintable(_ text: String) -> String {
    text.components(separatedBy: "\r\n").map { line in
      var out = ""
      var width = 0
      let bytes = Array(line.utf8)
      for (place, byte) in bytes.enumerated() {
        let isLast = place == bytes.count - 1
        let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || byte == 0x20 && !isLast
        let digits = String(byte, radix: 16, uppercase: true)
        let piece = isPlain ? String(UnicodeScalar(byte)) : "=" + (byte < 16 ? "0" : "") + digits
        if width + piece.count > 75 {
          out += "=\r\n"
          width = 0
        }
        out += piece
        width += piece.count
      }
      return out
    }.joined(separator: "\r\n")
  }
}
