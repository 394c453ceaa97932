/// A request whose sender is waiting for it to end.
struct Exchange: Sendable {
  /// Distinguishes exchanges of the same connections.
  var ticket: UInt64
  var request: Request
  var continuation: CheckedContinuation<Result<Answer, SendError>, Never>

  func end(_ result: Result<Answer, SendError>) { continuation.resume(returning: result) }

  func cancel(because reason: String) {
    end(.failure(SendError(.cancelled, place: request.place, reason: reason)))
  }
}
