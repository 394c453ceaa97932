/// A parsed JSON text: the bytes as received, and where each value in them starts and ends.
///
/// Nothing is converted: numbers keep their digits, strings their escapes. Values are in `nodes` in text order, an
/// object's members as name, value, name, value.
final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let nodes: [Node]

  struct Node: Sendable {
    var kind: Kind
    /// A string that contains a backslash.
    var isEscaped: Bool
    var start: Int32
    var end: Int32
    /// The index of the node after this one and everything inside it.
    var next: Int32
  }

  enum Kind: UInt8, Sendable { case object, array, string, number, yes, no, null }

  init(bytes: [UInt8], nodes: [Node]) {
    self.bytes = bytes
    self.nodes = nodes
  }

  var root: JSONPart { JSONPart(document: self, index: 0) }
}
