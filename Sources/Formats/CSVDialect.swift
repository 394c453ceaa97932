/// A CSV file's separators, which a rejects file has to copy.
package struct CSVDialect: Hashable, Sendable {
  package enum LineBreak: Hashable, Sendable {
    case lf
    case crlf

    package var bytes: [UInt8] { self == .lf ? [0x0A] : [0x0D, 0x0A] }
  }

  package var delimiter: UInt8
  /// The line break after the header row; LF if the file ends with the header.
  package var lineBreak: LineBreak

  package init(delimiter: UInt8, lineBreak: LineBreak) {
    self.delimiter = delimiter
    self.lineBreak = lineBreak
  }
}
