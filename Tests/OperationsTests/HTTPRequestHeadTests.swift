import Testing
@testable import Operations

@Suite struct HTTPQuestionTests {
  private func question(_ text: String) -> HTTPRequestHead? { HTTPRequestHead(head: text.utf8) }

  @Test func `a head is read`() throws {
    let read = try #require(
      question(
        "GET /api/files?search=a%20b+c&x&y=%C3%A9&z=a=b#f HTTP/1.1\r\nHost:  localhost:1\r\nAccept: a\r\naccept: b\r\n\r\n"
      ))
    #expect(read.method == "GET")
    #expect(read.path == "/api/files")
    #expect(read.query.map(\.name) == ["search", "x", "y", "z"])
    #expect(read.query.map(\.value) == ["a b+c", "", "é", "a=b"])
    #expect(read["host"] == "localhost:1")
    #expect(read["accept"] == "a, b")
    #expect(read.keepsOpen)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", true), ("GET / HTTP/1.1\nHost: a\n\n", true), ("GET / HTTP/1.0\r\n\r\n", false),
    ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true), ("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", false),
    ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", false), ("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", false),
  ])
  func `a connection is kept where the next request can be found`(head: String, keepsOpen: Bool) {
    #expect(question(head)?.keepsOpen == keepsOpen)
  }

  @Test(arguments: [
    "", "\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "get / HTTP/1.1\r\n\r\n", "GET / HTTP/2\r\n\r\n",
    "GET http://a/ HTTP/1.1\r\n\r\n", "GET * HTTP/1.1\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n", "GET /%f HTTP/1.1\r\n\r\n",
    "GET /%ff HTTP/1.1\r\n\r\n", "GET /?a=%c3 HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost\r\n\r\n",
    "GET / HTTP/1.1\r\n: a\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\n folded: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "\u{16}\u{03}\u{01}",
  ])
  func `what is odd is no request`(head: String) { #expect(question(head) == nil) }

  @Test(
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", 18), ("GET / HTTP/1.1\n\nGET", 16), ("GET / HTTP/1.1\r\n", nil), ("", nil), ("\n", 1),
      ("\r\nGET", 2), ("a\rb\n", nil),
    ] as [(String, Int?)])
  func `a head ends with a blank line`(text: String, end: Int?) {
    #expect(HTTPRequestHead.end(in: Array(text.utf8)) == end)
  }

  @Test func `no edit of a head brings the process down`() {
    let seed = Array("GET /api/files?search=%41&limit=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var head = seed
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<head.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: head[place] = UInt8.random(in: 0...255, using: &random)
        case 1: head.insert(contentsOf: "%\r\n:\u{e9} ".utf8.shuffled(using: &random).prefix(2), at: place)
        default: head.removeSubrange(place..<min(head.count, place + 3))
        }
      }
      _ = HTTPRequestHead.end(in: head)
      _ = HTTPRequestHead(head: head)
    }
  }
}
