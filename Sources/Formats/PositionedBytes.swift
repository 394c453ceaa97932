/// A source that can skip ahead without returning the bytes in between.
package protocol PositionedBytes: ByteSource, ~Copyable {
  /// For messages.
  var path: String { get }
  /// The number of content bytes before the next one.
  var position: Int { get }
  /// Moves to `position`, which must not be before the current one.
  ///
  /// May stop at the content's end.
  mutating func move(to position: Int) throws
}
