/// The words of `on` in the configuration, and of `event` in what is sent.
package enum NoticeEvent: String, CaseIterable, Sendable {
  /// A file is done, and all, some or none of its items were accepted.
  case accepted, partial, rejected
  /// No file came in time.
  case missing
  /// A file came after its time, or on a day on which none is expected.
  case late, early
  /// A file has fewer items than it should have.
  case short
  /// Numbers of a sequence were left out, or one came again.
  case gap, `repeat`
  /// Nothing is sent to a target, and has not been for five minutes.
  case held
  /// A hold that was reported is over, or a person released a file that waited for it.
  case released

  /// What a receiver gets if it does not say what it wants.
  package static let byDefault = Set(allCases).subtracting([.accepted])
}
