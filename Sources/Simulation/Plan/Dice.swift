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
