package import Core

/// A time zone: how local clocks run, in the past and in the future.
///
/// It comes from the machine's time zone files (tzdata) and is what they said when it was made; it is small, and cheap
/// to copy. Local times have no leap seconds.
///
/// Where clocks are put forward, some local times do not exist; where they are put back, some come twice.
/// `moments(of:)` tells these apart, for data whose meaning would be unclear. `start(of:)` always has an answer, for
/// schedules: *the first moment at which the clocks show this time or a later one*. So a skipped time is the moment of
/// the change, and of a repeated time the first one counts, as in RFC 5545, 3.3.5. A later local time never has an
/// earlier start.
package struct Zone: Sendable, Hashable {
  package let name: String
  /// Before the first change, in seconds east of UTC.
  private let initial: Int64
  /// In ascending order. With a rule, the last one is the moment from which the rule applies.
  private let changes: [OffsetChange]
  private let rule: RecurringRule?

  package static let utc = Zone(name: "UTC")

  private init(name: String) {
    self.name = name
    (initial, changes, rule) = (0, [], nil)
  }

  init(name: String, _ file: ZoneFile) {
    self.name = name
    initial = file.initial
    rule = file.rule
    guard let rule = file.rule, let last = file.changes.last else {
      changes = file.changes
      return
    }
    changes = file.changes.dropLast() + [OffsetChange(second: last.second, offset: rule.offset(at: last.second))]
  }

  init(name: String, _ rule: RecurringRule) {
    self.name = name
    (initial, changes, self.rule) = (0, [], rule)
  }

  /// How far local clocks are ahead of UTC at a moment; negative west of it.
  package func offset(at moment: Timestamp) -> Duration {
    .seconds(offset(atSecond: moment.milliseconds.dividedDown(by: 1000)))
  }

  /// What local clocks show at a moment.
  package func local(at moment: Timestamp) -> LocalTime {
    LocalTime(milliseconds: (moment + offset(at: moment)).milliseconds)
  }

  /// When local clocks show a time: once, never, or several times.
  package func moments(of local: LocalTime) -> LocalMoments {
    let hits = spans(around: local).compactMap { span -> Timestamp? in
      let moment = local.milliseconds.subtractingSaturated(span.offset)
      return span.start <= moment && moment < span.end ? Timestamp(milliseconds: moment) : nil
    }
    guard let first = hits.first, let last = hits.last else { return .skipped(at: start(of: local)) }
    return first == last ? .one(first) : .repeated(first: first, last: last)
  }

  /// The first moment at which local clocks show a time or a later one.
  package func start(of local: LocalTime) -> Timestamp {
    for span in spans(around: local) {
      let moment = max(span.start, local.milliseconds.subtractingSaturated(span.offset))
      if moment < span.end { return Timestamp(milliseconds: moment) }
    }
    // The last span reaches further than any offset, except at the end of all time.
    return Timestamp(milliseconds: local.milliseconds)
  }

  // MARK: - Offsets

  /// A time in which the offset stays the same; all in milliseconds.
  private struct Span {
    var start: Int64
    /// Not part of it.
    var end: Int64
    var offset: Int64
  }

  /// All moments at which clocks may show `local`, whatever their offset.
  private func spans(around local: LocalTime) -> [Span] {
    let reach = 1000 * max(abs(ZoneFile.offsets.lowerBound), ZoneFile.offsets.upperBound) + 1000
    let start = local.milliseconds.subtractingSaturated(reach)
    let end = local.milliseconds.addingSaturated(reach)
    let (first, last) = (start.dividedDown(by: 1000), end.dividedDown(by: 1000))
    var spans = [Span(start: start, end: end, offset: offset(atSecond: first) * 1000)]
    for change in changes(after: first, through: last) {
      spans[spans.count - 1].end = change.second * 1000
      spans.append(Span(start: change.second * 1000, end: end, offset: change.offset * 1000))
    }
    return spans
  }

  private func offset(atSecond second: Int64) -> Int64 {
    if let rule, second >= changes.last?.second ?? .min { return rule.offset(at: second) }
    return changes[..<index(after: second)].last?.offset ?? initial
  }

  private func changes(after start: Int64, through end: Int64) -> [OffsetChange] {
    let written = changes[index(after: start)..<max(index(after: start), index(after: end))]
    let ruled = changes.last?.second ?? .min
    guard let rule, ruled < end else { return Array(written) }
    return written + rule.changes(after: max(start, ruled), through: end)
  }

  /// The index of the first change that is later.
  private func index(after second: Int64) -> Int {
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].second <= second { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Zone: CustomStringConvertible {
  package var description: String { name }
}
