import Glibc
import HTTPClient
import TestKit
import Testing

@Suite struct ProxyTests {
  @Test func `a configured proxy is asked, and told who asks`() async throws {
    let proxy = try LoopbackServer { _ in .json("[]") }
    let options = ConnectionOptions(proxy: .init(address: "127.0.0.1:\(proxy.port)", username: "u", password: "p:w"))
    _ = try await HTTPClient(options).send(.post("http://api.invalid/items"))
    let request = try #require(proxy.requests.first)
    #expect(request.path == "http://api.invalid/items")
    #expect(request.headers["proxy-authorization"] == "Basic dTpwOnc=")
    await proxy.stop()
  }

  @Test(arguments: [Reply.answer(status: 407), .answer(status: 503), .close])
  func `nothing was sent where the proxy gives no tunnel`(_ reply: Reply) async throws {
    let proxy = try LoopbackServer { _ in reply }
    let options = ConnectionOptions(
      proxy: .init(address: "http://127.0.0.1:\(proxy.port)", username: "u", password: "s3cret"))
    let error = try await HTTPClient(options).failure(of: .post("https://api.invalid/items"))
    #expect(error?.code == .notSent)
    #expect(error.map { "\($0)".contains("s3cret") } == false)
    #expect(proxy.requests.map(\.method) == ["CONNECT"])
    await proxy.stop()
  }

  @Test func `the environment's proxy is not asked`() async throws {
    await #expect(processExitsWith: .success) {
      let port = try ReservedPort()
      for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        setenv(name, "http://127.0.0.1:\(port.number)", 1)
      }
      setenv("no_proxy", "", 1)
      try await withServer { _ in
        .json("[]")
      } _: { server, connections in
        _ = try await connections.send(.post(server.url))
      }
    }
  }
}
