/// The name of a batch in every engine: its file, and its place there.
///
/// Names sort in line order. A name is never used again: a part of a batch has a longer position than the batch, and
/// sorts into its place.
package struct BatchName: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var file: FileID
  /// Eight digits, and one more for each time that the batch was replaced by a part of it.
  package var position: String

  package init(file: FileID, position: String) {
    self.file = file
    self.position = position
  }

  /// The name of a file's batch number `ordinal`, from 1.
  package init(file: FileID, ordinal: Int) {
    let digits = String(ordinal)
    self.init(file: file, position: String(repeating: "0", count: max(0, 8 - digits.count)) + digits)
  }

  package static func < (a: BatchName, b: BatchName) -> Bool { (a.file, a.position) < (b.file, b.position) }

  /// The name of part number `index`, from 0.
  package func part(_ index: Int) -> BatchName { BatchName(file: file, position: position + String(index)) }

  package var description: String { "\(file)/\(position)" }
}
