internal import Calendar
package import Core

/// What `status` shows of files that come every day.
package struct ExpectationState: Sendable, Equatable {
  /// The words that `status` and metrics use.
  package enum Word: String, Sendable, CaseIterable {
    /// None came yet; there is still time, or one is there that is not read yet.
    case waiting
    /// One came in time, whatever came later.
    case came
    /// One came, but after `by`.
    case late
    case missing
  }

  package var state: Word
  /// The last moment in time: of the current day or, if nothing is due on it, of the next day on which something is.
  package var due: Timestamp
  /// When the current day began.
  package var since: Timestamp
  /// How many files came on the current day, early ones included.
  package var files: Int
  /// The lowest missing numbers of the sequence, `maxNumbers` at most.
  package var missingNumbers: [Int64]
  /// How many numbers are missing in all; saturates.
  package var missingCount: Int64

  package static let maxNumbers = 1_000
}

/// What is reported to operators about files that come every day.
package struct ExpectationAlarm: Sendable, Hashable {
  /// The words of `notify`'s `on`.
  package enum Kind: String, Sendable, CaseIterable {
    /// No file came in time.
    case missing
    /// A file came after `by`.
    case late
    /// A file came on a day that is not in `days`.
    case early
    /// A file has fewer items than `min_items`.
    case short
    /// Numbers of the sequence are left out.
    case gap
    /// A number of the sequence came before.
    case `repeat`
  }

  package var kind: Kind
  /// The day that it is about, or on which it was noticed.
  package var day: CivilDate
  /// The file that it is about; nil for a missing one. Of a gap, the one that revealed it, where that is
  /// known.
  package var file: FileID?
  /// Of a gap: the numbers, in ascending order, `maxRanges` at most; of a repeat, the number.
  package var numbers: [ClosedRange<Int64>] = []
  /// For people, on one line.
  package var message: String

  static let maxRanges = 20
}

/// Makes the alarms of an entry, with their messages.
struct AlarmWords {
  var rule: ExpectationRule
  var day: CivilDate
  var file: FileID?
  var name: [UInt8] = []

  /// - Parameter leftOut: the file that came and does not count; nil if none came.
  func missing(_ leftOut: String?) -> ExpectationAlarm {
    let text = "no file \"\(match)\" came by \(day) \(deadline.by) \(deadline.zone)"
    return alarm(.missing, leftOut.map { "\(text); \($0)" } ?? text)
  }

  func leftOut(at moment: Timestamp, because reason: String) -> String {
    "\(quoted) came at \(local(moment)), but does not count: \(reason)"
  }

  func late(at moment: Timestamp) -> ExpectationAlarm {
    alarm(.late, "\(quoted) came at \(local(moment)), after \(deadline.by)")
  }

  func early(at moment: Timestamp) -> ExpectationAlarm {
    let counted = "\(quoted) came at \(local(moment)), which is \(DaysOfWeek.name(of: day)) \(day)"
    return alarm(.early, "\(counted): none is expected then, only on \(deadline.days)")
  }

  func short(items: Int, least: Int) -> ExpectationAlarm {
    alarm(.short, "\(quoted) has \(counted(items, "item")), fewer than \(least)")
  }

  func repeated(_ number: Int64) -> ExpectationAlarm {
    alarm(.repeat, "\(quoted) has the number \(number), which came before", numbers: [number...number])
  }

  func gap(_ gaps: [ClosedRange<Int64>]) -> ExpectationAlarm {
    let shown = gaps.prefix(ExpectationAlarm.maxRanges)
    let numbers = shown.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
    let more = gaps.count > shown.count ? " and \(counted(gaps.count - shown.count, "more gap"))" : ""
    return alarm(
      .gap, "of the files \"\(match)\" these numbers are missing: \(numbers.joined(separator: ", "))\(more)",
      numbers: Array(shown))
  }

  private var deadline: DailyDeadline { rule.deadline }
  private var match: String { rule.match.onOneLine }
  private var quoted: String { "\"\(String(decoding: name, as: UTF8.self).onOneLine)\"" }

  private func local(_ moment: Timestamp) -> String { "\(deadline.zone.local(at: moment)) \(deadline.zone)" }

  private func alarm(
    _ kind: ExpectationAlarm.Kind, _ message: String, numbers: [ClosedRange<Int64>] = []
  ) -> ExpectationAlarm {
    ExpectationAlarm(kind: kind, day: day, file: file, numbers: numbers, message: message)
  }
}
