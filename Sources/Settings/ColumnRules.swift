package import Core
package import Formats

/// A path of a mapping file, as in a CSV header: it may end in a type, which is the only use of a colon.
struct ColumnPath {
  /// Without the type.
  var to: String
  var type: CellType?
  private var steps: [PathStep]

  /// Nil if it is not a path; the reason is reported for `entry`.
  init?(_ text: String, _ entry: ConfigNode) {
    guard !text.split(separator: ".", omittingEmptySubsequences: false).contains("") else {
      entry.report("is not a field's path: a name is missing before or after a dot")
      return nil
    }
    to = text
    if let colon = text.lastIndex(of: ":") {
      let word = String(text[text.index(after: colon)...])
      guard let type = CellType(rawValue: word) else {
        let types = CellType.allCases.map(\.rawValue)
        let meant = nearestWord(to: word, among: types).map { ": did you mean \"\($0)\"?" } ?? ""
        entry.report("ends in \":\(word)\", but the types are \(types.joined(separator: ", "))\(meant)")
        return nil
      }
      guard colon > text.startIndex else {
        entry.report("has a type, but no field: name the field before the colon")
        return nil
      }
      to = String(text[..<colon])
      self.type = type
    }
    do throws(FileFault) {
      steps = try CellPath(parsing: to).steps
    } catch {
      entry.report(error.message)
      return nil
    }
  }

  func cellPath(as type: CellType) -> CellPath { CellPath(steps: steps, type: type, text: to) }
}

/// What an API knows of the fields that a CSV's columns fill.
package protocol ColumnRules: Sendable {
  /// Where the path in a CSV header (or mapping) goes in the item.
  ///
  /// - Parameter text: the path as written, for messages, which begin with `column "…"`.
  /// - Throws: `unmapped-column` if the API has no such field.
  func place(steps: [PathStep], type: CellType, text: String) throws(FileFault) -> ColumnPlacement

  /// What keeps a CSV from being of any use, because none of `paths` fills it; the message names the field.
  ///
  /// - Parameter paths: of all that fills a field: columns, constants, computed fields.
  /// - Returns: nil if nothing is missing.
  func missingColumn(in paths: [CellPath]) -> String?
}

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
