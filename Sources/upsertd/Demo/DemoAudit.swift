internal import Core
internal import Sandbox

/// Compares the receipts with the folders, and with what the APIs' side has seen, after the daemon has ended.
struct DemoAudit {
  var receipts: [ReceiptFile]
  var folder: DemoFolder
  var sandbox: Sandbox
  var narrator: Narrator

  /// - Throws: `DemoFailure` with everything that does not match.
  func check() throws {
    narrator.heading("Are the receipts correct? They are compared with the sandbox's own counts")
    var findings = [try countFiles(), countItems()]
    findings += SandboxDemo.all.map(\.api).map(compare)
    findings.append(lookForSpellings())
    for finding in findings { finding.holds ? narrator.good(finding.text) : narrator.bad(finding.text) }
    let faults = findings.filter { !$0.holds }.map(\.text)
    guard faults.isEmpty else {
      throw DemoFailure("receipts and sandbox disagree: \(faults.joined(separator: "; "))")
    }
  }

  private typealias Finding = (holds: Bool, text: String)

  private func countFiles() throws -> Finding {
    func count(_ part: String) throws -> Int {
      try SandboxDemo.all.map(\.inbox).reduce(0) { $0 + (try folder.names($1, part).count) }
    }
    let written = try count("outbox/receipts"), archived = try count("archive")
    let left = try count("inbox") + count("work")
    return (
      written == receipts.count && archived == receipts.count && left == 0,
      "\(receipts.count) files dropped: \(written) receipts, \(archived) originals in archive/, \(left) left in inbox/ and work/"
    )
  }

  private func countItems() -> Finding {
    let items = sum(receipts, \.items), accepted = sum(receipts, \.accepted), rejected = sum(receipts, \.rejected)
    return (
      items == accepted + rejected,
      "\(items) items dropped = \(accepted) accepted + \(rejected) rejected: nothing lost, nothing counted twice"
    )
  }

  private func compare(_ api: APIKind) -> Finding {
    let own = receipts.filter { $0.target == api.rawValue }
    let figures = sandbox.stats[api]
    let accepted = sum(own, \.accepted)
    let stored = sandbox.items(of: api).values.count { $0.raw != nil }
    // The kill may have come between recording a request and its answer: then it counts as unanswered.
    let requests = sum(own, \.requests), unanswered = sum(own, \.unanswered)
    let holds =
      stored == accepted && figures.accepted == accepted && figures.sharedKeys == 0
      && (requests - unanswered...requests).contains(figures.requests)
    let cut = unanswered == 0 ? "" : ", \(unanswered) of them cut off by the kill"
    return (
      holds,
      """
      \(api.rawValue.padded(to: 6)) receipts: \(accepted) accepted in \(requests) requests\(cut); \
      API: \(stored) stored, \(figures.requests) requests
      """
    )
  }

  /// What a conversion via floating point, guessed types or another JSON writer would have changed.
  private func lookForSpellings() -> Finding {
    let spellings = SandboxDemo.all.flatMap { demo in demo.spellings.map { (demo.api, $0) } }
    let holds = spellings.allSatisfy { api, text in
      sandbox.items(of: api).values.contains { String(decoding: $0.raw ?? [], as: UTF8.self).contains(text) }
    }
    return (
      holds, "digits, zeros and escapes arrived as dropped: \(spellings.map(\.1).prefix(3).joined(separator: "  "))"
    )
  }

  private func sum(_ receipts: [ReceiptFile], _ count: (ReceiptFile) -> Int) -> Int {
    receipts.reduce(0) { $0 + count($1) }
  }
}
