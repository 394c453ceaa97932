import Core
import Testing
@testable import Operations
@testable import Telemetry

@Suite struct `What is stuck` {
  @Test func `a refused reload is named until one is used`() throws {
    let instruments = Instruments()
    #expect(Blockage.all(in: instruments, unwritten: 0).isEmpty)
    let time = Timestamp(milliseconds: 1_763_000_000_000)
    instruments.refusedReload.refused("upsertd.yaml:3: x: is unknown\nupsertd.yaml:4: y: is unknown", at: time)
    let blockage = try #require(Blockage.all(in: instruments, unwritten: 0).first)
    #expect(blockage.weight == .bad)
    #expect(blockage.title == "The new configuration is not in effect")
    #expect(blockage.reason.contains("x: is unknown") && !blockage.reason.contains("\n"))
    #expect(blockage.oldestAt == time)
    #expect(blockage.command == "systemctl reload upsertd")
    instruments.refusedReload.used()
    #expect(Blockage.all(in: instruments, unwritten: 0).isEmpty)
  }
}
