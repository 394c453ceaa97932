extension Int {
  /// A number of bytes in human-readable form: `4096`, `4KiB`, `4MiB`, `4GiB`, `4KB`, `4MB`, `4GB`.
  package init?(writtenSize text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    let unit: Int
    switch text.dropFirst(digits.count) {
    case "": unit = 1
    case "KiB": unit = 1 << 10
    case "MiB": unit = 1 << 20
    case "GiB": unit = 1 << 30
    case "KB": unit = 1000
    case "MB": unit = 1_000_000
    case "GB": unit = 1_000_000_000
    default: return nil
    }
    let (product, overflows) = number.multipliedReportingOverflow(by: unit)
    guard !overflows else { return nil }
    self = product
  }
}
