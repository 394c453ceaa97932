import Foundation
import Glibc
import JSONText
import Synchronization
import Testing
import TestKit

/// A spool, a state folder and a configuration in a temporary folder, and the processes that work on them.
struct World: Sendable {
  let folder: String
  private let children = Children()

  var spool: String { folder + "/spool" }
  var state: String { folder + "/state" }
  var outbox: String { state + "/outbox.sqlite" }
  var configuration: String { folder + "/upsertd.yaml" }

  fileprivate init(folder: String) { self.folder = folder }

  // MARK: - Configuration and processes

  func configure(_ setup: Setup) throws { try write(setup.yaml(spool: spool, state: state), to: configuration) }

  /// A file that only its owner may read.
  func write(_ text: String, to path: String) throws {
    let temporary = path + ".new"
    _ = FileManager.default.createFile(
      atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    guard rename(temporary, path) == 0 else { throw SystemError("rename \(temporary)") }
  }

  /// Starts a process; `--config` is added.
  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Product {
    let number = children.next()
    let product = try Product(
      arguments + ["--config", configuration], environment: environment, out: "\(folder)/out.\(number)",
      err: "\(folder)/err.\(number)")
    children.add(product)
    return product
  }

  /// Starts a program that starts the process; `--config` is added.
  func start(arguments: [String], program: String) throws -> Product {
    let number = children.next()
    let product = try Product(
      arguments + ["--config", configuration], environment: [:], out: "\(folder)/out.\(number)",
      err: "\(folder)/err.\(number)", program: program)
    children.add(product)
    return product
  }

  /// Starts a process that may have so many files open at once; `most` is the hard limit.
  func start(_ arguments: [String], openFiles: Int, most: Int? = nil) throws -> Product {
    let number = children.next()
    let product = try Product(
      ["-c", "ulimit -Sn \(openFiles) && ulimit -Hn \(most ?? openFiles) && exec \"$@\"", "sh", Product.path]
        + arguments
        + ["--config", configuration], environment: [:], out: "\(folder)/out.\(number)",
      err: "\(folder)/err.\(number)", program: "/bin/bash")
    children.add(product)
    return product
  }

  /// Starts a Python program.
  func python(_ program: String, _ arguments: [String]) throws -> Product {
    let number = children.next()
    let product = try Product(
      ["-c", program] + arguments, environment: [:], out: "\(folder)/out.\(number)",
      err: "\(folder)/err.\(number)", program: "/usr/bin/python3")
    children.add(product)
    return product
  }

  /// Starts a process as systemd does, with a journal behind its standard error.
  func start(_ arguments: [String], journal: Journal) throws -> Product {
    let errors = "\(folder)/err.\(children.next()).journal"
    let descriptor = open(errors, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw SystemError("make \(errors)") }
    close(descriptor)
    let product = try Product(
      arguments + ["--config", configuration],
      environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)", "UPSERTD_JOURNAL_SOCKET": journal.path],
      out: errors + ".out", err: errors)
    children.add(product)
    return product
  }

  /// Runs a tool that is not part of upsertd to its end; `Scripts/install-dependencies` may have put it into
  /// `.build/tools`.
  func tool(_ command: String) async throws -> (status: Int32, said: String) {
    let number = children.next()
    let tools = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/.build/tools"
    let product = try Product(
      ["-c", command], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin:\(tools)"], out: "\(folder)/out.\(number)",
      err: "\(folder)/err.\(number)", program: "/bin/sh")
    children.add(product)
    let status = try await product.end()
    return (status, product.printed + product.log)
  }

  /// Starts the daemon; returns once it says that it is ready.
  func startDaemon(file: String = #fileID, line: Int = #line) async throws -> Product {
    let daemon = try start(["run"])
    try await daemon.waitFor("is ready", file: file, line: line)
    return daemon
  }

  /// Runs a command to its end.
  func run(
    _ arguments: [String], environment: [String: String] = [:], within limit: Duration = .seconds(30),
    file: String = #fileID, line: Int = #line
  ) async throws -> (status: Int32, printed: String, log: String) {
    let product = try start(arguments, environment: environment)
    let status = try await product.end(within: limit, file: file, line: line)
    return (status, product.printed, product.log)
  }

  /// `run --once`, which has to end with `status`; returns its log.
  @discardableResult
  func workOff(
    expecting status: Int32 = 0, within limit: Duration = .seconds(30), location: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let (ended, _, log) = try await run(["run", "--once"], within: limit)
    #expect(ended == status, "it said:\n\(log)", sourceLocation: location)
    return log
  }

  /// `status --json`.
  func status(location: SourceLocation = #_sourceLocation) async throws -> JSONValue {
    let (ended, printed, log) = try await run(["status", "--json"])
    #expect(ended == 0, "it said:\n\(log)", sourceLocation: location)
    return try JSONValue.parse(Array(printed.utf8))
  }

  func killAll() { children.killAll() }

  /// Runs SQL on the outbox, which no process may be using; returns the first column of what it selects.
  @discardableResult
  func sql(_ statement: String) async throws -> [String] {
    let script = """
      import sqlite3, sys
      with sqlite3.connect(sys.argv[1]) as outbox:
          for row in outbox.execute(sys.argv[2]): print(row[0])
      """
    let number = children.next()
    let python = try Product(
      ["-c", script, outbox, statement], environment: [:], out: "\(folder)/out.\(number)",
      err: "\(folder)/err.\(number)",
      program: "/usr/bin/python3")
    children.add(python)
    let status = try await python.end()
    guard status == 0 else { throw NotInTime("\(statement): \(python.log)") }
    return python.printed.split(separator: "\n").map(String.init)
  }

  // MARK: - Files

  func path(_ inbox: String, _ folder: String) -> String { "\(spool)/\(inbox)/\(folder)" }

  /// Drops a file as a good sender does: written under a hidden name, then renamed.
  func drop(_ name: String, in inbox: String, _ text: String) throws { try drop(name, in: inbox, Array(text.utf8)) }

  func drop(_ name: String, in inbox: String, _ bytes: [UInt8]) throws {
    let folder = path(inbox, "inbox")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let hidden = "\(folder)/.\(name)"
    try Data(bytes).write(to: URL(filePath: hidden))
    guard rename(hidden, "\(folder)/\(name)") == 0 else { throw SystemError("rename \(hidden)") }
  }

  /// Names in one of an inbox's folders, in order.
  func names(_ inbox: String, _ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path(inbox, folder))) ?? []).sorted()
  }

  func text(_ inbox: String, _ folder: String, _ name: String) throws -> String {
    try String(decoding: Data(contentsOf: URL(filePath: "\(path(inbox, folder))/\(name)")), as: UTF8.self)
  }

  // MARK: - Receipts

  func receipts(_ inbox: String) throws -> [Receipt] {
    try names(inbox, "outbox/receipts").filter { !$0.hasPrefix(".") }.map { name in
      Receipt(name: name, document: try JSONValue.parse(Array(try text(inbox, "outbox/receipts", name).utf8)))
    }
  }

  /// The only receipt of the only file.
  func receipt(_ inbox: String, location: SourceLocation = #_sourceLocation) throws -> Receipt {
    let receipts = try receipts(inbox)
    try #require(receipts.count == 1, "there are \(receipts.count) receipts", sourceLocation: location)
    return receipts[0]
  }

  /// The receipt of the file that was dropped as `name`.
  func receipt(_ inbox: String, of name: String, location: SourceLocation = #_sourceLocation) throws -> Receipt {
    let receipts = try receipts(inbox).filter { $0["file"]?["name"]?.string == name }
    try #require(receipts.count == 1, "there are \(receipts.count) receipts of it", sourceLocation: location)
    return receipts[0]
  }

  /// Waits for `count` receipts and for their originals to be put away.
  func waitForReceipts(
    _ count: Int, in inbox: String, within limit: Duration = .seconds(20), file: String = #fileID, line: Int = #line
  ) async throws {
    do {
      try await eventually("the arrival of \(count) receipts", within: limit, file: file, line: line) {
        // A hidden file is a result that is being written, such as one that is written again after trouble.
        let receipts = names(inbox, "outbox/receipts")
        return receipts.count >= count && !receipts.contains { $0.hasPrefix(".") } && names(inbox, "work").isEmpty
      }
    } catch {
      throw NotInTime("\(error); the daemons said:\n\(children.logs)")
    }
  }
}

/// Runs `body` in a new world, which is gone afterwards with all its processes.
func withWorld<Result: Sendable>(_ setup: Setup, _ body: (World) async throws -> Result) async throws -> Result {
  await Places.shared.take()
  do {
    let result = try await withTemporaryFolder { folder in
      let world = World(folder: folder)
      defer { world.killAll() }
      try world.configure(setup)
      return try await body(world)
    }
    await Places.shared.giveBack()
    return result
  } catch {
    await Places.shared.giveBack()
    throw error
  }
}

private final class Children: Sendable {
  private let products = Mutex<[Product]>([])
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }

  func add(_ product: Product) { products.withLock { $0.append(product) } }

  func killAll() { for product in products.withLock({ $0 }) { product.kill() } }

  var logs: String { products.withLock { $0 }.map(\.log).joined(separator: "\n--\n") }
}
