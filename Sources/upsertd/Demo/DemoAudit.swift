internal import Delivery
internal import Sandbox

/// Holds the receipts against what the APIs' side has seen.
struct DemoAudit {
  var receipts: [ReceiptFile]
  var sandbox: Sandbox
  var narrator: Narrator

  /// - Throws: `DemoFailure` with all that does not fit.
  func check() throws {
    narrator.heading("Do the receipts tell the truth? What the sandbox counted says:")
    var faults: [String] = []
    func expect(_ holds: Bool, _ text: String) {
      if holds { narrator.good(text) } else { narrator.bad(text) }
      if !holds { faults.append(text) }
    }
    let items = receipts.reduce(0) { $0 + $1.items }
    let accepted = receipts.reduce(0) { $0 + $1.accepted }, rejected = receipts.reduce(0) { $0 + $1.rejected }
    expect(
      items == accepted + rejected,
      "\(items) items were dropped, \(accepted) accepted and \(rejected) rejected: each is one of the two")
    let stats = sandbox.stats
    for (api, figures) in [(APIKind.lusid, stats.lusid), (.liquid, stats.liquid)] {
      let own = receipts.filter { $0.target == api.rawValue }
      let accepted = own.reduce(0) { $0 + $1.accepted }
      let stored = sandbox.items(of: api).values.count { $0.raw != nil }
      expect(
        stored == accepted && figures.accepted == accepted,
        "\(api.rawValue): \(accepted) accepted by the receipts; \(stored) stored by the API, each one once")
      let requests = own.reduce(0) { $0 + $1.requests }
      // The kill may have come between writing a request down and sending it.
      let unanswered = own.reduce(0) { $0 + $1.unanswered }
      let cut = unanswered == 0 ? "" : " (\(unanswered) cut off by the kill)"
      expect(
        (requests - unanswered...requests).contains(figures.requests),
        "\(api.rawValue): \(requests) requests by the receipts\(cut); the API had \(figures.requests), \(figures.unavailable + figures.rateLimited) turned away"
      )
      expect(
        figures.sharedKeys == 0 && figures.unauthorized == 0,
        "\(api.rawValue): every request had a good token, and no key twice")
    }
    expect(
      arrived("12345678901234567.10", at: .lusid) && arrived("98765432109876543.20", at: .liquid)
        && arrived("\"02108\"", at: .liquid) && arrived(#"S\u00f6hne"#, at: .lusid),
      "digits, zeros and escapes came through untouched: 12345678901234567.10, \"02108\", S\\u00f6hne")
    guard faults.isEmpty else {
      throw DemoFailure("the receipts and the sandbox differ: \(faults.joined(separator: "; "))")
    }
  }

  private func arrived(_ text: String, at api: APIKind) -> Bool {
    sandbox.items(of: api).values.contains { item in
      String(decoding: item.raw ?? [], as: UTF8.self).contains(text)
    }
  }
}
