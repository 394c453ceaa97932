internal import Core
internal import Yams

extension ConfigNode {
  struct Text {
    /// May be empty.
    var text: String
    /// As written in the file, for messages: the environment may hold secrets.
    var written: String
    /// Whether it was quoted, which makes it text rather than a number.
    var isQuoted: Bool
    var isFromEnvironment: Bool
  }

  /// A scalar's text with its `${NAME}` replaced; for anything else, reports a fault and returns nil.
  func scalarText() -> Text? {
    guard let scalar = node.scalar else {
      report("must be a single value, but is \(kind)")
      return nil
    }
    let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
    guard let environment = reading.environment else {
      return Text(text: scalar.string, written: scalar.string, isQuoted: isQuoted, isFromEnvironment: false)
    }
    let replaced = EnvironmentReferences(in: scalar.string, environment: environment)
    replaced.faults.forEach(report)
    guard replaced.faults.isEmpty else { return nil }
    return Text(
      text: replaced.text, written: scalar.string, isQuoted: isQuoted, isFromEnvironment: replaced.isFromEnvironment)
  }

  /// Text of at least one character, without control characters.
  package func text() -> String? {
    guard !isNull else {
      report("has no value: give one, or leave out the key")
      return nil
    }
    guard let text = scalarText()?.text else { return nil }
    guard !text.isEmpty else {
      report("must not be empty")
      return nil
    }
    guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
      report("must not contain control characters or line breaks")
      return nil
    }
    return text
  }

  /// A number or word that is not text: quotes are accepted only around a value from the environment.
  private func unquoted(_ wanted: String) -> Text? {
    guard !isNull else {
      report("has no value: give \(wanted), or leave out the key")
      return nil
    }
    guard let text = scalarText() else { return nil }
    guard !text.isQuoted || text.isFromEnvironment else {
      report("must be \(wanted), but is text: leave out the quotes")
      return nil
    }
    reading.show(key, .unquoted)
    return text
  }

  func bool() -> Bool? {
    guard let text = unquoted("true or false") else { return nil }
    switch text.text {
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default:
      report("must be true or false, but is \"\(text.written)\"")
      return nil
    }
  }

  func int(atLeast least: Int, atMost most: Int = .max) -> Int? {
    guard let text = unquoted("a whole number") else { return nil }
    guard let number = Int(text.text) else {
      report("must be a whole number, but is \"\(text.written)\"")
      return nil
    }
    guard (least...most).contains(number) else {
      report(
        number < least
          ? "must be at least \(least), but is \(text.written)" : "must be at most \(most), but is \(text.written)")
      return nil
    }
    return number
  }

  /// A number above zero, from one per thousand seconds to a million per second.
  func rate() -> Double? {
    guard let text = unquoted("a number") else { return nil }
    guard let number = Double(text.text), number.isFinite else {
      report("must be a number, but is \"\(text.written)\"")
      return nil
    }
    guard number > 0 else {
      report("must be more than 0, but is \(text.written)")
      return nil
    }
    guard (0.001...1_000_000).contains(number) else {
      report("must be from 0.001 to 1000000, but is \(text.written)")
      return nil
    }
    return number
  }

  enum Least { case zero, moreThanZero }

  func duration(_ least: Least) -> Duration? {
    guard !isNull else {
      report("has no value: give a duration such as 2s, or leave out the key")
      return nil
    }
    guard let text = scalarText() else { return nil }
    if text.text.hasPrefix("-") {
      report("must not be negative, but is \(text.written)")
      return nil
    }
    guard let duration = Duration(written: text.text) else {
      let advice =
        Int(text.text) == nil
        ? "must be a duration such as 500ms, 2s, 5m, 1h30m or 5d, but is \"\(text.written)\""
        : "has no unit: write \(text.written)s for seconds, or use ms, m, h, d"
      report(advice)
      return nil
    }
    if least == .moreThanZero, duration == .zero {
      report("must be more than 0, but is \(text.written)")
      return nil
    }
    return duration
  }

  /// At most 1 PiB, so that sums and products of sizes never overflow.
  func size(atLeast least: Int) -> Int? {
    guard !isNull else {
      report("has no value: give a size such as 4MiB, or leave out the key")
      return nil
    }
    guard let text = scalarText() else { return nil }
    if text.text.hasPrefix("-") {
      report("must not be negative, but is \(text.written)")
      return nil
    }
    guard let size = Int(writtenSize: text.text) else {
      report("must be a size such as 4096, 64KiB, 4MiB, 1GiB or 5MB, but is \"\(text.written)\"")
      return nil
    }
    guard size >= least else {
      report("must be at least \(least), but is \(text.written)")
      return nil
    }
    guard size <= 1 << 50 else {
      report("must be at most 1048576GiB, but is \(text.written)")
      return nil
    }
    return size
  }

  /// One of an enumeration's words, spelled exactly.
  package func word<T: RawRepresentable & CaseIterable>(_: T.Type = T.self) -> T? where T.RawValue == String {
    word(among: T.allCases.map(\.rawValue)).flatMap(T.init(rawValue:))
  }

  func word(among words: [String]) -> String? {
    guard let text = scalarText() else { return nil }
    if words.contains(text.text) { return text.text }
    let known = words.joined(separator: ", ")
    if isNull || text.text.isEmpty {
      report("has no value: give one of \(known)")
    } else if let meant = nearestWord(to: text.written, among: words) {
      report("must be one of \(known), but is \"\(text.written)\": did you mean \"\(meant)\"?")
    } else {
      report("must be one of \(known), but is \"\(text.written)\"")
    }
    return nil
  }

  /// Text that would be a mistake if it were a number, true or false: a path, a pattern, a suffix.
  ///
  /// - Parameter wanted: for messages: `a path`.
  func text(_ wanted: String) -> String? {
    guard let text = text() else { return nil }
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any, scalar.string == text,
      let other = Self.kindOfWord(text)
    else { return text }
    report("must be \(wanted), but is \(other): write \"\(text)\", with quotes, if it is meant")
    return nil
  }

  /// What a word without quotes is in YAML if it is not text.
  private static func kindOfWord(_ word: String) -> String? {
    if ["true", "True", "TRUE", "false", "False", "FALSE"].contains(word) { return word.lowercased() }
    let isNumber = word.utf8.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && Double(word) != nil
    return isNumber ? "the number \(word)" : nil
  }

  /// A path relative to this file, made absolute.
  func path() -> String? {
    guard let path = text("a path").map(reading.absolute) else { return nil }
    reading.show(key, .text(path))
    return path
  }

  /// A file name pattern.
  func glob() -> String? {
    guard let pattern = text("a pattern such as *.csv") else { return nil }
    if let fault = Glob.fault(in: pattern) {
      report(fault)
      return nil
    }
    return pattern
  }
}
