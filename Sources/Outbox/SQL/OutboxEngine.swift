internal import Engine

/// The database that an outbox is in.
protocol OutboxEngine: Sendable {
  /// Where it is, for messages: a path, or a host and a name.
  var place: String { get }

  /// Runs `body` with the one connection that writes, once nobody else has it, on a thread of its own.
  func withWriter(_ body: @escaping @Sendable (Connection) -> Void)

  /// Runs `body` in one transaction that writes. Blocks.
  func write<Value>(_ body: (Connection) throws -> Value) throws -> Value

  /// Runs `body` on the last committed state, without waiting for writers. Blocks.
  func read<Value>(_ body: (Connection) throws -> Value) throws -> Value

  /// The same on a thread of its own; `body` gets the error if there is no connection.
  func withReader(_ body: @escaping @Sendable (Result<Connection, any Error>) -> Void)

  /// What an error of this engine means for whoever uses the outbox.
  func outboxError(_ error: any Error) -> OutboxError

  func close() throws
}
