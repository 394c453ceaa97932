extension String {
  /// The text with everything that could end a line, control a terminal or change the text direction escaped as in
  /// Swift (`\n`, `\u{1B}`, `\u{202E}`).
  ///
  /// File names and server texts come from outside: shown unescaped, a name could pass for another, or for a separate
  /// line.
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
