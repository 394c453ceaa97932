internal import APIs

/// What the first cell of a row says about the row's purpose.
enum RecordWords {
  /// Of a row in front of the data that describes the file.
  static func isHeader(_ cell: String) -> Bool { headers.contains(cell.uppercased()) }

  /// Of a row after the data with totals; `isSure` if the word is hardly anything else.
  static func trailer(_ cell: String) -> (isTrailer: Bool, isSure: Bool) {
    let word = cell.uppercased()
    if sureTrailers.contains(word) { return (true, true) }
    return (trailers.contains(word), false)
  }

  private static let headers: Set<String> = ["HDR", "HEADER", "HEAD", "HD", "H", "BOF", "SOF", "00", "0", "01"]
  private static let sureTrailers: Set<String> = [
    "TRL", "TRAILER", "TRLR", "TLR", "TRAIL", "TAIL", "EOF", "FOOTER", "FTR", "CONTROL", "CTL", "TOTALS", "TOTAL",
    "GRAND TOTAL", "SUMME", "GESAMT", "GESAMTSUMME", "SUM",
  ]
  private static let trailers: Set<String> = ["T", "TR", "TL", "Z", "E", "END", "99", "9", "999", "F", "SALDO", "ENDE"]
}
