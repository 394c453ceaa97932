package import Core
package import Formats

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
  /// - Returns: nil if nothing lacks.
  func missingColumn(in paths: [CellPath]) -> String?
}
