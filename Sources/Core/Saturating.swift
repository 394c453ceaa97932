// Arithmetic on numbers from outside, which may have any value. Results that do not fit are clamped to the end of the
// range, since a trap would stop the daemon because of one odd file.

extension FixedWidthInteger {
  /// The sum, or the lowest or highest number if it does not fit.
  package func addingSaturated(_ other: Self) -> Self {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? (other < 0 ? .min : .max) : sum
  }

  /// The difference, or the lowest or highest number if it does not fit.
  package func subtractingSaturated(_ other: Self) -> Self {
    let (difference, overflows) = subtractingReportingOverflow(other)
    return overflows ? (other < 0 ? .max : .min) : difference
  }

  /// The product, or the lowest or highest number if it does not fit.
  package func multipliedSaturated(by other: Self) -> Self {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? ((self < 0) == (other < 0) ? .max : .min) : product
  }
}

extension Sequence where Element: FixedWidthInteger {
  /// The sum, saturated at each step.
  package var saturatedSum: Element { reduce(0) { $0.addingSaturated($1) } }
}
