internal import Dispatch
internal import Engine
internal import Synchronization

/// A PostgreSQL database: a connection that writes, and some that read, each with a thread of its own.
final class PostgresEngine: OutboxEngine {
  let place: String
  private let writer: Worker
  private let readers: [Worker]
  private let turn = Atomic<Int>(0)

  /// A connection, and the queue on which it is used.
  ///
  /// `@unchecked Sendable`: `session` is used only on `queue`, which is serial.
  private final class Worker: @unchecked Sendable {
    let queue: DispatchQueue
    private let session: PostgresSession

    init(_ label: String, _ session: PostgresSession) {
      queue = DispatchQueue(label: label)
      self.session = session
    }

    func run<Value>(_ body: (PostgresSession) throws -> Value) rethrows -> Value {
      try queue.sync { try body(session) }
    }

    func begin(_ body: @escaping @Sendable (PostgresSession) -> Void) { queue.async { [self] in body(session) } }
  }

  init(_ options: PostgresOptions, place: String) {
    self.place = place
    writer = Worker("outbox writer", PostgresSession(options))
    readers = (1...3).map { Worker("outbox reader \($0)", PostgresSession(options)) }
  }

  private var reader: Worker {
    let number = turn.wrappingAdd(1, ordering: .relaxed).newValue
    return readers[Int(UInt(bitPattern: number) % UInt(readers.count))]
  }

  func withWriter(_ body: @escaping @Sendable (Connection) -> Void) { writer.begin { body(Connection($0)) } }

  func write<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    try writer.run { session in
      var value: Value?
      try session.inTransaction(isDurable: false) { value = try body(Connection(session)) }
      guard let value else { throw PostgresError(state: nil, message: "the transaction did not run") }
      return value
    }
  }

  func read<Value>(_ body: (Connection) throws -> Value) throws -> Value {
    try reader.run { session in try session.inSnapshot { try body(Connection(session)) } }
  }

  func withReader(_ body: @escaping @Sendable (Result<Connection, any Error>) -> Void) {
    reader.begin { session in
      do {
        try session.inSnapshot { body(.success(Connection(session))) }
      } catch {
        body(.failure(error))
      }
    }
  }

  func outboxError(_ error: any Error) -> OutboxError {
    if let error = error as? PostgresError {
      return OutboxError(error.outboxCode, path: place, reason: error.message)
    }
    return OutboxError(error, path: place)
  }

  func close() {
    writer.run { $0.close() }
    for reader in readers { reader.run { $0.close() } }
  }
}
