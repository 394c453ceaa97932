import Calendar
import Core

/// Makes the alarms of an entry, with their messages.
struct AlarmWords {
  var rule: ExpectationRule
  var day: CivilDate
  var file: FileID?
  var name: [UInt8] = []

  var missing: ExpectationAlarm {
    alarm(.missing, "no file \"\(match)\" came by \(day) \(deadline.by) \(deadline.zone)")
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
