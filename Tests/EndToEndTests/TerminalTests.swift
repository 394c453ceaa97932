import Foundation
import TestKit
import Testing

/// `run --once` as a person at a terminal sees it.
@Suite struct `At a terminal` {
  /// Runs upsertd with a terminal of its own; returns all that it writes there.
  private func run(_ world: World, _ arguments: [String]) async throws -> (status: Int32, screen: String) {
    let program = """
      import os, pty, sys
      seen = b""
      def read(terminal):
        global seen
        data = os.read(terminal, 4096)
        seen += data
        return data
      status = os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read))
      sys.exit(status)
      """
    let product = try world.python(program, [Product.path] + arguments + ["--config", world.configuration])
    let status = try await product.end()
    return (status, product.printed.replacing("\r\n", with: "\n"))
  }

  @Test func `progress is told within a file, the log stands above it, and a summary follows`() async throws {
    let api = try LoopbackServer { $0.displayNames.contains("bad") ? .status(400) : .lusid($0) }
    let setup = Setup.lusid(api.url, target: ["batch: {max_items: 1}", "max_requests_per_second: 4"])
    try await withWorld(setup) { world in
      let items = (1...20).map { record("\($0)") }
      try world.drop("slow.json", in: "investors", array(items))
      try world.drop("b.json", in: "investors", array([record("x", name: "bad")]))
      let (status, screen) = try await run(world, ["run", "--once"])
      #expect(status == 1)
      // Each state of the line replaces the one before.
      let states = screen.split(separator: "\r\u{1B}[K").map(String.init)
      #expect(states.contains { $0.contains(/[1-9]\d* of 21 items \(\d+ %\)/) }, "\(screen)")
      #expect(states.contains { $0.contains(/items\/s, about \d+ s left/) }, "\(screen)")
      #expect(states.contains { $0.hasPrefix("2") && $0.contains("file is done") && $0.contains("\n") }, "\(screen)")
      let end = lines(states.last ?? "")
      #expect(end.contains { $0.hasPrefix("2 files done in ") && $0.hasSuffix(": 21 items, 20 accepted, 1 rejected") })
      #expect(end.contains("receipts: \(world.spool)/investors/outbox/receipts (2)"), "\(screen)")
      #expect(end.contains("rejected, to be corrected: \(world.spool)/investors/outbox/rejected (1)"), "\(screen)")
    }
    await api.stop()
  }

  @Test func `where there is no terminal, there is neither progress nor summary`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("a.json", in: "investors", record("1"))
      let (status, printed, log) = try await world.run(["run", "--once"])
      #expect(status == 0 && printed == "")
      #expect(!log.contains("\u{1B}") && !log.contains("file done in"))
    }
    await api.stop()
  }
}
