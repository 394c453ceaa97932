import Foundation
import Synchronization

/// PostgreSQL as Debian packages it, on a socket in a folder of its own. It ends with the process that started it.
package final class PostgresServer: Sendable {
  /// The folder of its socket and its data.
  package let folder: String
  private let schemas = Atomic<Int>(0)

  private init(folder: String) { self.folder = folder }

  /// The one of this process; started by whoever asks first.
  package static func shared() async throws -> PostgresServer { try await Starter.only.server() }

  /// What connects to a schema of its own, which is new and empty.
  package func newSchema() async throws -> (connection: String, name: String) {
    let name = "test\(schemas.wrappingAdd(1, ordering: .relaxed).newValue)"
    try await run("CREATE SCHEMA \(name)")
    return ("host=\(folder) user=upsertd dbname=postgres options=-csearch_path=\(name)", name)
  }

  /// Runs statements as its superuser.
  package func run(_ sql: String) async throws {
    try await Command.run(
      "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "upsertd", "-d", "postgres", "-c", sql])
  }

  private actor Starter {
    static let only = Starter()
    private var started: Task<PostgresServer, any Error>?
    private var running: Holder?

    /// Keeps the server's standard input open.
    private final class Holder {
      let command: Command
      init(_ command: consuming Command) { self.command = command }
    }

    func server() async throws -> PostgresServer {
      if let started { return try await started.value }
      let task = Task { try await start() }
      started = task
      return try await task.value
    }

    private func start() async throws -> PostgresServer {
      var template = Array((NSTemporaryDirectory() + "upsertd-postgres-XXXXXX").utf8CString)
      guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
      let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      running = Holder(try Command("bash", ["-c", Self.script, "postgres", folder]))
      try await eventually("the start of PostgreSQL", within: .seconds(60)) {
        await (try? Command.run("psql", ["-X", "-q", "-h", folder, "-U", "upsertd", "-d", "postgres", "-c", ""])) != nil
      }
      return PostgresServer(folder: folder)
    }

    /// PostgreSQL does not run as root. Its language sorts texts otherwise than by their bytes, so that the outbox has to
    /// ask for that.
    private static let script = """
      folder=$1 as=()
      bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
      if [ "$(id -u)" = 0 ]; then
        chown nobody:nogroup "$folder" && chmod 755 "$folder"
        as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
      fi
      cd "$folder"
      "${as[@]}" "$bin/initdb" -D "$folder/data" -U upsertd -A trust -N --no-instructions -E UTF8 --locale=C.UTF-8 \\
        --locale-provider=icu --icu-locale=en >"$folder/initdb.log" 2>&1
      "${as[@]}" "$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c max_connections=300 \\
        >"$folder/log" 2>&1 &
      cat >/dev/null
      kill -QUIT %1 && wait
      rm -rf "$folder"
      """
  }
}
