/// A result that takes long to compute, computed once for all simultaneous callers.
///
/// A caller that arrives during a computation waits for the next one, which all such callers share: every result was
/// computed after it was requested, and however many ask, one computation runs at a time.
actor SharedResult<Value: Sendable> {
  private var current: Task<Value, any Error>?
  private var next: Task<Value, any Error>?

  func value(_ find: @escaping @Sendable () async throws -> Value) async throws -> Value {
    if let next { return try await next.value }
    // Not a child of the caller's task, since others depend on it; it ends with the result.
    let task = Task { [current] in
      _ = await current?.result
      begin()
      return try await find()
    }
    next = task
    return try await task.value
  }

  /// From here on, new callers need a newer result.
  private func begin() {
    current = next
    next = nil
  }
}
