/// A request whose sender is waiting for it to end.
struct Transfer: Sendable {
  /// Distinguishes exchanges of the same connections.
  var ticket: UInt64
  var request: Request
  var continuation: CheckedContinuation<Result<Response, SendError>, Never>

  func end(_ result: Result<Response, SendError>) { continuation.resume(returning: result) }

  func cancel(because reason: String) {
    end(.failure(SendError(.cancelled, place: request.place, reason: reason)))
  }
}
