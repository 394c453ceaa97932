/// A parsed JSON text: the bytes as they came, and where in them each value starts and ends.
///
/// Nothing is converted: numbers keep their digits, strings their escapes. Values lie in `nodes` in the order of the
/// text, an object's members as name, value, name, value.
final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let nodes: [Node]

  struct Node: Sendable {
    var kind: Kind
    /// A string with a backslash in it.
    var isEscaped: Bool
    var start: Int32
    var end: Int32
    /// The index of the node after this one and all that it contains.
    var next: Int32
  }

  enum Kind: UInt8, Sendable { case object, array, string, number, yes, no, null }

  init(bytes: [UInt8], nodes: [Node]) {
    self.bytes = bytes
    self.nodes = nodes
  }

  var root: JSONPart { JSONPart(document: self, index: 0) }
}
