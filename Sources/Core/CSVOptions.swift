/// How a route's CSV files are written, as far as the files themselves don't show it.
package struct CSVOptions: Hashable, Sendable {
  /// A name that iconv knows; nil means UTF-8, unless the file's byte order mark says otherwise.
  package var encoding: String?
  package var delimiter = Delimiter.character(",")
  /// The ASCII character around cells; nil means that there is none and quotes are text.
  package var quote: UInt8? = UInt8(ascii: "\"")
  /// The ASCII character before one that is meant literally; nil means that only quotes are escaped, by doubling them.
  package var escape: UInt8?
  /// The columns' names in files without a header row, as `ColumnName.normalized` makes them; never empty.
  package var header: [String]?
  package var skip = SkippedRows()
  /// Unquoted cells that mean "no value", compared as written.
  package var null: Set<String> = []
  /// How columns of type number are written.
  package var numbers = NumberForm()
  package var trailer: Trailer?

  package init() {}
}

/// The delimiter between a CSV's cells.
package enum Delimiter: Hashable, Sendable {
  /// Detected among `,` `;` `|` and tab.
  case auto
  case character(Unicode.Scalar)
}

/// The parts of a CSV file that are not data.
package struct SkippedRows: Hashable, Sendable {
  /// Physical lines at the start.
  package var first = 0
  /// Rows at the end, blank ones not counted.
  package var last = 0
  /// The start of lines that are comments.
  package var comment: String?
  /// The line up to which, itself included, everything is skipped.
  package var before: String?
  /// The line from which on, itself included, everything is skipped.
  package var after: String?
  /// Patterns of rows' first cells.
  package var rows: [Glob] = []

  package init() {}
}

/// The row at the end of a CSV file that says how much was sent.
package struct Trailer: Hashable, Sendable {
  /// The pattern of its first cell.
  package var match: Glob
  /// The cell, from 1, that holds the number of data rows.
  package var count: Int?
  /// By `ColumnName.normalized`: the cell, from 1, that holds the column's sum.
  package var sums: [String: Int]

  package init(match: Glob, count: Int? = nil, sums: [String: Int] = [:]) {
    self.match = match
    self.count = count
    self.sums = sums
  }
}

/// How numbers are written: by default as in JSON.
package struct NumberForm: Hashable, Sendable {
  /// Between the whole part and the fraction.
  package var decimal: Unicode.Scalar = "."
  /// Between groups of three digits; nil means that digits are not grouped.
  package var grouping: Unicode.Scalar?
  package var negative: Set<Negative> = []
  /// Characters that may be before or after a number, such as `$€`.
  package var symbols: Set<Unicode.Scalar> = []

  /// Ways to write a negative number besides a leading minus sign.
  package enum Negative: String, Sendable, CaseIterable {
    /// `12.50-`
    case trailing
    /// `(12.50)`
    case parentheses
  }

  package init() {}

  /// Whether numbers are written as in JSON.
  package var isJSON: Bool { self == NumberForm() }
}

/// The digest in a side file that must agree with the dropped file's.
package enum ChecksumKind: String, Sendable, CaseIterable {
  case sha256
  case md5
}
