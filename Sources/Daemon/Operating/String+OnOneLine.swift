extension String {
  /// The text with its control characters and line breaks escaped as Swift would (`\n`, `\u{1B}`).
  ///
  /// Names of files and words of servers come from outside: shown as they are they could end a line, or steer a terminal.
  package var onOneLine: String {
    guard unicodeScalars.contains(where: \.needsEscape) else { return self }
    return unicodeScalars.map { $0.needsEscape ? $0.escaped(asASCII: true) : String($0) }.joined()
  }
}

extension Unicode.Scalar {
  fileprivate var needsEscape: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
