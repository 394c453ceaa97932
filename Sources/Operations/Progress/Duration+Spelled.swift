internal import Core

extension Duration {
  /// Human-readable, to two places: `4 s`, `3 min 20 s`, `5 h 2 min`, `2 d 7 h`.
  package var spelled: String {
    let seconds = max(0, milliseconds / 1000)
    let units: [(name: String, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
    guard let first = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0 s" }
    let count = seconds / units[first].seconds
    let rest = seconds % units[first].seconds
    guard first + 1 < units.count, rest >= units[first + 1].seconds else { return "\(count) \(units[first].name)" }
    return "\(count) \(units[first].name) \(rest / units[first + 1].seconds) \(units[first + 1].name)"
  }
}
