internal import Core

// Faults of a file as a whole that say what is in it.
extension FileFault {
  /// The file has no item.
  ///
  /// - Parameter bytes: of content, without a byte order mark: if there are any, all of them are blank.
  static func empty(bytes: Int, hint: String = "") -> FileFault {
    FileFault(.emptyFile, (bytes > 0 ? "the file has only blank lines" : "the file is empty") + hint)
  }

  /// The same fault; names the delimiter as the likely cause if the header row is a single column that contains another
  /// one.
  func blamingDelimiter(of header: CSVHeader) -> FileFault {
    guard header.width == 1, let name = header.columns.first?.name, !message.contains("delimiter") else { return self }
    let others: [(byte: UInt8, text: String, setting: String)] = [
      (UInt8(ascii: ";"), ";", "\";\""), (UInt8(ascii: "\t"), "tab", "tab"), (UInt8(ascii: "|"), "|", "\"|\""),
      (UInt8(ascii: ","), ",", "\",\""),
    ]
    let other = others.first { $0.byte != header.dialect.delimiter && name.utf8.contains($0.byte) }
    guard let other else { return self }
    var fault = self
    fault.message += """
      ; the header row is a single column that contains \(other.text.quoted): the likely cause is the delimiter \
      (set delimiter: \(other.setting) or delimiter: auto)
      """
    return fault
  }
}
