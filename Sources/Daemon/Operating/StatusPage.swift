internal import Delivery
internal import JSONText
internal import Outbox

/// The page at `/`: how things stand, for a person with a browser. It is what `upsertd status` prints, as HTML without scripts.
struct StatusPage {
  let report: StatusReport
  /// Loops of the pipeline that do not move.
  let hanging: [String]

  /// Nothing but its own inline style; no other host is asked for anything.
  static let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

  var html: String {
    let troubled = report.targets.filter { $0.state != "delivering" }
    let isWell = hanging.isEmpty && troubled.isEmpty
    let health =
      hanging.isEmpty
      ? (troubled.isEmpty ? "Everything moves." : "Waiting: \(troubled.map(\.name).joined(separator: ", ")).")
      : "Not moving: \(hanging.joined(separator: ", "))."
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
      <meta name="viewport" content="width=device-width, initial-scale=1"><title>upsertd</title>
      <style>:root{color-scheme:light dark}body{font:1rem system-ui,sans-serif;max-width:70rem;margin:auto;padding:1rem}
      table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #8886;
      overflow-wrap:anywhere}.bad{font-weight:bold}</style></head><body>
      <h1>upsertd</h1><p role="status"\(isWell ? "" : " class=\"bad\"")>\(escaped(health))</p>
      <p>\(escaped(report.line))</p>
      \(table("Targets", ["Target", "State", "Why", "Next attempt"], report.targets.map(row)))
      \(table("Inboxes", ["Inbox", "Waiting", "Stays, and why"], report.inboxes.map(row)))
      \(table("Last files", ["Completed", "Inbox", "File", "Status", "Accepted", "Rejected", "Id"], report.recent.map(row)))
      </body></html>

      """
  }

  private func row(_ target: StatusReport.TargetStatus) -> [String] {
    [target.name, target.state, target.reason ?? "", target.until?.description ?? ""]
  }

  private func row(_ inbox: StatusReport.InboxStatus) -> [String] {
    let stays = inbox.unclaimed.prefix(20).map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
    return [inbox.name + (inbox.isPaused ? " (paused)" : ""), "\(inbox.waiting)", stays]
  }

  private func row(_ receipt: String) -> [String] {
    let document = try? JSONValue.parse(Array(receipt.utf8))
    func text(_ value: JSONValue?) -> String { value?.string ?? value?.integer.map(String.init) ?? "" }
    let (file, counts) = (document?["file"], document?["counts"])
    return [
      text(file?["completedAt"]), text(file?["inbox"]), text(file?["name"]), text(document?["status"]),
      text(counts?["accepted"]), text(counts?["rejected"]), text(file?["id"]),
    ]
  }

  private func table(_ title: String, _ headings: [String], _ rows: [[String]]) -> String {
    let head = headings.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
    let body = rows.map { "<tr>\($0.map { "<td>\(escaped($0))</td>" }.joined())</tr>" }.joined(separator: "\n")
    return "<h2>\(title)</h2><table><thead><tr>\(head)</tr></thead><tbody>\n\(body)\n</tbody></table>"
  }

  /// Names and reasons may hold anything.
  private func escaped(_ text: String) -> String {
    var out = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      default: out.unicodeScalars.append(character)
      }
    }
    return out
  }
}
