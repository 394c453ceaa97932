/// The keys that recur in batch after batch of one file.
///
/// Recently sent keys are remembered in a table of fixed size, where a key replaces another now and then: a forgotten
/// key is merely not hot yet.
struct HotKeys {
  private var lately = [UInt64](repeating: 0, count: 1 << 14)
  private var keys = KeySet()
  private static let mostKeys = 10_000

  func contains(_ key: KeyHash) -> Bool { !keys.isEmpty && keys.contains(key) }

  func wasSentLately(_ key: KeyHash) -> Bool { lately[place(of: key)] == key.value }

  mutating func note(_ key: KeyHash) { lately[place(of: key)] = key.value }

  /// Once a key is hot it stays hot: its later items must not overtake it. Returns whether it is hot.
  mutating func insert(_ key: KeyHash) -> Bool {
    guard keys.count < Self.mostKeys else { return false }
    _ = keys.insert(key)
    return true
  }

  private func place(of key: KeyHash) -> Int {
    Int(truncatingIfNeeded: key.value ^ key.value >> 32) & (lately.count - 1)
  }
}
