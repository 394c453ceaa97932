/// Column names as they are compared.
package enum ColumnName {
  /// Runs of white space, no-break spaces and line breaks become one blank; those at the ends go.
  package static func normalized(_ name: String) -> String {
    // Unicode's White_Space holds the no-break spaces and every line break.
    name.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map(String.init).joined(separator: " ")
  }
}
