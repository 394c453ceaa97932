/// Column names as they are compared.
package enum ColumnName {
  /// Runs of white space, no-break spaces and line breaks become one blank; those at the ends go.
  package static func normalized(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    if isPlain { return name }
    return name.unicodeScalars.split { $0.properties.isWhitespace || $0 == "\u{FEFF}" || $0 == "\u{200B}" }
      .map { String($0) }.joined(separator: " ")
  }
}
