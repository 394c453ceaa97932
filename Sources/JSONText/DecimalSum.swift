/// An exact sum of JSON numbers, for control totals.
///
/// Holds at least 38 digits, those after the decimal point included. A sum that needs more is an error, never a
/// rounded value.
package struct DecimalSum: Sendable {
  /// The sum in units of 10^-scale.
  private var units: Int128 = 0
  private var scale = 0

  private static let maxScale = 38

  package enum Fault: Error, Equatable, Sendable {
    case notANumber
    /// The number or the sum has more digits than can be held.
    case tooLarge
  }

  package init() {}

  /// - Parameter number: a JSON number (RFC 8259, section 6), exponents included.
  /// - Throws: `Fault`; the sum is then unchanged.
  package mutating func add(_ number: Span<UInt8>) throws(Fault) {
    var added = DecimalSum()
    try added.read(number)
    var sum = self
    try sum.rescale(to: added.scale)
    try added.rescale(to: sum.scale)
    let (units, overflow) = sum.units.addingReportingOverflow(added.units)
    guard !overflow else { throw .tooLarge }
    self.units = units
    scale = sum.scale
  }

  /// The sum with as many digits after the point as the number that had the most: `12.50`.
  package var text: String {
    let digits = String(units.magnitude)
    let sign = units < 0 ? "-" : ""
    guard scale > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    return "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
  }

  private mutating func read(_ number: Span<UInt8>) throws(Fault) {
    var at = 0
    let isNegative = number.count > 0 && number[0] == UInt8(ascii: "-")
    if isNegative { at = 1 }
    let digits = try takeDigits(number, from: &at)
    guard digits > 0 else { throw .notANumber }
    if at < number.count, number[at] == UInt8(ascii: ".") {
      at += 1
      scale = try takeDigits(number, from: &at)
      guard scale > 0 else { throw .notANumber }
    }
    if at < number.count {
      guard number[at] | 0x20 == UInt8(ascii: "e") else { throw .notANumber }
      // Exponents that do not fit an `Int` are not worth telling from text.
      let exponent = number.extracting((at + 1)...).withUnsafeBufferPointer {
        Int(String(decoding: $0, as: UTF8.self))
      }
      guard let exponent else { throw .notANumber }
      guard units != 0 else {
        scale = 0
        return
      }
      guard exponent.magnitude <= 1000 else { throw .tooLarge }
      scale -= exponent
      while scale < 0 {
        try multiplyByTen()
        scale += 1
      }
    }
    guard scale <= Self.maxScale else { throw .tooLarge }
    if isNegative { units = -units }
  }

  /// Appends the digits at `at` to `units`; returns how many there are.
  private mutating func takeDigits(_ number: Span<UInt8>, from at: inout Int) throws(Fault) -> Int {
    let start = at
    while at < number.count, number[at] &- UInt8(ascii: "0") < 10 {
      try multiplyByTen()
      let (sum, overflow) = units.addingReportingOverflow(Int128(number[at] - UInt8(ascii: "0")))
      guard !overflow else { throw .tooLarge }
      units = sum
      at += 1
    }
    return at - start
  }

  private mutating func multiplyByTen() throws(Fault) {
    let (product, overflow) = units.multipliedReportingOverflow(by: 10)
    guard !overflow else { throw .tooLarge }
    units = product
  }

  private mutating func rescale(to other: Int) throws(Fault) {
    while scale < other {
      try multiplyByTen()
      scale += 1
    }
  }

  /// Without zeros at the end of the fraction.
  private var reduced: (units: Int128, scale: Int) {
    var (units, scale) = (units, scale)
    while scale > 0, units.isMultiple(of: 10) {
      units /= 10
      scale -= 1
    }
    return (units, scale)
  }
}

extension DecimalSum: Equatable {
  /// Compares values: `12.5` and `12.50` are equal.
  package static func == (a: DecimalSum, b: DecimalSum) -> Bool { a.reduced == b.reduced }
}
