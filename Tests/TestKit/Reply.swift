/// What a `LoopbackServer` does about a request.
package indirect enum Reply: Sendable {
  /// A whole answer; `Content-Length` is added. The connection is kept unless a header says `Connection: close`.
  case answer(status: Int, headers: [String: String] = [:], body: [UInt8] = [])
  /// Promises the whole body, sends its first `after` bytes and closes.
  case cut(status: Int, headers: [String: String] = [:], body: [UInt8], after: Int)
  /// These bytes, then closes.
  case garbage([UInt8])
  /// These bytes, then nothing more until the client or the server goes away.
  case stalled([UInt8])
  /// Nothing, until the client or the server goes away.
  case hang
  /// Closes without a word.
  case close
  /// The same, later; the wait ends early when the client or the server goes away.
  case delayed(Duration, Reply)

  package static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> Reply {
    .answer(
      status: status, headers: headers.merging(["Content-Type": "application/json"]) { own, _ in own },
      body: Array(text.utf8))
  }
}
