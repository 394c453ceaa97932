/// A CSV column's name, as header rows and mapping files are compared.
package enum ColumnName {
  /// The name with each run of white space (blanks, tabs, no-break spaces, line breaks) as one blank, and with none at
  /// its ends.
  ///
  /// Spreadsheets break a long name into lines, and nobody sees a second blank: such names are meant to be the same.
  package static func normalized(_ name: String) -> String {
    var scalars = String.UnicodeScalarView()
    var isAfterSpace = false
    for scalar in name.unicodeScalars {
      if scalar.properties.isWhitespace {
        isAfterSpace = true
        continue
      }
      if isAfterSpace, !scalars.isEmpty { scalars.append(" ") }
      isAfterSpace = false
      scalars.append(scalar)
    }
    return String(scalars)
  }
}
