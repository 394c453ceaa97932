internal import Core

// Faults of a file as a whole that say what is in it.
extension FileFault {
  /// The file has no item.
  ///
  /// - Parameter bytes: of content, without a byte order mark: if there are any, all of them are blank.
  static func empty(bytes: Int, hint: String = "") -> FileFault {
    FileFault(.emptyFile, (bytes > 0 ? "the file has only blank lines" : "the file is empty") + hint)
  }
}
