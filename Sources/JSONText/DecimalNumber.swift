/// A JSON number as digits × 10^exponent, without zeros at either end of the digits: the same for every spelling of a
/// value.
package struct DecimalNumber: Equatable {
  var isNegative: Bool
  /// Empty for zero.
  var digits: [UInt8]
  var exponent: Int

  /// Nil if the exponent does not fit an `Int`.
  package init?(_ text: String) {
    var digits: [UInt8] = []
    var exponent = 0
    var isFraction = false
    var negative = false
    var rest = Substring(text).utf8
    scanning: while let byte = rest.first {
      rest = rest.dropFirst()
      switch byte {
      case UInt8(ascii: "-"): negative = true
      case UInt8(ascii: "."): isFraction = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        guard let power = Int(Substring(rest)), abs(power.saturated) < 1 << 60 else {
          if digits.allSatisfy({ $0 == UInt8(ascii: "0") }) { break scanning }
          return nil
        }
        exponent += power
        break scanning
      default:
        digits.append(byte)
        if isFraction { exponent -= 1 }
      }
    }
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      exponent += 1
    }
    self.digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
    self.exponent = self.digits.isEmpty ? 0 : exponent
    isNegative = negative && !self.digits.isEmpty
  }

  /// Whether two JSON numbers have exactly the same value; numbers with exponents past 2^60 only if they are spelled
  /// alike.
  static func same(_ a: String, _ b: String) -> Bool {
    if a == b { return true }
    guard let a = DecimalNumber(a), let b = DecimalNumber(b) else { return false }
    return a == b
  }

  /// The same text for every spelling of a value; whole numbers of up to 40 digits in their usual form.
  package var canonicalText: String {
    let sign = isNegative ? "-" : ""
    if digits.isEmpty { return "0" }
    let text = String(decoding: digits, as: UTF8.self)
    guard exponent >= 0, digits.count + exponent <= 40 else { return "\(sign)\(text)e\(exponent)" }
    return sign + text + String(repeating: "0", count: exponent)
  }

  /// Nil if the value is not whole or does not fit.
  var integer: Int? {
    guard exponent >= 0, digits.count + exponent <= 20 else { return nil }
    let text = String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: exponent)
    return Int((isNegative ? "-" : "") + (text.isEmpty ? "0" : text))
  }
}

extension Int {
  /// Itself, except for the one value without an absolute value.
  fileprivate var saturated: Int { self == .min ? .max : self }
}
