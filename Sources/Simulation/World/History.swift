/// The events of a world, human-readable.
struct History {
  let isKept: Bool
  private(set) var lines: [String] = []
  /// Of all lines, kept or not: two runs of the same world must agree.
  private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

  init(isKept: Bool) { self.isKept = isKept }

  mutating func add(at now: Int64, _ text: @autoclosure () -> String) {
    guard isKept else { return }
    let seconds = String(now / 1000)
    let rest = String(now % 1000)
    let line =
      String(repeating: " ", count: max(0, 6 - seconds.count)) + seconds + "."
      + String(repeating: "0", count: 3 - rest.count) + rest + "  " + text()
    for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    lines.append(line)
  }
}
