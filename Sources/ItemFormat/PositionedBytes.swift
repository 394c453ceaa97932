/// A source that can go ahead without handing out what lies between.
package protocol PositionedBytes: ByteSource, ~Copyable {
  /// For messages.
  var path: String { get }
  /// How many bytes of the content lie before the next one.
  var position: Int { get }
  /// Goes to `position`, which is not before the present one.
  ///
  /// May stop at the content's end.
  mutating func move(to position: Int) throws
}
