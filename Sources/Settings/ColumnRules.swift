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
