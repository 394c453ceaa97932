internal import Yams

/// One value of a file, and where it stands.
package struct Entry {
  let node: Node
  /// The path from the root: `targets.lusid.batch.max_items`; empty for the root.
  package let key: String
  /// Of the key, or of the value where it has no key or begins further down.
  package let line: Int?
  package let reading: Reading

  package func report(_ message: String) {
    reading.report(message, line: line, key: key.isEmpty ? nil : key)
  }

  package func report(_ message: String, at subkey: String) {
    reading.report(message, line: line, key: path(to: subkey))
  }

  /// The path to a member: a name that is no plain word stands in quotes.
  func path(to subkey: String) -> String {
    let isPlain =
      !subkey.isEmpty && subkey.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
    let name = isPlain ? subkey : "\"\(subkey)\""
    return key.isEmpty ? name : "\(key).\(name)"
  }

  /// What a value of the wrong type is called in a message.
  var kind: String {
    switch node {
    case .mapping: "a mapping of keys to values"
    case .sequence: "a list"
    case .scalar, .alias: isNull ? "empty" : "a single value"
    }
  }

  /// Nothing at all, `~` or `null`, without quotes.
  var isNull: Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  var isMapping: Bool { node.mapping != nil }

  package var isScalar: Bool { node.scalar != nil }

  /// A list's entries; nil for anything else.
  package var elements: [Entry]? {
    node.sequence?.enumerated().map { index, node in
      Entry(node: node, key: "\(key)[\(index)]", line: node.mark?.line ?? line, reading: reading)
    }
  }

  /// A mapping's member, ahead of its being read; nil where there is none.
  func member(_ name: String) -> Entry? {
    node.mapping.flatMap { Section($0, at: self).value(name) }
  }

  /// Reads a mapping; keys that `read` does not ask for are unknown.
  @discardableResult
  package func section<T>(_ read: (Section) -> T?) -> T? {
    guard let mapping = node.mapping else {
      report("must be a mapping of keys to values, but is \(kind)")
      return nil
    }
    let section = Section(mapping, at: self)
    let value = read(section)
    section.reportUnknownKeys()
    return value
  }

  /// Reads a list, each entry of it by `read`; what that refuses is left out.
  package func list<T>(_ read: (Entry) -> T?) -> [T]? {
    guard let elements else {
      report("must be a list, but is \(kind)")
      return nil
    }
    return elements.compactMap(read)
  }
}
