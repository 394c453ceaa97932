import Simulation
import Testing

@Suite struct RandomnessTests {
  @Test func `one seed gives the published numbers of SplitMix64`() {
    // https://prng.di.unimi.it/splitmix64.c, from state 1234567.
    var random = Randomness(seed: 1_234_567)
    #expect(
      (1...5).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test func `numbers fill their range and never leave it`() {
    var random = Randomness(seed: 1)
    var seen: Set<Int> = []
    for _ in 1...1000 { seen.insert(random.number(-3...4)) }
    #expect(seen == Set(-3...4))
    #expect(random.number(7...7) == 7)
    for _ in 1...1000 {
      let fraction = random.fraction()
      #expect(0 <= fraction && fraction < 1)
    }
  }

  @Test func `what one part draws does not change what another draws`() {
    var a = Randomness(seed: 5)
    var b = Randomness(seed: 5)
    var fork = a.fork()
    _ = b.fork()
    for _ in 1...10 { _ = fork.next() }
    #expect(a.next() == b.next())
  }
}
