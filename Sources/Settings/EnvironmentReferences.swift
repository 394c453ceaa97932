/// A value with its `${NAME}` replaced from the environment.
///
/// A name is of ASCII letters, digits and `_`. `$${` stands for a plain `${`; any other `$` is left alone. What comes
/// out of the environment is not looked at again.
struct EnvironmentReferences {
  var text = ""
  /// Whether anything was replaced: such a text is not in the file.
  var isFromEnvironment = false
  /// What is wrong with the references; `text` is of no use then.
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
          faults.append("has a \"${\" that is no ${NAME}: write \"$${\" for the characters themselves")
        } else if let value = environment[String(name)] {
          text += value
          isFromEnvironment = true
        } else {
          faults.append(
            "${\(name)} is not set in the environment: set it, or write \"$${\" for the characters themselves")
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
