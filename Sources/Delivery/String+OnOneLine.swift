extension String {
  /// The text with what could end a line, steer a terminal or turn the direction of the text escaped as Swift would (`\n`, `\u{1B}`,
  /// `\u{202E}`).
  ///
  /// Names of files and words of servers come from outside: shown as they are, a name could pass for another, or for a line of its own.
  package var onOneLine: String {
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
    guard unicodeScalars.contains(where: \.needsEscape) else { return self }
    return unicodeScalars.map { $0.needsEscape ? $0.escaped(asASCII: true) : String($0) }.joined()
  }
}

extension Unicode.Scalar {
  fileprivate var needsEscape: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }
}
