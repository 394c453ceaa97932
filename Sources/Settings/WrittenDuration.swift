extension Duration {
  /// Human-readable form: `500ms`, `2s`, `5m`, `1h30m`, `5d`, or a plain `0`.
  ///
  /// Whole numbers, each unit once, the largest first; at most 36500d, so that sums never overflow.
  package init?(written text: String) {
    if text == "0" {
      self = .zero
      return
    }
    let units: [(name: String, milliseconds: Int64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    let most: Int64 = 36_500 * 86_400_000
    var total: Int64 = 0
    var next = 0
    var rest = Substring(text)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let number = Int64(digits), number <= most,
        let unit = units[next...].firstIndex(where: { $0.name == name })
      else { return nil }
      let (product, overflows) = number.multipliedReportingOverflow(by: units[unit].milliseconds)
      guard !overflows, product <= most - total else { return nil }
      total += product
      next = unit + 1
    }
    self = .milliseconds(total)
  }
}

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

extension Int {
  /// A number of bytes as `init(writtenSize:)` reads it, in the largest unit that leaves no rest.
  var writtenSize: String {
    guard self > 0 else { return String(self) }
    return switch trailingZeroBitCount {
    case 30...: "\(self >> 30)GiB"
    case 20...: "\(self >> 20)MiB"
    case 10...: "\(self >> 10)KiB"
    default: String(self)
    }
  }
}
