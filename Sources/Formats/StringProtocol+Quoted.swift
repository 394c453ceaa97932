extension StringProtocol {
  /// The text in quotes for a message, shortened if it is long: its content comes from a dropped file.
  package var quoted: String { "\"\(shortened)\"" }

  /// At most 80 Unicode scalars; a single character may have any number of them.
  var shortened: String {
    let start = unicodeScalars.prefix(80)
    return String(String.UnicodeScalarView(start)) + (start.endIndex < unicodeScalars.endIndex ? "…" : "")
  }
}
