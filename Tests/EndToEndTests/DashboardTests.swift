import Foundation
import JSONText
import Testing
import TestKit

/// The page at the admin address, in a real browser.
@Suite struct `Dashboard` {
  private static func setup(_ api: LoopbackServer, _ port: UInt16, more: [String] = []) -> Setup {
    Setup.lusid(api.url, inbox: more).with {
      $0.admin = "{listen: \"127.0.0.1:\(port)\"}"
      $0.retry = "{initial: 4d, max: 4d}"
    }
  }

  /// What must be true of the page whatever it shows.
  private func checkManners(of browser: Browser, _ url: String) {
    #expect(browser.complaints == [])
    #expect(browser.requested.allSatisfy { $0.hasPrefix(url) || $0 == "about:blank" }, "\(browser.requested)")
  }

  @Test func `it says what is stuck and why, and follows without a reload`() async throws {
    let isMended = Arrivals()
    let api = try LoopbackServer { isMended.isOver ? .lusid($0) : .problem(404, detail: "gone") }
    let port = try ReservedPort().number
    let url = "http://127.0.0.1:\(port)/"
    try await withWorld(Self.setup(api, port)) { world in
      _ = try await world.startDaemon()
      try await withBrowser(in: world.folder) { browser in
        try await browser.open(url)
        try await browser.waitFor("document.body.dataset.level === 'well'")
        let empty = try await browser.evaluate("document.getElementById('list').innerText").string ?? ""
        #expect(empty.contains("No files yet") && empty.contains(world.path("investors", "inbox")), "\(empty)")
        // A page that is loaded again would not have it.
        try await browser.evaluate("window.isSamePage = true")
        try world.drop("a.json", in: "investors", array([record("1"), record("2")]))
        try await browser.waitFor("document.body.dataset.level === 'bad'")
        #expect(
          try await browser.evaluate("document.getElementById('headline').innerText").string == "lusid is on hold")
        #expect(try await browser.evaluate("document.title").string == "lusid is on hold · upsertd")
        try await browser.waitFor("document.querySelector('.stuck .bad')?.innerText.includes('2 items waiting')")
        let stuck = try await browser.evaluate("document.querySelector('.stuck .bad').innerText").string ?? ""
        #expect(stuck.contains("answered 404"), "\(stuck)")
        #expect(
          stuck.contains("Correct the target's url, then: systemctl reload upsertd") && stuck.contains("since "),
          "\(stuck)")
        #expect(
          try await browser.evaluate("document.getElementById('targets').innerText").string?.contains("on hold") == true
        )
        isMended.isOver = true
        #expect(try await world.run(["retry", "--target", "lusid"]).status == 0)
        try await browser.waitFor("document.body.dataset.level === 'well'")
        try await browser.waitFor("document.querySelector('#list tbody').innerText.includes('accepted')")
        #expect(try await browser.evaluate("window.isSamePage").bool == true)
        checkManners(of: browser, url)
      }
    }
    await api.stop()
  }

  @Test func `a daemon that is gone is never shown as well`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let port = try ReservedPort().number
    try await withWorld(Self.setup(api, port)) { world in
      let daemon = try await world.startDaemon()
      try await withBrowser(in: world.folder) { browser in
        try await browser.open("http://127.0.0.1:\(port)/")
        try await browser.waitFor("document.body.dataset.level === 'well'")
        daemon.kill()
        try await browser.waitFor("document.body.dataset.level === 'unknown'")
        #expect(
          try await browser.evaluate("document.getElementById('headline').innerText").string?.hasPrefix("No answer")
            == true)
        _ = try await world.startDaemon()
        try await browser.waitFor("document.body.dataset.level === 'well'")
      }
    }
    await api.stop()
  }

  @Test func `a file is found by its name, and its receipt is read with the keyboard alone`() async throws {
    let api = try LoopbackServer { request in
      .lusid(
        accepting: request.requestIDs.filter { $0 != "item-2" },
        failing: request.requestIDs.contains("item-2")
          ? ["item-2": #"{"type": "t", "detail": "<i>not</i> this one"}"#] : [:])
    }
    let port = try ReservedPort().number
    let url = "http://127.0.0.1:\(port)/"
    // A name that would do harm if it were ever read as markup.
    let name = "<img src=x onerror=alert(1)>.json"
    try await withWorld(Self.setup(api, port)) { world in
      _ = try await world.startDaemon()
      try world.drop(name, in: "investors", array([record("1"), record("2"), record("3")]))
      try world.drop("other.json", in: "investors", array([record("4")]))
      try world.drop("broken.json", in: "investors", "[{]")
      try await world.waitForReceipts(3, in: "investors")
      let id = try world.receipt("investors", of: name).id
      try await withBrowser(in: world.folder) { browser in
        try await browser.open(url)
        try await browser.waitFor("document.querySelectorAll('#list tbody tr').length === 3")
        #expect(try await browser.evaluate("document.querySelectorAll('img').length").integer == 0)
        var focus: [String] = []
        let focused =
          "document.activeElement.id || document.activeElement.className || document.activeElement.innerText"
        while focus.last != "search", focus.count < 12 {
          try await browser.press("Tab")
          focus.append(try await browser.evaluate(focused).string ?? "")
        }
        // Also on the way: the link to the files with rejects, and the numbers of both charts.
        #expect(focus.first == "skip" && focus.last == "search", "\(focus)")
        #expect(focus.count == 6, "\(focus)")
        try await browser.type("onerror img")
        try await browser.waitFor("document.querySelectorAll('#list tbody tr').length === 1")
        for _ in 1...3 { try await browser.press("Tab") }
        #expect(try await browser.evaluate("document.activeElement.innerText").string == name)
        try await browser.press("Enter")
        try await browser.waitFor("document.getElementById('receipt').open")
        let receipt = try await browser.evaluate("document.getElementById('receipt').innerText").string ?? ""
        #expect(receipt.contains("3 items: 2 accepted, 1 rejected."), "\(receipt)")
        #expect(receipt.contains("<i>not</i> this one") && receipt.contains("rejected-by-api"), "\(receipt)")
        #expect(receipt.contains(id) && receipt.contains("\(id).rejected.json"), "\(receipt)")
        #expect(try await browser.evaluate("document.activeElement.closest('dialog') !== null").bool == true)
        try await browser.press("Escape")
        try await browser.waitFor("!document.getElementById('receipt').open && location.hash === ''")
        #expect(try await browser.evaluate("document.activeElement.innerText").string == name)
        // By its id, and one that could not be used, through the address.
        try await browser.evaluate(
          "document.getElementById('search').select(); document.getElementById('search').focus()")
        try await browser.type(id.lowercased())
        try await browser.waitFor("document.querySelectorAll('#list tbody tr').length === 1")
        let broken = try world.receipt("investors", of: "broken.json").id
        try await browser.evaluate("location.hash = '#file/\(broken)'")
        try await browser.waitFor("document.getElementById('receipt').innerText.includes('malformed-json')")
        try await browser.press("Escape")
        try await browser.evaluate("location.hash = '#rejects'")
        try await browser.waitFor("document.querySelectorAll('#list tbody tr').length === 2")
        checkManners(of: browser, url)
        try await checkNames(in: browser)
        try await checkWidths(of: browser)
      }
    }
    await api.stop()
  }

  /// What a screen reader gets: every control and every picture has a name.
  private func checkNames(in browser: Browser) async throws {
    let nodes = try await browser.call("Accessibility.getFullAXTree")["nodes"]?.elements ?? []
    #expect(nodes.count > 100)
    let roles = [
      "button", "link", "textbox", "searchbox", "combobox", "img", "image", "table", "columnheader", "dialog",
    ]
    for node in nodes where node["ignored"]?.bool == false {
      guard let role = node["role"]?["value"]?.string, roles.contains(role) else { continue }
      #expect(node["name"]?["value"]?.string?.isEmpty == false, "a \(role) has no name")
    }
    #expect(nodes.contains { $0["role"]?["value"]?.string == "status" })
  }

  /// Nothing is wider than the page, in both colours, from a phone to a desk.
  private func checkWidths(of browser: Browser) async throws {
    for (width, scheme) in [(390, "light"), (390, "dark"), (768, "light"), (1280, "dark")] {
      try await browser.call(
        "Emulation.setDeviceMetricsOverride",
        [
          "width": JSONValue(width), "height": JSONValue(844), "deviceScaleFactor": JSONValue(1),
          "mobile": .bool(width < 500),
        ])
      try await browser.call(
        "Emulation.setEmulatedMedia",
        ["features": .array([JSONValue(["name": JSONValue("prefers-color-scheme"), "value": JSONValue(scheme)])])])
      #expect(try await browser.evaluate("document.documentElement.scrollWidth").integer ?? 0 <= width)
      let colour = try await browser.evaluate("getComputedStyle(document.body).backgroundColor").string
      #expect(colour == (scheme == "dark" ? "rgb(19, 20, 23)" : "rgb(247, 247, 245)"))
    }
  }

  @Test func `no page from elsewhere can read it or frame it`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let port = try ReservedPort().number
    // Same machine, other port: for a browser the same site, but another origin.
    let stranger = try LoopbackServer { _ in
      .answer(
        status: 200, headers: ["Content-Type": "text/html"],
        body: Array("<!doctype html><title>elsewhere</title><iframe src='http://127.0.0.1:\(port)/'></iframe>".utf8))
    }
    try await withWorld(Self.setup(api, port)) { world in
      _ = try await world.startDaemon()
      try await withBrowser(in: world.folder) { browser in
        try await browser.open(stranger.url)
        for mode in ["cors", "no-cors"] {
          let text = try await browser.evaluate(
            "fetch('http://127.0.0.1:\(port)/api/status', {mode: '\(mode)'}).then(a => a.text()).catch(e => 'kept away')"
          )
          #expect(text.string == "" || text.string == "kept away")
        }
        try await eventually("the refusal of the frame") {
          browser.complaints.contains {
            $0.contains("frame-ancestors") || $0.contains("X-Frame-Options") || $0.contains("403")
          }
        }
        let frame = try await browser.evaluate("try { frames[0].document.title } catch (e) { 'kept away' }").string
        #expect(frame == "kept away")
        try await browser.open("http://evil.example:\(port)/")
        #expect(
          try await browser.evaluate("document.body.innerText").string?.contains("host name is not accepted") == true)
        try await browser.open(stranger.url)
        // A link does no harm: it only shows the page to its reader.
        try await browser.evaluate("location.href = 'http://127.0.0.1:\(port)/'")
        try await browser.waitFor("document.body?.dataset.level === 'well'")
      }
    }
    await stranger.stop()
    await api.stop()
  }

  @Test func `answers go to the address's own names alone, under a strict policy`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let port = try ReservedPort().number
    try await withWorld(Self.setup(api, port)) { world in
      let daemon = try await world.startDaemon()
      let admin = AdminClient(port: port)
      let paths = [
        "/", "/dashboard/main.js", "/api/status", "/api/dashboard", "/api/files", "/api/history", "/metrics",
        "/healthz",
      ]
      for path in paths {
        let own = try admin.ask(path)
        #expect(own.status == 200)
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:9187"] {
          #expect(try admin.ask(path, ["Host": host]).status == 200, "\(path) \(host)")
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "evil.example:\(port)", "localhost.evil.example", ""] {
          let answer = try admin.ask(path, ["Host": host])
          #expect(answer.status == 403, "\(path) \(host)")
          #expect(!answer.body.contains("investors"))
        }
        for site in ["cross-site", "same-site"] {
          #expect(try admin.ask(path, ["Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"]).status == 403, "\(path)")
        }
        #expect(try admin.ask(path, ["Sec-Fetch-Site": "same-origin"]).status == 200)
        #expect(try admin.ask(path, method: "POST").status == 404)
        #expect(own.headers["access-control-allow-origin"] == nil)
        #expect(own.headers["x-content-type-options"] == "nosniff")
        #expect(own.headers["referrer-policy"] == "no-referrer")
        #expect(own.headers["cache-control"] == "no-store")
        let policy = own.headers["content-security-policy"] ?? ""
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "\(path)")
        #expect(!policy.contains("unsafe"))
      }
      #expect(try admin.ask("/api/files/nonsense").status == 404)
      #expect(try admin.ask("/api/files/01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404)
      // A reload moves the address.
      let other = try ReservedPort().number
      try world.configure(Self.setup(api, other))
      daemon.send(SIGHUP)
      try await eventually("the new address") { (try? AdminClient(port: other).get("/healthz").status) == 200 }
      #expect(throws: (any Error).self) { try admin.ask("/healthz") }
      // One that is not available leaves the old one, and is reported.
      let taken = try ReservedPort()
      let listener = try taken.listen()
      try world.configure(Self.setup(api, taken.number))
      daemon.send(SIGHUP)
      try await daemon.waitFor("continuing at the old one")
      try await eventually("the old address") { (try? AdminClient(port: other).get("/healthz").status) == 200 }
      close(listener)
    }
    await api.stop()
  }

  @Test func `a file's receipt is its own, though that of its corrected rejects has the same id in its name`()
    async throws
  {
    let api = try LoopbackServer { .lusid($0) }
    let port = try ReservedPort().number
    try await withWorld(Self.setup(api, port)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1"), "{}"]))
      try await world.waitForReceipts(1, in: "investors")
      let first = try world.receipt("investors").id
      let rejects = try #require(world.names("investors", "outbox/rejected").first)
      try world.drop(rejects, in: "investors", array([record("2")]))
      try await world.waitForReceipts(2, in: "investors")
      #expect(world.names("investors", "outbox/receipts").allSatisfy { $0.contains(first) })
      let answer = try JSONValue.parse(Array(AdminClient(port: port).get("/api/files/\(first)").body.utf8))
      #expect(answer["receipt"]?["file"]?["id"]?.string == first)
      #expect(answer["receipt"]?["counts"]?["rejected"]?.integer == 1)
    }
    await api.stop()
  }

  @Test func `rejects that were dropped again are taken off the day's count, and receivers of notices are shown`()
    async throws
  {
    let api = try LoopbackServer { .lusid($0) }
    let hook = try LoopbackServer { _ in .status(503) }
    let port = try ReservedPort().number
    let url = "http://127.0.0.1:\(port)/"
    let notify = "notify: [{webhook: \"\(hook.url)/\", secret: x, name: hook, on: [partial]}]"
    try await withWorld(Self.setup(api, port).with { $0.more = [notify] }) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1"), "{}", "{\"x\": 1}"]))
      try await world.waitForReceipts(1, in: "investors")
      let rejects = try #require(world.names("investors", "outbox/rejected").first)
      // One of the two is corrected; it is rejected no more, and the other one is still to be looked at.
      try world.drop(rejects, in: "investors", array([record("2")]))
      try await world.waitForReceipts(2, in: "investors")
      let admin = AdminClient(port: port)
      func inbox() throws -> JSONValue? {
        try JSONValue.parse(Array(admin.get("/api/dashboard").body.utf8))["inboxes"]?.elements?.first?["since"]
      }
      #expect(try inbox()?["rejected"]?.integer == 2)
      #expect(try inbox()?["droppedAgain"]?.integer == 1)
      #expect(try inbox()?["correctedFiles"]?.integer == 0)
      #expect(try inbox()?["accepted"]?.integer == 2)
      try await eventually("a failed attempt") {
        let overview = try JSONValue.parse(Array(admin.get("/api/dashboard").body.utf8))
        return overview["receivers"]?.elements?.first?["failure"]?.string?.contains("503") == true
      }
      try await withBrowser(in: world.folder) { browser in
        try await browser.open(url)
        try await browser.waitFor("!document.getElementById('receivers-part').hidden")
        let receivers = try await browser.evaluate("document.getElementById('receivers').innerText").string ?? ""
        #expect(
          receivers.contains("hook") && receivers.contains("failing") && receivers.contains("503"), "\(receivers)")
        let stuck = try await browser.evaluate("document.getElementById('stuck').innerText").string ?? ""
        #expect(stuck.contains("hook does not accept notices") && stuck.contains("upsertd retry --notices"), "\(stuck)")
        let today = try await browser.evaluate("document.getElementById('inboxes').innerText").string ?? ""
        #expect(today.contains("+1 dropped again"), "\(today)")
        let figures = try await browser.evaluate("document.getElementById('figures').innerText").string ?? ""
        #expect(figures.contains("1 file to look at; 1 dropped again"), "\(figures)")
        checkManners(of: browser, url)
      }
    }
    await api.stop()
    await hook.stop()
  }

  @Test func `the next attempt of a file on hold is its target's, in the page as in queue and status`() async throws {
    let api = try LoopbackServer { _ in .status(403) }
    let port = try ReservedPort().number
    try await withWorld(Self.setup(api, port)) { world in
      _ = try await world.startDaemon()
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitFor(target: "lusid", toBe: "held")
      let until = Self.moment(try await world.status()["targets"]?.elements?.first?["until"])
      // Each reads the two clocks for itself, a moment apart.
      func isSame(_ moment: JSONValue?) -> Bool { abs(Self.moment(moment) - until) < 0.1 }
      let admin = AdminClient(port: port)
      let file = try JSONValue.parse(Array(admin.get("/api/files").body.utf8))["files"]?.elements?.first
      #expect(until > 0 && isSame(file?["nextAt"]))
      #expect(file?["problem"]?.string?.contains("may not do this") == true)
      let queue = try JSONValue.parse(Array(try await world.run(["queue", "--json"]).printed.utf8))
      #expect(isSame(queue["files"]?.elements?.first?["nextAttempt"]))
      let overview = try JSONValue.parse(Array(admin.get("/api/dashboard").body.utf8))
      #expect(isSame(overview["stuck"]?.elements?.first?["nextAt"]))
      #expect(isSame(overview["targets"]?.elements?.first?["until"]))
    }
    await api.stop()
  }

  /// In seconds; 0 if it is not a time.
  private static func moment(_ value: JSONValue?) -> Double {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return value?.string.flatMap { try? style.parse($0) }?.timeIntervalSinceReferenceDate ?? 0
  }
}
