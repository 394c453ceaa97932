/// Item numbers in the outbox's format: `[[1,500],[502,502]]`.
enum ItemRanges {
  /// Nil for none.
  static func text(_ ranges: [ClosedRange<Int>]) -> String? {
    ranges.isEmpty ? nil : "[\(ranges.map { "[\($0.lowerBound),\($0.upperBound)]" }.joined(separator: ","))]"
  }

  /// Empty if the text is not in this format: an older upsertd stored none, and a damaged page may hold anything.
  static func ranges(_ text: String?) -> [ClosedRange<Int>] {
    guard let text, text.hasPrefix("[["), text.hasSuffix("]]") else { return [] }
    var ranges: [ClosedRange<Int>] = []
    for pair in text.dropFirst(2).dropLast(2).split(separator: "],[", omittingEmptySubsequences: false) {
      let ends = pair.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 1, first <= last else { return [] }
      ranges.append(first...last)
    }
    return ranges
  }
}
