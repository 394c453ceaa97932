/// Makes inputs of inputs: some random changes, put one on the other.
struct Mutator {
  var steps: Steps
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
    for _ in 0...steps.below(6) { change(&input, with: other) }
    return Array(input.prefix(longest))
  }

  private mutating func change(_ input: inout [UInt8], with other: [UInt8]) {
    let place = steps.below(input.count + 1)
    switch steps.below(13) {
    case 0 where !input.isEmpty: input[steps.below(input.count)] ^= 1 << UInt8(steps.below(8))
    case 1 where !input.isEmpty: input[steps.below(input.count)] = UInt8.random(in: 0 ... .max, using: &steps)
    case 2:
      input.insert(contentsOf: (0...steps.below(8)).map { _ in UInt8.random(in: 0 ... .max, using: &steps) }, at: place)
    case 3: input.removeSubrange(part(of: input))
    case 4: input.insert(contentsOf: input[part(of: input)], at: place)
    case 5: input.insert(contentsOf: other[part(of: other)], at: place)
    case 6: input.replaceSubrange(part(of: input), with: other[part(of: other)])
    case 7, 8: replaceNumber(in: &input)
    case 9 where !words.isEmpty, 10 where !words.isEmpty:
      input.insert(contentsOf: words[steps.below(words.count)], at: place)
    case 11: input.insert(contentsOf: Self.acting[steps.below(Self.acting.count)], at: place)
    case 12 where steps.below(8) == 0:
      // Deep or long: one piece many times over.
      let piece = input.isEmpty ? [UInt8(ascii: "[")] : Array(input[part(of: input)].prefix(8))
      input.insert(contentsOf: (0..<(64 << steps.below(6))).flatMap { _ in piece }.prefix(longest), at: place)
    default: input.removeSubrange(place...)
    }
  }

  private mutating func part(of input: [UInt8]) -> Range<Int> {
    let start = steps.below(input.count + 1)
    return start..<min(input.count, start + steps.below(1 << (1 + steps.below(8))))
  }

  /// Some digits become a number that hurts.
  private mutating func replaceNumber(in input: inout [UInt8]) {
    func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    let from = steps.below(input.count + 1)
    guard let start = input[from...].firstIndex(where: isDigit) ?? input.firstIndex(where: isDigit) else { return }
    let end = input[start...].firstIndex { !isDigit($0) } ?? input.count
    input.replaceSubrange(start..<end, with: Self.numbers[steps.below(Self.numbers.count)])
  }
}
