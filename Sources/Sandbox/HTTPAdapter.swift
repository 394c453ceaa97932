import FlyingFox
import Foundation

/// Receives HTTP requests from FlyingFox and passes them to the backend.
struct HTTPAdapter: HTTPHandler {
  let router: Router

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    var call = Request(
      method: request.method.rawValue, path: request.target.path(percentEncoded: false), query: request.target.query(),
      headers: [:], body: [])
    for (header, value) in request.headers { call.headers[header.rawValue.lowercased()] = value }
    // The body is always read to its end: FlyingFox would interpret the rest as the next request.
    call.body.reserveCapacity(min(request.bodySequence.count ?? 0, Request.largestBody))
    for try await chunk in request.bodySequence {
      call.isTooLarge = call.isTooLarge || call.body.count + chunk.count > Request.largestBody
      if !call.isTooLarge { call.body.append(contentsOf: chunk) }
    }
    let reply = router.answer(call)
    if reply.delay > .zero { try await Task.sleep(for: reply.delay) }
    var headers = HTTPHeaders()
    for (name, value) in reply.headers { headers[HTTPHeader(name)] = value }
    let body = HTTPBodySequence(data: Data(reply.body), suggestedBufferSize: max(1, reply.body.count))
    return HTTPResponse(
      statusCode: HTTPStatusCode(reply.status, phrase: Self.phrases[reply.status] ?? "Unknown"), headers: headers,
      body: body)
  }

  private static let phrases = [
    200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
    413: "Content Too Large", 415: "Unsupported Media Type", 429: "Too Many Requests", 503: "Service Unavailable",
  ]
}
