extension StringProtocol {
  /// The text between quotes for a message, cut where it is long: a dropped file decides what stands there.
  var quoted: String { "\"\(shortened)\"" }

  /// At most 80 Unicode scalars; a single character may have any number of them.
  var shortened: String {
    let start = unicodeScalars.prefix(80)
    return String(String.UnicodeScalarView(start)) + (start.endIndex < unicodeScalars.endIndex ? "…" : "")
  }
}
