package import Delivery

/// A file that the demo drops, and what has to become of it.
package struct SampleFile: Sendable {
  /// An item that is bad on purpose.
  package struct Fault: Sendable {
    /// Counts from 1 in the file.
    package var item: Int
    package var code: RejectCode
    /// The text that makes it bad, and what is right instead; nil where the demo leaves it as it is.
    package var correction: (bad: String, good: String)?
  }

  package var name: String
  package var inbox: String
  package var api: APIKind
  /// For people: what is in it.
  package var what: String
  package var text: String
  package var items: Int
  /// In file order.
  package var faults: [Fault]
}
