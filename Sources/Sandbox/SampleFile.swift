package import Core

/// A file that the demo drops, and its expected outcome.
package struct SampleFile: Sendable {
  /// A deliberately bad item.
  package struct Fault: Sendable {
    /// The item's number in the file, from 1.
    package var item: Int
    package var code: RejectCode
    /// The text that makes it bad, and its correction; nil if the demo leaves it unchanged.
    package var correction: (bad: String, good: String)?
  }

  package var name: String
  package var inbox: String
  package var api: APIKind
  /// A human-readable description of its content.
  package var what: String
  package var text: String
  package var items: Int
  /// In file order.
  package var faults: [Fault]
}
