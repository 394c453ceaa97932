/// A request that reached a `LoopbackServer` whole.
package struct ReceivedRequest: Sendable {
  package let method: String
  /// As it was sent, query included.
  package let path: String
  /// By name in lower case; the values of a repeated name are joined with `, `.
  package let headers: [String: String]
  package let body: [UInt8]
  /// From 1, in order of arrival, over the server's whole life.
  package let number: Int
  /// The connection it came over, from 1.
  package let connection: Int

  package var text: String { String(decoding: body, as: UTF8.self) }
}
