internal import JSONText

/// Writes an object piece by piece: a line for each member and for each element of its lists, as `JSONValue.laidOut`
/// does with a document in memory.
struct JSONDocumentWriter {
  private let write: ([UInt8]) -> Void
  private var memberCount = 0
  private var elementCount = 0

  init(write: @escaping ([UInt8]) -> Void) { self.write = write }

  mutating func member(_ name: String, _ value: JSONValue) {
    var out = begin(name)
    value.append(to: &out)
    write(out)
  }

  /// Begins a list; `element` adds to it until `endList`.
  mutating func list(_ name: String) {
    elementCount = 0
    write(begin(name) + Array("[".utf8))
  }

  mutating func element(_ value: JSONValue) {
    var out = Array((elementCount == 0 ? "\n    " : ",\n    ").utf8)
    elementCount += 1
    value.append(to: &out)
    write(out)
  }

  mutating func endList() { write(Array((elementCount == 0 ? "]" : "\n  ]").utf8)) }

  mutating func end() { write(Array((memberCount == 0 ? "{}\n" : "\n}\n").utf8)) }

  private mutating func begin(_ name: String) -> [UInt8] {
    var out = Array((memberCount == 0 ? "{\n  " : ",\n  ").utf8)
    memberCount += 1
    appendQuoted(name, to: &out)
    return out + Array(": ".utf8)
  }
}
