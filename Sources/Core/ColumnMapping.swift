/// A mapping file: which columns fill which fields, for a CSV whose header can't be changed.
package struct ColumnMapping: Hashable, Sendable {
  /// By column name in the CSV header; the fields that it fills, at least one each.
  package var columns: [String: [MappedField]]
  /// Fields with the same value in every item, in the file's order.
  package var constants: [Constant]
  /// Columns that are dropped silently.
  package var ignore: Set<String>
  /// The mapping file, for messages.
  package var path: String

  package init(columns: [String: [MappedField]], constants: [Constant], ignore: Set<String>, path: String) {
    self.columns = columns
    self.constants = constants
    self.ignore = ignore
    self.path = path
  }

  /// One field that a column fills.
  package struct MappedField: Hashable, Sendable {
    /// A path as in a CSV header, without a type (`exposure`, `addresses[0].city`).
    package var to: String
    package var type: CellType
    /// A pattern such as `dd/MM/yyyy`; the cell becomes RFC 3339.
    package var date: String?
    /// What each cell's text is replaced by; nil if any text is allowed.
    package var values: [String: String]?

    package init(to: String, type: CellType = .string, date: String? = nil, values: [String: String]? = nil) {
      self.to = to
      self.type = type
      self.date = date
      self.values = values
    }
  }

  package struct Constant: Hashable, Sendable {
    package var to: String
    /// The value as JSON text: `"Loaded from the transfer agent"` with its quotes, `true`, `12.50`.
    package var json: String

    package init(to: String, json: String) {
      self.to = to
      self.json = json
    }
  }
}

/// How a CSV cell's text becomes a JSON value; never guessed.
package enum CellType: String, Sendable, CaseIterable {
  case string
  case number
  case boolean
  case list
  case json
}

/// The delimiter between a CSV's cells.
package enum Delimiter: Hashable, Sendable {
  /// Detected among `,` `;` `|` and tab.
  case auto
  case byte(UInt8)
}
