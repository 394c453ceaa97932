import TestKit

/// Makes inputs of inputs: some random changes, put one on the other.
struct Mutator {
  var random: SplitMix64
  let words: [[UInt8]]
  let longest: Int

  /// Numbers at which arithmetic goes wrong.
  private static let numbers = [
    "0", "1", "-1", "00", "127", "255", "256", "65536", "2147483647", "2147483648", "4294967296", "9007199254740992",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
    "1e308", "1e-999", "1e999999999999999999999", "9999", "0.1", "253402300800", "99999999999999999999999999",
  ].map { Array($0.utf8) }

  /// Characters that have an effect where they are.
  private static let acting = [
    "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{202E}", "\u{2028}", "\u{FEFF}", "\u{FFFD}", "é", "😀",
  ]
  .map { Array($0.utf8) }

  mutating func mutated(_ parent: [UInt8], with other: [UInt8]) -> [UInt8] {
    var input = parent
    for _ in 0...random.below(6) { change(&input, with: other) }
    return Array(input.prefix(longest))
  }

  private mutating func change(_ input: inout [UInt8], with other: [UInt8]) {
    let place = random.below(input.count + 1)
    switch random.below(13) {
    case 0 where !input.isEmpty: input[random.below(input.count)] ^= 1 << UInt8(random.below(8))
    case 1 where !input.isEmpty: input[random.below(input.count)] = UInt8.random(in: 0 ... .max, using: &random)
    case 2:
      input.insert(
        contentsOf: (0...random.below(8)).map { _ in UInt8.random(in: 0 ... .max, using: &random) }, at: place)
    case 3: input.removeSubrange(part(of: input))
    case 4: input.insert(contentsOf: input[part(of: input)], at: place)
    case 5: input.insert(contentsOf: other[part(of: other)], at: place)
    case 6: input.replaceSubrange(part(of: input), with: other[part(of: other)])
    case 7, 8: replaceNumber(in: &input)
    case 9 where !words.isEmpty, 10 where !words.isEmpty:
      input.insert(contentsOf: words[random.below(words.count)], at: place)
    case 11: input.insert(contentsOf: Self.acting[random.below(Self.acting.count)], at: place)
    case 12 where random.below(8) == 0:
      // Deep or long: one piece many times over.
      let piece = input.isEmpty ? [UInt8(ascii: "[")] : Array(input[part(of: input)].prefix(8))
      input.insert(contentsOf: (0..<(64 << random.below(6))).flatMap { _ in piece }.prefix(longest), at: place)
    default: input.removeSubrange(place...)
    }
  }

  private mutating func part(of input: [UInt8]) -> Range<Int> {
    let start = random.below(input.count + 1)
    return start..<min(input.count, start + random.below(1 << (1 + random.below(8))))
  }

  /// Some digits become a number that hurts.
  private mutating func replaceNumber(in input: inout [UInt8]) {
    func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    let from = random.below(input.count + 1)
    guard let start = input[from...].firstIndex(where: isDigit) ?? input.firstIndex(where: isDigit) else { return }
    let end = input[start...].firstIndex { !isDigit($0) } ?? input.count
    input.replaceSubrange(start..<end, with: Self.numbers[random.below(Self.numbers.count)])
  }
}

extension SplitMix64 {
  /// At least 0 and less than the bound, 0 for a bound of 0.
  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
}
