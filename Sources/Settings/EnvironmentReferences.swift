/// A value with its `${NAME}` replaced from the environment.
///
/// A name consists of ASCII letters, digits and `_`. `$${` is a literal `${`; any other `$` is left alone. Text from
/// the environment is not scanned again.
struct EnvironmentReferences {
  var text = ""
  /// Whether anything was replaced: such text does not appear in the file.
  var isFromEnvironment = false
  /// Faults in the references; if there are any, `text` is meaningless.
  var faults: [String] = []

  init(in raw: String, environment: [String: String]) {
    var rest = raw[...]
    while let dollar = rest.firstIndex(of: "$") {
      text += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        text += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        let name = rest.dropFirst(2).prefix { $0 != "}" }
        rest = rest.dropFirst(2 + name.count)
        if rest.isEmpty || name.isEmpty || !name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        {
          faults.append("has a \"${\" that does not begin a ${NAME}: write \"$${\" for a literal \"${\"")
        } else if let value = environment[String(name)] {
          text += value
          isFromEnvironment = true
        } else {
          faults.append(
            "${\(name)} is not set in the environment: set it, or write \"$${\" for a literal \"${\"")
        }
        rest = rest.dropFirst()
      } else {
        text += "$"
        rest = rest.dropFirst()
      }
    }
    text += rest
  }
}
