package import Core
import Formats
package import JSONText
package import Settings

/// A CSV's column as a sample of the file shows it, from which an API proposes the field that it fills.
package struct ObservedColumn: Hashable, Sendable {
  /// As in the header.
  package var name: String
  package var content: Content
  /// Whether no value comes twice.
  package var isUnique: Bool
  /// Whether every row has a value.
  package var isComplete: Bool
  /// The different values, in the file's order; nil if there are more than a few.
  package var values: [String]?

  package init(
    name: String, content: Content = .text, isUnique: Bool = false, isComplete: Bool = true, values: [String]? = nil
  ) {
    self.name = name
    self.content = content
    self.isUnique = isUnique
    self.isComplete = isComplete
    self.values = values
  }

  /// What all values of a column have in common.
  package enum Content: Hashable, Sendable {
    /// The sample has no value.
    case empty
    case text
    /// `isWhole`: digits alone, so it may also be a code.
    case number(isWhole: Bool)
    /// `values` is what a mapping needs to know true from false; nil if they are written `true` and `false`.
    case boolean(values: [String: String]?)
    case date(pattern: String)
    case list
    case json
  }
}

/// Where an API would put the columns of a CSV, and what a route needs for that.
package struct FieldProposal: Sendable {
  /// The fields of each column, in the columns' order; nil if the header names the fields itself, so that no mapping is
  /// needed.
  package var fields: [[ColumnMapping.MappedField]]?
  package var constants: [ColumnMapping.Constant] = []
  package var computed: [ColumnMapping.Computed] = []
  /// The route's keys that only this API has, with their values.
  package var routeKeys: [(name: String, value: JSONValue)] = []
  /// The same as settings.
  package var own = OwnSettings()
  /// What a column's name and values can't show, each a sentence for people.
  package var unsure: [String] = []

  package init(fields: [[ColumnMapping.MappedField]]?) { self.fields = fields }
}

extension FieldProposal {
  /// The column that most likely tells the records apart: its name is that of an identifier, and its values differ.
  ///
  /// - Returns: an index in `columns`; nil if none looks like it.
  static func keyColumn(of columns: [ObservedColumn]) -> Int? {
    let scores = columns.indices.map { index in keyScore(columns[index], isFirst: index == 0) }
    guard let best = scores.max(), best >= 4 else { return nil }
    return scores.firstIndex(of: best)
  }

  /// What to say about a key that some rows lack or share; nil if none does.
  static func doubt(aboutKey column: ObservedColumn) -> String? {
    if !column.isComplete, column.content != .empty {
      return "what \(column.name.quoted) is where it is empty: such a row is rejected"
    }
    if column.isUnique || column.content == .empty { return nil }
    return "whether \(column.name.quoted) tells the records apart: some of its values come more than once"
  }

  private static func keyScore(_ column: ObservedColumn, isFirst: Bool) -> Int {
    switch column.content {
    case .text, .number(isWhole: true): break
    default: return 0
    }
    let name = FieldName(column.name)
    var score = isFirst ? 2 : 0
    if name.isIdentifier { score += 5 } else if name.isParty { score += 2 }
    if name.isOtherCode { score -= 4 }
    if name.isName { score -= 3 }
    if !column.isUnique { score -= 3 } else if column.isComplete { score += 3 }
    return score
  }
}

extension FieldProposal {
  /// In place of a name that only its users know. Valid, so that a configuration with it can be tried; nobody's real name.
  package static let placeholder = "SCOPE"

  /// Whether a placeholder was never replaced.
  package static func isUnfinished(_ mapping: ColumnMapping) -> Bool {
    let paths = mapping.columns.values.joined().map(\.to) + mapping.computed.map(\.to) + mapping.constants.map(\.to)
    return paths.contains { $0.split(separator: "/").contains(placeholder[...]) }
      || mapping.constants.contains { $0.json == "\"\(placeholder)\"" }
  }
}
