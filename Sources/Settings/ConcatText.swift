internal import Core

/// One text of a computed field's `concat`, in which `{Name}` stands for a column's cell; `{{` and `}}` are braces.
struct ConcatText {
  private(set) var parts: [ColumnMapping.Computed.Part] = []

  /// Nil if the text can't be used; the reason is reported.
  init?(_ entry: ConfigNode) {
    guard let text = entry.scalarText()?.text else { return nil }
    guard !text.isEmpty else {
      entry.report("must not be empty")
      return nil
    }
    var plain = ""
    var rest = text[...]
    while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      plain += rest[..<brace]
      let sign = rest[brace]
      rest = rest[rest.index(after: brace)...]
      if rest.first == sign {
        plain.append(sign)
        rest = rest.dropFirst()
        continue
      }
      guard sign == "{" else {
        entry.report("has a \"}\" without a \"{\": write \"}}\" for a literal \"}\"")
        return nil
      }
      guard let end = rest.firstIndex(of: "}") else {
        entry.report("has a \"{\" without a \"}\": close it, or write \"{{\" for a literal \"{\"")
        return nil
      }
      let name = ColumnName.normalized(String(rest[..<end]))
      guard !name.isEmpty else {
        entry.report("has \"{}\" without a column's name in it")
        return nil
      }
      if !plain.isEmpty { parts.append(.text(plain)) }
      plain = ""
      parts.append(.column(name))
      rest = rest[rest.index(after: end)...]
    }
    plain += rest
    if !plain.isEmpty { parts.append(.text(plain)) }
  }
}
