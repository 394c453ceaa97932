internal import Delivery

/// A file that the demo drops, and what has to become of it.
struct SampleFile: Sendable {
  /// An item that is bad on purpose.
  struct Fault: Sendable {
    /// Counts from 1 in the file.
    var item: Int
    var code: RejectCode
    /// The text that makes it bad, and what is right instead; nil where the demo leaves it as it is.
    var correction: (bad: String, good: String)?
  }

  var name: String
  var inbox: String
  var api: APIKind
  /// For people: what is in it.
  var what: String
  var text: String
  var items: Int
  /// In file order.
  var faults: [Fault]
}
