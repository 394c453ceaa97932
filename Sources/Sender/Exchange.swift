/// A request whose sender waits for its end.
struct Exchange: Sendable {
  /// Tells exchanges of the same connections apart.
  var ticket: UInt64
  var request: Request
  var continuation: CheckedContinuation<Result<Answer, SendError>, Never>

  func end(_ result: Result<Answer, SendError>) { continuation.resume(returning: result) }

  func cancel(because reason: String) {
    end(.failure(SendError(.cancelled, place: request.place, reason: reason)))
  }
}
