import Core
import Engine
import Foundation
import Outbox
import Testing
import TestKit

@Suite struct SourceTagTests {
  private static let text = Array("some text".utf8)

  @Test func `an outbox has a key of its own, and keeps it`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/outbox.sqlite"
      let outbox = try Outbox(path: path)
      let tag = try outbox.sourceKey().tag(of: Self.text.span)
      try outbox.close()
      let again = try Outbox(path: path)
      let sameTag = try again.sourceKey().tag(of: Self.text.span)
      #expect(sameTag == tag)
      let reader = try Outbox(reading: path)
      #expect(try reader.sourceKey().tag(of: Self.text.span) == tag)
      let other = try Outbox(path: folder + "/other.sqlite")
      #expect(try other.sourceKey().tag(of: Self.text.span) != tag)
      for end in ["", "-wal", "-shm"] {
        let mode = try FileManager.default.attributesOfItem(atPath: path + end)[.posixPermissions] as? Int
        #expect(mode == 0o600)
      }
    }
  }

  @Test func `an outbox whose key is gone is damaged, and its items are saved without what can't be checked`()
    async throws
  {
    try await World.with { world in
      try world.publish()
      try world.sql("DELETE FROM source_key")
      let error = #expect(throws: OutboxError.self) { try world.outbox.sourceKey() }
      #expect(error?.code == .damaged)
      let salvage = try Salvage(world.path)
      #expect(salvage.sourceKey == nil)
      var items = 0
      try salvage.files(each: { _, batch in items += batch.items.count }, { _ in })
      #expect(items == 3)
    }
  }

  private static func tagged(_ numbers: ClosedRange<Int>) -> Batch { batch(numbers) }

  @Test func `what an upsertd without tags left has none, and is as sound as before`() async throws {
    try await World.with { world in
      try world.publish(batches: [Self.tagged(1...2), Self.tagged(3...3)])
      let before = try #require(try await world.outbox.content(of: world.name(1))).batch
      #expect(before.items.allSatisfy { $0.tag != nil })
      // The checksum is then that of the bytes alone.
      let plain = QueuedBatch(
        items: before.items.map { item in
          var item = item
          item.tag = nil
          return item
        }, body: before.body)
      let checksum = Int64(bitPattern: plain.tagsAndChecksum.checksum)
      try world.sql(
        """
        UPDATE body SET tags = NULL, checksum = \(checksum)
        WHERE batch_id = (SELECT id FROM batch WHERE position = '\(world.name(1).position)')
        """)
      #expect(try await world.outbox.content(of: world.name(1))?.batch == plain)
      #expect(try OutboxHealth.examine(world.path)?.findings == [])
    }
  }

  @Test func `damage to tags is noticed before anything is sent`() async throws {
    try await World.with { world in
      try world.publish(batches: [Self.tagged(1...2), Self.tagged(3...3)])
      try world.sql(
        """
        UPDATE body SET tags = zeroblob(length(tags))
        WHERE batch_id = (SELECT id FROM batch WHERE position = '\(world.name(1).position)')
        """)
      #expect(try await world.lease([1]) == .damaged([world.name(1)]))
      #expect(try await world.lease([2]).batches.count == 1)
      #expect(try OutboxHealth.examine(world.path)?.findings.count == 1)
    }
  }
}
