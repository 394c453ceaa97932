internal import Core
internal import Yams

/// One mapping of a file, read key by key.
///
/// Records which keys were requested: all others are unknown, and the nearest requested key is suggested for each.
package final class ConfigSection {
  package let entry: ConfigNode
  private var members: [(name: String, line: Int?, value: ConfigNode)] = []
  /// Each key's index in `members`; a mapping file may have ten thousand.
  private var places: [String: Int] = [:]
  private var asked: [String] = []
  private var isAsked: Set<String> = []
  /// For keys that are repeated further down: the line of the first one.
  private var firstLines: [String: Int] = [:]

  init(_ mapping: Node.Mapping, at entry: ConfigNode) {
    self.entry = entry
    add(mapping)
    for member in members {
      guard let first = firstLines[member.name] else { continue }
      entry.reading.report(
        "is given more than once, first on line \(first): keep one of them", line: member.line, key: member.value.key)
    }
  }

  /// Adds the members not present yet; a merge key (`<<: *anchor`, YAML 1.1) comes after the mapping's own keys.
  private func add(_ mapping: Node.Mapping) {
    var merged: [Node] = []
    for (key, node) in mapping {
      let line = key.mark?.line ?? entry.line
      if let name = entry.reading.repeatedName(at: key.mark) {
        firstLines[name] = min(line ?? 0, firstLines[name] ?? .max)
      } else if let scalar = key.scalar, scalar.string == "<<", scalar.style == .plain {
        merged += node.sequence.map(Array.init) ?? [node]
      } else if let scalar = key.scalar {
        guard !has(scalar.string) else { continue }
        let value = ConfigNode(
          node: node, key: entry.path(to: scalar.string), line: Self.line(of: node, after: line), reading: entry.reading
        )
        places[scalar.string] = members.count
        members.append((scalar.string, line, value))
      } else {
        entry.reading.report("has a key that is a list or a mapping: write a plain word", line: line, key: entry.key)
      }
    }
    for node in merged {
      if let mapping = node.mapping { add(mapping) } else { entry.report("must be an alias of a mapping", at: "<<") }
    }
  }

  /// A scalar's own line; for anything larger, the line of its key, which is what a user looks for.
  private static func line(of node: Node, after keyLine: Int?) -> Int? {
    guard let scalar = node.scalar, !scalar.string.isEmpty else { return keyLine }
    return scalar.mark?.line ?? keyLine
  }

  /// In the file's order.
  package var names: [String] { members.map(\.name) }

  package func has(_ name: String) -> Bool { places[name] != nil }

  /// The value of a key, or nil if it is not given.
  package func value(_ name: String) -> ConfigNode? {
    if isAsked.insert(name).inserted { asked.append(name) }
    return places[name].map { members[$0].value }
  }

  /// The value of a key converted by `convert`; nil if it is not given or is invalid.
  @discardableResult
  package func read<T>(_ name: String, _ convert: (ConfigNode) -> T?) -> T? {
    value(name).flatMap(convert)
  }

  /// The same, keeping the default if the key is not given.
  package func read<T>(_ name: String, into place: inout T, _ convert: (ConfigNode) -> T?) {
    if let value = read(name, convert) { place = value }
  }

  package func read<T>(_ name: String, into place: inout T?, _ convert: (ConfigNode) -> T?) {
    if let value = read(name, convert) { place = value }
  }

  /// Every member, for mappings whose keys are names chosen by the user.
  func readAll<T>(_ convert: (_ name: String, ConfigNode) -> T?) -> [T] {
    members.compactMap { member in
      value(member.name).flatMap { convert(member.name, $0) }
    }
  }

  /// Reports a fault of a key, at the key's line if it is given.
  package func report(_ message: String, at name: String) {
    if let value = value(name) { value.report(message) } else { entry.report(message, at: name) }
  }

  package func reportMissing(_ name: String, _ advice: String) {
    report("is missing: \(advice)", at: name)
  }

  func reportUnknownKeys() {
    for member in members where !isAsked.contains(member.name) {
      let advice =
        if let meant = nearestWord(to: member.name, among: asked) {
          "did you mean \"\(meant)\"?"
        } else {
          "the keys here are \(asked.joined(separator: ", "))"
        }
      entry.reading.report("is unknown: \(advice)", line: member.line, key: member.value.key)
    }
  }
}
