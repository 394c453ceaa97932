import Core
import JSONText

extension ByteWindow {
  /// The position after the byte order mark, if the content starts with one.
  mutating func skipByteOrderMark<S: ByteSource & ~Copyable>(from source: inout S) throws -> Int {
    while end < 3, try fill(from: &source, keepingFrom: 0) {}
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The file fault for a fault in a value that starts at `start`.
  mutating func fileFault(_ fault: JSONFault, from start: Int) -> FileFault {
    let offset = start + fault.offset
    let (line, column) = place(of: offset)
    switch fault.kind {
    case .syntax, .end: return FileFault(.malformedJSON, fault.reason, line: line, column: column)
    case .encoding:
      let isUTF16 = offset == 0 && base == 0 && (bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]))
      let hint = isUTF16 ? " (it looks like UTF-16)" : ""
      return FileFault(
        .invalidEncoding, "the file is not UTF-8 at offset \(offset)\(hint): save it as UTF-8", line: line,
        column: column)
    }
  }
}
