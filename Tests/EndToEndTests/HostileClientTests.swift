import Foundation
import Glibc
import JSONText
import Testing
import TestKit

/// Users of the machine who call the admin address.
@Suite struct `Hostile local clients` {
  /// Opens connections with half a request on each, says so, and keeps them while its input is open.
  private static let halfOpen = """
    import resource, socket, sys, time
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    kept = []
    for number in range(int(sys.argv[2])):
        try:
            caller = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
            caller.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: localhost\\r\\n" if number % 2 else b"")
            kept.append(caller)
        except OSError: pass
    print("open", len(kept), flush=True)
    time.sleep(120)
    """

  private func admin(_ setup: Setup, _ port: UInt16) -> Setup {
    setup.with { $0.admin = "{listen: \"127.0.0.1:\(port)\"}" }
  }

  @Test func `a thousand half-open requests keep neither files, nor deliveries, nor other callers waiting`()
    async throws
  {
    let api = try LoopbackServer { .lusid($0) }
    let port = try ReservedPort()
    try await withWorld(admin(.lusid(api.url), port.number)) { world in
      // As little as many machines give.
      let daemon = try world.start(["run"], openFiles: 256)
      try await daemon.waitFor("is ready")
      let caller = try world.python(Self.halfOpen, ["\(port.number)", "1020"])
      try await eventually("the half-open requests", within: .seconds(60)) { caller.printed.contains("open") }
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.id)/fd").count
      #expect(open < 150, "\(open) descriptors are open")
      for number in 1...5 {
        try world.drop("\(number).json", in: "investors", array([record("\(number)")]))
      }
      try await world.waitForReceipts(5, in: "investors")
      let client = AdminClient(port: port.number)
      for path in ["/healthz", "/metrics", "/api/status"] { #expect(try client.get(path).status == 200) }
      #expect(caller.status == nil)
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
    }
    await api.stop()
  }

  @Test func `an admin server that ends by itself is opened again, and the log says so`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    let port = try ReservedPort()
    try await withWorld(admin(.lusid(api.url), port.number)) { world in
      let daemon = try await world.startDaemon()
      let client = AdminClient(port: port.number)
      #expect(try client.get("/healthz").status == 200)
      // Breaks the daemon's own listening socket: pidfd_open(2), pidfd_getfd(2), shutdown(2).
      let breaking = """
        import ctypes, os, socket, sys
        pid, port = int(sys.argv[1]), int(sys.argv[2])
        libc = ctypes.CDLL(None, use_errno=True)
        daemon = libc.syscall(434, pid, 0)
        broken = 0
        for name in os.listdir(f"/proc/{pid}/fd"):
            descriptor = libc.syscall(438, daemon, int(name), 0)
            if descriptor < 0: continue
            try: found = socket.socket(fileno=descriptor)
            except OSError: continue
            if found.family == socket.AF_INET and found.getsockname()[1] == port and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.shutdown(socket.SHUT_RDWR)
                broken += 1
        print("broken", broken, flush=True)
        """
      let breaker = try world.python(breaking, ["\(daemon.id)", "\(port.number)"])
      #expect(try await breaker.end() == 0)
      try #require(breaker.printed.contains("broken 1"), "\(breaker.printed) \(breaker.log)")
      try await daemon.waitFor("the admin server failed; restarting it")
      try await daemon.waitFor("the dashboard is served again")
      #expect(try client.get("/healthz").status == 200)
    }
    await api.stop()
  }

  @Test func `callers of the control socket who say nothing stop no delivery`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let daemon = try await world.startDaemon()
      let silent = """
        import socket, sys, time
        kept = []
        for number in range(40):
            caller = socket.socket(socket.AF_UNIX)
            caller.setblocking(False)
            try: caller.connect(sys.argv[1])
            except BlockingIOError: continue
            if number % 2: caller.sendall(b"{")
            kept.append(caller)
        print("open", len(kept), flush=True)
        time.sleep(120)
        """
      let caller = try world.python(silent, [world.state + "/control.sock"])
      try await eventually("the silent callers") { caller.printed.contains("open") }
      let began = ContinuousClock.now
      try world.drop("a.json", in: "investors", array([record("1")]))
      try await world.waitForReceipts(1, in: "investors")
      #expect(began.duration(to: .now) < .seconds(4))
      // A caller that has something to say waits for their patience at most.
      #expect(try await world.run(["retry"]).status == 0)
      daemon.send(SIGTERM)
      #expect(try await daemon.end(within: .seconds(10)) == 0)
    }
    await api.stop()
  }

  @Test func `the limit of open files is raised, and the log says so`() async throws {
    try await withWorld(.lusid("http://127.0.0.1:9")) { world in
      let daemon = try world.start(["run"], openFiles: 300, most: 900)
      try await daemon.waitFor("is ready")
      #expect(daemon.log.contains("open file limit raised from=300 to=900"))
      let limits = try String(contentsOfFile: "/proc/\(daemon.id)/limits", encoding: .utf8)
      let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
      #expect(line.split(separator: " ").filter { $0 == "900" }.count == 2, "\(line)")
    }
  }
}
