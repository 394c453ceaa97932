/// How far a gzip may expand before it is considered a bomb.
package struct GzipLimits: Sendable, Equatable {
  /// Bytes out per byte in, counted over the file so far.
  package var maxRatio: Int
  /// Maximum number of bytes out.
  package var maxOutputBytes: Int
  /// Output up to this size may have any ratio: a few kilobytes of blanks are not a bomb.
  package static let unratedBytes = 1 << 20

  package init(maxRatio: Int = 200, maxOutputBytes: Int = 16 << 30) {
    self.maxRatio = maxRatio
    self.maxOutputBytes = maxOutputBytes
  }
}
