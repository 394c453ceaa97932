/// Numbers determined by a seed and their purpose, not by how many were drawn before.
///
/// So a world that was made smaller goes on as before wherever it is unchanged.
struct Dice: Sendable {
  enum Purpose: UInt64 {
    case answerTime = 1
    case applyTime
    case readTime
    case storeTime
    case rule
    case jitter
    case loss
    case status
    case share
  }

  let seed: UInt64

  func roll(_ purpose: Purpose, _ a: UInt64, _ b: UInt64 = 0) -> UInt64 {
    var random = Randomness(seed: seed ^ (purpose.rawValue &* 0xD6E8_FEB8_6659_FD93))
    var mixed = Randomness(seed: random.next() ^ a)
    var last = Randomness(seed: mixed.next() ^ b)
    return last.next()
  }

  func number(_ range: ClosedRange<Int64>, _ purpose: Purpose, _ a: UInt64, _ b: UInt64 = 0) -> Int64 {
    let span = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int64(roll(purpose, a, b).multipliedFullWidth(by: span).high)
  }

  /// From 0 to 1.
  func fraction(_ purpose: Purpose, _ a: UInt64, _ b: UInt64 = 0) -> Double {
    Double(roll(purpose, a, b) >> 11) / Double(UInt64(1) << 53)
  }
}

/// Random numbers determined by one seed: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
package struct Randomness: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number in the range, evenly distributed.
  package mutating func number(_ range: ClosedRange<Int>) -> Int {
    let span = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int(next().multipliedFullWidth(by: span).high)
  }

  /// True once in `chance` times.
  package mutating func once(in chance: Int) -> Bool { number(1...chance) == 1 }

  /// From 0 to 1.
  package mutating func fraction() -> Double { Double(next() >> 11) / Double(UInt64(1) << 53) }

  package mutating func element<T>(of list: [T]) -> T { list[number(0...list.count - 1)] }

  /// A separate generator, so that the draws of one part do not change those of another.
  package mutating func fork() -> Randomness { Randomness(seed: next()) }
}
