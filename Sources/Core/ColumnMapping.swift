/// A mapping file: which columns fill which fields, for a CSV whose header can't be changed.
package struct ColumnMapping: Hashable, Sendable {
  /// By `ColumnName.normalized`; the fields that the column fills, at least one each.
  package var columns: [String: [MappedField]]
  /// Fields with the same value in every item, in the file's order.
  package var constants: [Constant]
  /// Fields made of several columns, in the file's order.
  package var computed: [Computed] = []
  /// Columns that are dropped silently, by `ColumnName.normalized`.
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
    /// The zone of dates that don't name one, such as `Europe/Dublin`; nil means UTC.
    package var timezone: String?
    /// What each cell's text is replaced by; nil if any text is allowed.
    package var values: [String: String]?
    /// The same, from a file; shared by all fields that name it.
    package var lookup: Lookup?
    /// Whether a row with an empty cell is rejected.
    package var isRequired = false
    /// The value of an empty cell, as if it were written in the file.
    package var defaultText: String?
    /// Whether white space around the text is dropped.
    package var isTrimmed = false
    /// Cells of this column that mean "no value", besides the route's; nil means the route's alone.
    package var null: Set<String>?
    /// How this column's numbers are written; nil means as the route says.
    package var numbers: NumberForm?
    /// Whether a file may lack the column.
    package var isOptional = false
    /// Where the mapping file names it, from 1.
    package var line: Int?

    package init(to: String, type: CellType = .string, date: String? = nil, values: [String: String]? = nil) {
      self.to = to
      self.type = type
      self.date = date
      self.values = values
    }
  }

  /// A table of two columns that a mapping names.
  package struct Lookup: Hashable, Sendable {
    /// For messages.
    package var path: String
    package var values: [String: String]

    package init(path: String, values: [String: String]) {
      self.path = path
      self.values = values
    }
  }

  /// A field made of columns and the text between them.
  package struct Computed: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
      case text(String)
      /// A column's name, as `ColumnName.normalized` makes it.
      case column(String)
    }

    /// A path as in a CSV header, without a type.
    package var to: String
    package var parts: [Part]
    package var line: Int?

    package init(to: String, parts: [Part], line: Int? = nil) {
      self.to = to
      self.parts = parts
      self.line = line
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

extension CellType {
  /// The type of a constant, so that an API places it like a column of that type.
  ///
  /// - Parameter json: one JSON value, without white space before it.
  package init(ofJSON json: String) {
    self =
      switch json.utf8.first ?? 0 {
      case UInt8(ascii: "\""): .string
      case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
      case UInt8(ascii: "["): .list
      default: .json
      }
  }
}

/// A CSV column's name, as header rows and mapping files are compared.
package enum ColumnName {
  /// The name with each run of white space (blanks, tabs, no-break spaces, line breaks) as one blank, and with none at
  /// its ends.
  ///
  /// Spreadsheets break a long name into lines, and nobody sees a second blank: such names are meant to be the same.
  package static func normalized(_ name: String) -> String {
    var scalars = String.UnicodeScalarView()
    var isAfterSpace = false
    for scalar in name.unicodeScalars {
      if scalar.properties.isWhitespace {
        isAfterSpace = true
        continue
      }
      if isAfterSpace, !scalars.isEmpty { scalars.append(" ") }
      isAfterSpace = false
      scalars.append(scalar)
    }
    return String(scalars)
  }
}
