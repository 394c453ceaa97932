import Synchronization
import Testing
@testable import Operations

@Suite struct `A result for all who ask` {
  private final class Source: Sendable {
    private let count = Mutex(0)
    private let (gates, gate) = AsyncStream<Void>.makeStream()
    let (beginnings, beginning) = AsyncStream<Void>.makeStream()

    var made: Int { count.withLock { $0 } }

    func open() { gate.yield() }

    /// Numbers from 1; the first waits for `open()`.
    func find() async -> Int {
      let number = count.withLock { count in
        count += 1
        return count
      }
      beginning.yield()
      if number == 1 { for await _ in gates { break } }
      return number
    }
  }

  @Test func `who asks meanwhile shares the next one, and gets nothing from before`() async throws {
    let shared = SharedResult<Int>()
    let source = Source()
    async let first = shared.value { await source.find() }
    for await _ in source.beginnings { break }
    let others = await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<50 { group.addTask { try? await shared.value { await source.find() } } }
      // Some may ask only now, and get a later one.
      source.open()
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(try await first == 1)
    #expect(others.count == 50 && others.allSatisfy { ($0 ?? 0) >= 2 }, "\(others)")
    #expect(source.made < 50)
  }

  @Test func `an error is for everybody who asked, and for nobody after`() async throws {
    struct Trouble: Error {}
    let shared = SharedResult<Int>()
    await #expect(throws: Trouble.self) { try await shared.value { throw Trouble() } }
    #expect(try await shared.value { 1 } == 1)
  }
}
