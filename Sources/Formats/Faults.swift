import Core

// Faults of a file as a whole that say what is in it.
extension FileFault {
  /// The file has no item.
  ///
  /// - Parameter bytes: of content, without a byte order mark: if there are any, all of them are blank.
  static func empty(bytes: Int, hint: String = "") -> FileFault {
    FileFault(.emptyFile, (bytes > 0 ? "the file has only blank lines" : "the file is empty") + hint)
  }
}

extension ItemFault {
  static func tooLarge(_ limits: ReaderLimits) -> ItemFault {
    ItemFault(
      .tooLarge,
      "the item has more than \(counted(limits.maxItemBytes, "byte")): make it smaller, or raise limits.max_item_bytes")
  }

  static func tooDeep(_ levels: Int, _ limits: ReaderLimits) -> ItemFault {
    ItemFault(
      .tooDeep,
      "the item has \(levels) levels of objects and arrays, more than \(limits.maxNesting): flatten it, or raise"
        + " limits.max_nesting")
  }
}

extension StringProtocol {
  /// The text in quotes for a message, shortened if it is long: its content comes from a dropped file.
  package var quoted: String { "\"\(shortened)\"" }

  /// At most 80 Unicode scalars; a single character may have any number of them.
  var shortened: String {
    let start = unicodeScalars.prefix(80)
    return String(String.UnicodeScalarView(start)) + (start.endIndex < unicodeScalars.endIndex ? "…" : "")
  }
}
