import APIs
import Core
import Foundation
import Logging
import Settings
import Testing
import TestKit
@testable import Daemon
@testable import Operations

/// The whole service in this process, without its signals.
@Suite struct ServiceTests {
  private struct World: Sendable {
    let folder: String
    let api: LoopbackServer
    var inbox: String { "\(folder)/spool/accounts/inbox" }
    var receipts: String { "\(folder)/spool/accounts/outbox/receipts" }
    var configuration: String { folder + "/upsertd.yaml" }

    func configure(_ more: String = "", url: String? = nil) throws {
      let yaml = """
        spool: \(folder)/spool
        state: \(folder)/state
        watch: {poll_interval: 20ms, settle: 20ms}
        queue: {min_free_disk: 1KiB}
        retry: {initial: 20ms, max: 40ms}
        admin: false
        targets:
          liquid: {api: liquid, url: "\(url ?? api.url)", auth: {access_token: t}}
        inboxes:
          - {name: accounts, target: liquid}
        \(more)
        """
      _ = FileManager.default.createFile(
        atPath: configuration, contents: Data(yaml.utf8), attributes: [.posixPermissions: 0o600])
    }

    func service() async throws -> Service {
      try await Service(settings: try Settings.load(path: configuration, environment: [:]), environment: [:]) { _ in
        Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      }
    }

    func drop(_ name: String, _ ids: ClosedRange<Int> = 1...2) throws {
      let items = ids.map { id in
        """
        {"headers": {"category": "entity", "type": "Account", "action": "Merge"}, "data": {"accountId": "\(id)"}}
        """
      }
      try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
      let path = "\(inbox)/.\(name)"
      try Data("[\(items.joined(separator: ","))]".utf8).write(to: URL(filePath: path))
      try #require(rename(path, "\(inbox)/\(name)") == 0)
    }

    var receiptCount: Int { (try? FileManager.default.contentsOfDirectory(atPath: receipts).count) ?? 0 }
  }

  private static let accepting: @Sendable (ReceivedRequest) -> Reply = { request in
    .json("{\"count\": \(request.text.split(separator: "\"accountId\"").count - 1), \"rejectedItems\": []}")
  }

  private func withWorld(
    _ answer: @escaping @Sendable (ReceivedRequest) -> Reply = accepting, _ body: (World) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let world = World(folder: "\(folder)", api: try LoopbackServer(answer))
      try world.configure()
      try await body(world)
      await world.api.stop()
    }
  }

  @Test func `what is dropped is delivered once, and has its receipt when a run ends`() async throws {
    try await withWorld { world in
      let service = try await world.service()
      try world.drop("a.json")
      let outcome = try await service.run(.once(deadline: nil))
      #expect(outcome.queuedItems == 0 && outcome.waitingFiles == 0 && outcome.rejectedItems == 0)
      #expect(world.api.requests.count == 1)
      #expect(world.receiptCount == 1)
    }
  }

  @Test func `a stop leaves what could not be sent queued, and the next run sends it`() async throws {
    let isUp = Guarded(false)
    try await withWorld {
      isUp.withLock { $0 } ? Self.accepting($0) : .answer(status: 500)
    } _: { world in
      do {
        let service = try await world.service()
        try world.drop("a.json")
        async let run = service.run(.untilStopped)
        try await world.api.waitForRequests(2)
        await service.stop()
        #expect(try await run.queuedItems == 2)
        #expect(world.receiptCount == 0)
      }
      isUp.withLock { $0 = true }
      #expect(try await world.service().run(.once(deadline: nil)).queuedItems == 0)
      #expect(world.receiptCount == 1)
    }
  }

  @Test func `a reload takes the new configuration; a faulty one changes nothing`() async throws {
    try await withWorld({ _ in .answer(status: 500) }) { world in
      let other = try LoopbackServer(Self.accepting)
      let service = try await world.service()
      try world.drop("a.json")
      async let run = service.run(.untilStopped)
      try await world.api.waitForRequests(1)
      try Data("targets: [".utf8).write(to: URL(filePath: world.configuration))
      await service.reload()
      let before = world.api.requests.count
      try await world.api.waitForRequests(before + 2)
      try world.configure(url: other.url)
      await service.reload()
      try await eventually("the receipt") { world.receiptCount == 1 }
      #expect(other.requests.count == 1)
      await service.stop()
      #expect(try await run.queuedItems == 0)
      await other.stop()
    }
  }

  @Test func `two services never work on one state folder`() async throws {
    try await withWorld { world in
      do {
        let service = try await world.service()
        await #expect(throws: StartError.self) { _ = try await world.service() }
        #expect(try await service.run(.once(deadline: nil)).waitingFiles == 0)
      }
      #expect(try await world.service().run(.once(deadline: nil)).waitingFiles == 0)
    }
  }
}
