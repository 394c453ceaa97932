/// Writes Prometheus' text format, version 0.0.4.
///
/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
package struct Exposition: Sendable {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package private(set) var text = ""

  package init() {}

  /// Begins a family; its samples follow.
  package mutating func head(_ name: String, _ help: String, type: String) {
    text += "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(type)\n"
  }

  package mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0)=\"\(Self.escaped($1, quote: true))\"" }.joined(separator: ",") + "}"
    }
    text += " \(Self.number(value))\n"
  }

  /// A family whose values are looked up at this moment rather than counted.
  package mutating func family(
    _ name: String, _ help: String, type: String = "gauge", _ samples: [(labels: [(String, String)], value: Double)]
  ) {
    head(name, help, type: type)
    for (labels, value) in samples { sample(name, labels, value) }
  }

  /// The same with one sample that needs no labels.
  package mutating func family(_ name: String, _ help: String, type: String = "gauge", _ value: Double) {
    family(name, help, type: type, [([], value)])
  }

  /// Writes whole numbers without a decimal point, for readability.
  static func number(_ value: Double) -> String {
    Int(exactly: value).map { String($0) } ?? (value.isNaN ? "NaN" : "\(value)")
  }

  private static func escaped(_ text: String, quote: Bool = false) -> String {
    guard
      text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\"") })
    else { return text }
    var out = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\"" where quote: out += "\\\""
      default: out.unicodeScalars.append(character)
      }
    }
    return out
  }
}
