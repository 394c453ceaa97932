internal import Core

/// Which numbers of a sequence of files have come, and which are missing.
///
/// Missing are the numbers between the first one that ever came and the highest. Lower ones that come later are
/// remembered, but do not make those between them missing.
///
/// Memory is bounded: `maxRanges` ranges of numbers that came. Beyond it the lowest is forgotten, and nothing is said
/// about numbers up to its end any more: neither that they are missing, nor that they came before.
package struct SequenceNumbers: Sendable, Equatable, Codable {
  static let maxRanges = 1_000

  /// Those that came: ascending, with gaps between them.
  private var came: [ClosedRange<Int64>] = []
  /// The number that came first.
  private var first: Int64
  /// Missing numbers up to it were reported.
  private var toldThrough: Int64
  /// Nothing is known about numbers up to it; nil while everything is remembered.
  private var forgottenThrough: Int64?
  /// How many were missing when they were forgotten.
  private var forgottenCount: Int64 = 0

  init(first number: Int64) {
    first = number
    toldThrough = number
    came = [number...number]
  }

  /// Whether events could have led to it. A snapshot comes from outside.
  var isValid: Bool {
    let ascends = zip(came, came.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound.subtractingSaturated(1) }
    return ascends && !came.isEmpty && came.count <= Self.maxRanges && came.allSatisfy { $0.lowerBound >= 0 }
      && forgottenCount >= 0
  }

  enum Arrival: Equatable {
    case new
    case seenBefore
    /// Too low to say.
    case unknown
  }

  /// A file with this number came.
  mutating func arrived(_ number: Int64) -> Arrival {
    if let forgottenThrough, number <= forgottenThrough { return .unknown }
    // The first range that the number is in, touches, or lies before.
    let index = came.firstIndex { number <= $0.upperBound.addingSaturated(1) } ?? came.count
    guard index < came.count, number >= came[index].lowerBound.subtractingSaturated(1) else {
      came.insert(number...number, at: index)
      forgetLowest()
      return .new
    }
    if came[index].contains(number) { return .seenBefore }
    came[index] = min(number, came[index].lowerBound)...max(number, came[index].upperBound)
    if index + 1 < came.count, came[index].upperBound.addingSaturated(1) == came[index + 1].lowerBound {
      came[index] = came[index].lowerBound...came[index + 1].upperBound
      came.remove(at: index + 1)
    }
    return .new
  }

  /// The missing numbers in ascending order.
  var missing: [ClosedRange<Int64>] {
    zip(came, came.dropFirst()).compactMap { missing(between: $0, and: $1) }
  }

  /// How many numbers are missing, forgotten ones included; saturates.
  var missingCount: Int64 {
    missing.map { $0.upperBound - $0.lowerBound + 1 }.saturatedSum.addingSaturated(forgottenCount)
  }

  /// The gaps that were not reported yet; from now on they count as reported.
  ///
  /// - Parameter underWay: numbers of files that are there and may still count. Gaps with one of these wait, and so
  ///   do higher gaps: files that are dropped together are read in any order.
  mutating func tellGaps(underWay: some Sequence<Int64>) -> [ClosedRange<Int64>] {
    let unreported = missing.filter { $0.lowerBound > toldThrough }
    let lowest = unreported.firstIndex { gap in underWay.contains { gap.contains($0) } }
    let reported = unreported[..<(lowest ?? unreported.count)]
    // What is missing from now on lies above the highest number.
    toldThrough = lowest.map { unreported[$0].lowerBound - 1 } ?? came.last?.upperBound ?? toldThrough
    return Array(reported)
  }

  private func missing(between low: ClosedRange<Int64>, and high: ClosedRange<Int64>) -> ClosedRange<Int64>? {
    let start = max(low.upperBound, first).addingSaturated(1)
    return start < high.lowerBound ? start...high.lowerBound - 1 : nil
  }

  private mutating func forgetLowest() {
    guard came.count > Self.maxRanges else { return }
    if let gap = missing(between: came[0], and: came[1]) {
      forgottenCount = forgottenCount.addingSaturated(gap.upperBound - gap.lowerBound + 1)
    }
    forgottenThrough = came[1].lowerBound - 1
    came.removeFirst()
  }
}
