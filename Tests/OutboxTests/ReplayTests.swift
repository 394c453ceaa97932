import Core
import Engine
import Outbox
import Testing

@Suite struct `Replays in the outbox` {
  @Test func `an id that was kept for a replay is never given to another file`() async throws {
    try await World.with { world in
      let outbox = world.outbox
      let newest = FileID(at: Timestamp(milliseconds: 4_000_000_000_000), entropy: 5)
      let replay = Replay(of: world.id, owner: "alice", otherOwners: ["bob \u{201C}x"])
      try await outbox.keep(replay, for: newest)
      #expect(try await outbox.replays() == [newest: replay])
      #expect(try await outbox.filesUnderWay().newest == newest)
    }
  }
}
