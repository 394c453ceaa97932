/// How far a gzip may unfold before it is taken for a bomb.
package struct GzipLimits: Sendable, Equatable {
  /// Bytes out for each byte in, counted over the file so far.
  package var maxRatio: Int
  /// Bytes out at most.
  package var maxOutputBytes: Int
  /// Output up to here may have any ratio: a few kilobytes of blanks are no bomb.
  package static let unratedBytes = 1 << 20

  package init(maxRatio: Int = 200, maxOutputBytes: Int = 16 << 30) {
    self.maxRatio = maxRatio
    self.maxOutputBytes = maxOutputBytes
  }
}
