internal import Yams

/// One value of a file, and its place.
package struct ConfigNode {
  let node: Node
  /// The path from the root: `targets.lusid.batch.max_items`; empty for the root.
  package let key: String
  /// The line of the key, or of the value if it has no key or begins further down.
  package let line: Int?
  package let reading: LoadContext

  /// For a fault of a file that it names: `upsertd.yaml:4: targets.t.auth.secrets_file`.
  var origin: String { "\(reading.path)\(line.map { ":\($0)" } ?? ""): \(key)" }

  package func report(_ message: String) {
    reading.report(message, line: line, key: key.isEmpty ? nil : key)
  }

  package func report(_ message: String, at subkey: String) {
    reading.report(message, line: line, key: path(to: subkey))
  }

  /// The path to a member: a name that is not a plain word is quoted.
  func path(to subkey: String) -> String {
    let isPlain =
      !subkey.isEmpty && subkey.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
    let name = isPlain ? subkey : "\"\(subkey)\""
    return key.isEmpty ? name : "\(key).\(name)"
  }

  /// The name of the value's type for messages about a wrong type.
  var kind: String {
    switch node {
    case .mapping: "a mapping of keys to values"
    case .sequence: "a list"
    case .scalar, .alias: isNull ? "empty" : "a single value"
    }
  }

  /// No value, `~` or `null`, without quotes.
  var isNull: Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  var isMapping: Bool { node.mapping != nil }

  package var isScalar: Bool { node.scalar != nil }

  /// A list's entries; nil for anything else.
  package var elements: [ConfigNode]? {
    node.sequence?.enumerated().map { index, node in
      ConfigNode(node: node, key: "\(key)[\(index)]", line: node.mark?.line ?? line, reading: reading)
    }
  }

  /// A mapping's member before the mapping is read; nil if there is none.
  func member(_ name: String) -> ConfigNode? {
    node.mapping.flatMap { ConfigSection($0, at: self).value(name) }
  }

  /// Reads a mapping; keys that `read` does not request are unknown.
  @discardableResult
  package func section<T>(_ read: (ConfigSection) -> T?) -> T? {
    guard let mapping = node.mapping else {
      report("must be a mapping of keys to values, but is \(kind)")
      return nil
    }
    let section = ConfigSection(mapping, at: self)
    let value = read(section)
    section.reportUnknownKeys()
    return value
  }

  /// Reads a list, each entry with `read`; entries that it rejects are left out.
  package func list<T>(_ read: (ConfigNode) -> T?) -> [T]? {
    guard let elements else {
      report("must be a list, but is \(kind)")
      return nil
    }
    return elements.compactMap(read)
  }
}
