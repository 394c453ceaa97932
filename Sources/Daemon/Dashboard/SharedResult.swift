/// What takes long to find out, found out once for all who ask for it at the same time.
///
/// Who asks while it is being found out waits for the next time, which is one for all of them: what they get was looked up after they
/// asked, and however many ask, one is at work at a time.
actor SharedResult<Value: Sendable> {
  private var current: Task<Value, any Error>?
  private var next: Task<Value, any Error>?

  func value(_ find: @escaping @Sendable () async throws -> Value) async throws -> Value {
    if let next { return try await next.value }
    // Not a child of the caller, for whom others must not wait in vain; it ends with what is found.
    let task = Task { [current] in
      _ = await current?.result
      begin()
      return try await find()
    }
    next = task
    return try await task.value
  }

  /// From here on whoever asks wants a newer one.
  private func begin() {
    current = next
    next = nil
  }
}
