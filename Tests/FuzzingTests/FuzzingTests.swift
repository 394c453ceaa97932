import Foundation
import Fuzzing
import Testing

/// `Scripts/fuzz` for some seconds: its drivers, its corpus, one seed.
@Suite struct `Readers of what comes from outside` {
  @Test(arguments: FuzzDriver.all.map(\.name))
  func `neither the corpus nor what is made of it ends or breaks a reader`(_ name: String) async throws {
    // In a process of its own: a trap is to fail this test alone, and some drivers start a daemon.
    await #expect(processExitsWith: .success) { [name = name as String] in
      let driver = try #require(FuzzDriver.named(name))
      let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Corpus").path
      let inputs = try FuzzRun.corpus(of: driver, in: corpus)
      #expect(!inputs.isEmpty)
      try FuzzRun.withFolder { folder in
        var run = try FuzzRun(driver, corpus: inputs, seed: 1, folder: folder)
        let end = ContinuousClock.now + .seconds(1)
        // The corpus whole, then as much as a second allows.
        while run.count < inputs.count || ContinuousClock.now < end && run.count < 20_000 { try run.step() }
      }
    }
  }

  @Test func `the same seed makes the same inputs`() throws {
    func inputs(_ seed: UInt64) throws -> [[UInt8]] {
      var run = try FuzzRun(try #require(FuzzDriver.named("names")), corpus: [[65, 66]], seed: seed, folder: "")
      var inputs: [[UInt8]] = []
      for _ in 0..<100 { try run.step { inputs.append($0) } }
      return inputs
    }
    #expect(try inputs(7) == inputs(7))
    #expect(try inputs(7) != inputs(8))
  }
}
