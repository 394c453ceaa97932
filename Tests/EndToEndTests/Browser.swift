import Dispatch
import Foundation
import Glibc
import JSONText
import Synchronization
import TestKit

/// Debian's `chromium` without a window, driven over the pipes of `--remote-debugging-pipe`.
///
/// One page. Messages are JSON with a NUL behind each (<https://chromedevtools.github.io/devtools-protocol/>); what the
/// page sends by itself is remembered as events.
final class Browser: Sendable {
  private struct State {
    var lastID = 0
    var answers: [Int: JSONValue] = [:]
    var events: [JSONValue] = []
    var session: String?
  }

  private let product: Product
  private let input: Int32
  private let state = Mutex(State())

  /// Returns once there is an empty page; throws where chromium can't run, which is no reason to pass.
  init(folder: String) async throws {
    let (theirInput, input) = try Self.pipe()
    let (output, theirOutput) = try Self.pipe()
    self.input = input
    var arguments = [
      "--headless=new", "--remote-debugging-pipe", "--user-data-dir=\(folder)/chromium", "--no-first-run",
      "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
      "--disable-sync", "--hide-scrollbars", "--window-size=1280,900",
      // A name that somebody else pointed at this machine.
      "--host-resolver-rules=MAP evil.example 127.0.0.1", "about:blank",
    ]
    // Its sandbox is not for root, as whom containers run tests.
    if geteuid() == 0 { arguments.append("--no-sandbox") }
    defer {
      close(theirInput)
      close(theirOutput)
    }
    product = try Product(
      arguments, environment: ["HOME": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"],
      out: "\(folder)/chromium.out", err: "\(folder)/chromium.err", program: "/usr/bin/chromium",
      descriptors: [theirInput, theirOutput])
    DispatchQueue(label: "browser").async { [self] in read(from: output) }
    do {
      let targets = try await call("Target.getTargets")["targetInfos"]?.elements ?? []
      let page = targets.first { $0["type"]?.string == "page" }?["targetId"] ?? .null
      let session = try await call("Target.attachToTarget", ["targetId": page, "flatten": .bool(true)])["sessionId"]
      state.withLock { $0.session = session?.string }
      for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] { try await call("\(domain).enable") }
    } catch {
      product.kill()
      throw NotInTime("chromium does not work here: \(error); it said:\n\(product.log)")
    }
  }

  /// Ends it with all its processes.
  func end() async throws {
    _ = try? await call("Browser.close")
    _ = try? await product.end(within: .seconds(5))
    product.kill()
    close(input)
  }

  // MARK: - The page

  func open(_ url: String) async throws {
    try await call("Page.navigate", ["url": .string(url)])
    try await waitFor("document.readyState === 'complete' && location.href.startsWith('\(url)')")
  }

  /// The value of a JavaScript expression.
  @discardableResult
  func evaluate(_ expression: String) async throws -> JSONValue {
    let answer = try await call(
      "Runtime.evaluate",
      ["expression": .string(expression), "awaitPromise": .bool(true), "returnByValue": .bool(true)])
    if let fault = answer["exceptionDetails"] { throw NotInTime("\(expression): \(fault)") }
    return answer["result"]?["value"] ?? .null
  }

  /// Waits until a JavaScript expression is true.
  func waitFor(
    _ expression: String, within limit: Duration = .seconds(20), file: String = #fileID, line: Int = #line
  ) async throws {
    do {
      try await eventually(expression, within: limit, file: file, line: line) {
        // Between two pages there is nothing to ask.
        (try? await evaluate("Boolean(\(expression))"))?.bool == true
      }
    } catch {
      let text = try? await evaluate("document.body?.innerText").string
      throw NotInTime("\(error); the page says:\n\(text ?? "nothing")\n\(complaints.joined(separator: "\n"))")
    }
  }

  /// Presses a key, as a keyboard does: `Tab`, `Enter`, `Escape`.
  func press(_ key: String) async throws {
    let codes = ["Tab": 9, "Enter": 13, "Escape": 27]
    for type in ["keyDown", "keyUp"] {
      var event = [("type", JSONValue("\(type)")), ("key", JSONValue(key)), ("code", JSONValue(key))]
      event.append(("windowsVirtualKeyCode", JSONValue(codes[key])))
      if key == "Enter" { event.append(("text", JSONValue("\r"))) }
      try await call("Input.dispatchKeyEvent", .object(event.map { (name: $0.0, value: $0.1) }))
    }
  }

  func type(_ text: String) async throws { try await call("Input.insertText", ["text": .string(text)]) }

  // MARK: - What it reported

  func events(_ method: String) -> [JSONValue] {
    state.withLock { $0.events }.filter { $0["method"]?.string == method }.compactMap { $0["params"] }
  }

  /// Errors, warnings and breaches of the policy, as the console shows them.
  var complaints: [String] {
    let methods = ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"]
    return methods.flatMap(events).map { "\($0)" }
  }

  /// Every address that was asked for, pages included.
  var requested: [String] {
    events("Network.requestWillBeSent").compactMap { $0["request"]?["url"]?.string }
  }

  // MARK: - Messages

  @discardableResult
  func call(_ method: String, _ parameters: JSONValue = .object([])) async throws -> JSONValue {
    let (id, session) = state.withLock { state in
      state.lastID += 1
      return (state.lastID, state.session)
    }
    var members: [(name: String, value: JSONValue)] = [
      ("id", JSONValue(id)), ("method", JSONValue(method)), ("params", parameters),
    ]
    if let session { members.append(("sessionId", JSONValue(session))) }
    var message: [UInt8] = []
    JSONValue.object(members).append(to: &message)
    message.append(0)
    guard Glibc.write(input, message, message.count) == message.count else { throw SystemError("write to chromium") }
    try await eventually("the answer to \(method)", within: .seconds(30)) {
      if product.status != nil { throw NotInTime("chromium ended: \(product.log)") }
      return state.withLock { $0.answers[id] != nil }
    }
    let answer = state.withLock { $0.answers.removeValue(forKey: id) }
    if let fault = answer?["error"] { throw NotInTime("\(method): \(fault)") }
    return answer?["result"] ?? .null
  }

  @discardableResult
  func call(_ method: String, _ parameters: KeyValuePairs<String, JSONValue>) async throws -> JSONValue {
    try await call(method, JSONValue(parameters))
  }

  private func read(from output: Int32) {
    defer { close(output) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(output, &chunk, chunk.count)
      guard count > 0 else { return }
      text += chunk[..<count]
      while let end = text.firstIndex(of: 0) {
        if let message = try? JSONValue.parse(Array(text[..<end])) { take(message) }
        text.removeFirst(end + 1)
      }
    }
  }

  private func take(_ message: JSONValue) {
    state.withLock { state in
      if let id = message["id"]?.integer { state.answers[id] = message } else { state.events.append(message) }
    }
  }

  /// Both ends with numbers that leave 3 and 4 free, and that no other child gets.
  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else { throw SystemError("pipe") }
    defer { for end in ends { close(end) } }
    return (fcntl(ends[0], F_DUPFD_CLOEXEC, 10), fcntl(ends[1], F_DUPFD_CLOEXEC, 10))
  }
}

/// Runs `body` with a browser whose files are in `folder`.
func withBrowser(in folder: String, _ body: (Browser) async throws -> Void) async throws {
  let browser = try await Browser(folder: folder)
  do {
    try await body(browser)
    try await browser.end()
  } catch {
    try await browser.end()
    throw error
  }
}
