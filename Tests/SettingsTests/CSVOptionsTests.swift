import APIs
import Core
import Formats
import Testing

@testable import Settings

/// What a route may say of how CSV files are written.
struct CSVOptionsTests {
  private static func route(_ lines: String) throws -> Route {
    try loaded(inbox("target: liquid\n" + lines)).inboxes[0].routes[0]
  }

  @Test func `every setting reaches its place`() throws {
    let route = try Self.route(
      """
      format: csv
      encoding: windows-1252
      delimiter: ";"
      quote: "'"
      escape: "\\\\"
      header: [Ref, " Full\\n name ", 2024, no]
      skip: {first: 3, last: 1, comment: "#", before: START-OF-DATA, after: END-OF-DATA, rows: ["HDR*", "T/L*"]}
      null: [NULL, "\\\\N", ~]
      decimal: ","
      grouping: " "
      negative: [trailing, parentheses]
      symbols: "$€"
      trailer: {match: "TRL*", count: 2, sums: {"Full  name": 3}}
      checksum: sha256
      """)
    #expect(route.format == .csv)
    #expect(route.checksum == .sha256)
    let expected = csv {
      $0.encoding = "windows-1252"
      $0.delimiter = .character(";")
      $0.quote = UInt8(ascii: "'")
      $0.escape = UInt8(ascii: "\\")
      $0.header = ["Ref", "Full name", "2024", "no"]
      $0.skip.first = 3
      $0.skip.last = 1
      $0.skip.comment = "#"
      $0.skip.before = "START-OF-DATA"
      $0.skip.after = "END-OF-DATA"
      $0.skip.rows = [Glob("HDR*"), Glob("T/L*")]
      $0.null = ["NULL", "\\N", "~"]
      $0.numbers.decimal = ","
      $0.numbers.grouping = " "
      $0.numbers.negative = [.trailing, .parentheses]
      $0.numbers.symbols = ["$", "€"]
      $0.trailer = Trailer(match: Glob("TRL*"), count: 2, sums: ["Full name": 3])
    }
    #expect(route.csv == expected)
  }

  @Test(
    arguments: [
      ("auto", .auto), ("tab", .character("\t")), ("\"\\t\"", .character("\t")), ("\\t", .character("\t")),
      ("\"|\"", .character("|")), ("¦", .character("¦")), ("~", .character("~")), ("\" \"", .character(" ")),
      ("\"\\x01\"", .character("\u{1}")), ("'''' # not the quote", .character("'")), ("€", .character("€")),
    ] as [(String, Delimiter)])
  func `a delimiter is any one character`(_ yaml: String, _ delimiter: Delimiter) throws {
    let route = try Self.route("delimiter: \(yaml)")
    #expect(route.csv == csv { $0.delimiter = delimiter })
  }

  @Test func `one value needs no list`() throws {
    let route = try Self.route("null: NULL\nnegative: trailing\nskip: {rows: \"HDR*\"}\nescape: none")
    #expect(
      route.csv
        == csv {
          $0.null = ["NULL"]
          $0.numbers.negative = [.trailing]
          $0.skip.rows = [Glob("HDR*")]
        })
  }

  @Test func `a quote may be absent, and a quote that escapes quotes is the default`() throws {
    #expect(try Self.route("quote: none").csv == csv { $0.quote = nil })
    #expect(try Self.route("escape: '\"'").csv == CSVOptions())
    #expect(try Self.route("quote: \"'\"\nescape: \"'\"").csv == csv { $0.quote = UInt8(ascii: "'") })
    #expect(
      try Self.route("quote: none\nescape: '\"'").csv
        == csv { ($0.quote, $0.escape) = (nil, UInt8(ascii: "\"")) })
  }

  @Test(arguments: [("csv", FormatKind.csv), ("tsv", .tsv), ("json", .json), ("ndjson", .ndjson)])
  func `a format may be given`(_ word: String, _ kind: FormatKind) throws {
    #expect(try Self.route("format: \(word)\nchecksum: md5").format == kind)
  }

  @Test(arguments: ["trailer: {match: T, count: 2}", "trailer: {match: T, sums: {A: 2}}"])
  func `a trailer has a count, sums or both`(_ line: String) throws {
    #expect(try Self.route(line).csv.trailer != nil)
  }

  @Test(arguments: ["UTF-8", "latin1", "ISO-8859-15", "cp850", "utf-16le", "Shift_JIS"])
  func `any encoding of iconv is known, and made once for all files`(_ name: String) throws {
    let route = try Self.route("encoding: \(name)")
    #expect(route.csv.encoding == name)
    #expect(route.encoding == TextEncoding(named: name))
    #expect(route.encoding != nil)
  }

  // No file is in one of the machine's own encodings, and iconv lists no name of more than 64 bytes.
  @Test(arguments: [
    "utf-8//IGNORE", "nonsense", "/etc/passwd", "utf 8", "ansi", "WCHAR_T", "INTERNAL", "char",
    String(repeating: "utf-8", count: 14),
  ])
  func `any other name is told with the configuration`(_ name: String) throws {
    let found = try faults(inbox("target: liquid\nencoding: \"\(name)\""))
    #expect(found.count == 1)
    #expect(found.first?.contains("which is no encoding of files that iconv knows") == true, "\(found)")
  }

  @Test(arguments: [
    ("format: jsonl", "format: is \"jsonl\", which is only another extension for NDJSON: write ndjson"),
    ("format: xlsx", "format: must be one of csv, tsv, json, ndjson, but is \"xlsx\""),
    ("checksum: sha512", "checksum: must be one of sha256, md5, but is \"sha512\""),
    (
      "encoding: windows1252",
      "encoding: is \"windows1252\", which is no encoding of files that iconv knows: did you mean \"windows-1252\"?"
    ),
    (
      "encoding: \"utf-8//IGNORE\"",
      "encoding: is \"utf-8//IGNORE\", which is no encoding of files that iconv knows: did you mean \"utf-8\"?"
    ),
    (
      "encoding: x-unknown",
      "encoding: is \"x-unknown\", which is no encoding of files that iconv knows: \"iconv -l\" lists the names"
    ),
    ("delimiter: \";;\"", "delimiter: must be auto, tab, or one character, but is \";;\""),
    (
      "delimiter: \"\"",
      "delimiter: has no value: give auto, tab, or one character, or leave out the key"
    ),
    ("delimiter: '\"'", "delimiter: can't be a double quote: use another character"),
    ("delimiter: \"\\n\"", "delimiter: can't be a line break or NUL: use another character"),
    (
      "delimiter: x",
      "delimiter: is \"x\", but letters and digits are what cells consist of: use another character"
    ),
    (
      "delimiter: 0",
      "delimiter: is \"0\", but letters and digits are what cells consist of: use another character"
    ),
    ("quote: \",\"", "quote: is \",\", which is the delimiter as well: use another character"),
    (
      "quote: \"'\"\ndelimiter: \"'\"", "quote: is \"'\", which is the delimiter as well: use another character"
    ),
    (
      "delimiter: auto\nescape: \"|\"",
      "escape: is \"|\", which delimiter: auto may find between cells: name the delimiter"
    ),
    ("quote: «", "quote: must be none, or one ASCII character that is no letter, digit or blank, but is \"«\""),
    ("quote: \" \"", "quote: must be none, or one ASCII character that is no letter, digit or blank, but is \" \""),
    (
      "escape: \"\\\\\\\\\"",
      "escape: must be none, or one ASCII character that is no letter, digit or blank, but is \"\\\\\""
    ),
    ("header: []", "header: must name at least one column"),
    ("header: Ref", "header: must be a list, but is a single value"),
    ("header: [A, \" \"]", "header[1]: must be a column's name, but is empty"),
    (
      "header: [A b, \"A  b\"]",
      "header[1]: is \"A b\", which an earlier column is called, too: give each column its own name"
    ),
    (
      "header: [_error_code]",
      "header[0]: begins with \"_error_\", and such columns are dropped: use another name"
    ),
    ("skip: 3", "skip: must be a mapping of keys to values, but is a single value"),
    ("skip: {first: -1}", "skip.first: must be at least 0, but is -1"),
    ("skip: {first: 1000001}", "skip.first: must be at most 1000000, but is 1000001"),
    ("skip: {last: 1001}", "skip.last: must be at most 1000, but is 1001"),
    ("skip: {comment: \"\"}", "skip.comment: must not be empty"),
    (
      "skip: {comment: \",\"}",
      "skip.comment: begins with the delimiter, as does a row whose first cell is empty: use other text"
    ),
    (
      "skip: {comment: '\"#'}",
      "skip.comment: begins with the quote, as does a row whose first cell is quoted: use other text"
    ),
    ("skip: {before: \"a\\nb\"}", "skip.before: must not contain a line break or NUL"),
    ("skip: {after: \"\"}", "skip.after: must not be empty"),
    (
      "skip: {rows: [\"[a\"]}",
      "skip.rows[0]: has a \"[\" without a \"]\": close it, or write \"\\[\" for a literal \"[\""
    ),
    ("skip: {rows: [a, \"*\"]}", "skip.rows: contains \"*\", which every row matches: nothing would be left"),
    ("skip: {row: a}", "skip.row: is unknown: did you mean \"rows\"?"),
    ("null: [a, \"\"]", "null[1]: must not be empty: an empty cell means \"no value\" anyway"),
    ("decimal: \",,\"", "decimal: must be one character between digits, such as \",\", but is \",,\""),
    ("decimal: 5", "decimal: must be one character between digits, such as \",\", but is \"5\""),
    ("decimal: \"-\"", "decimal: must be one character between digits, such as \",\", but is \"-\""),
    ("decimal: \" \"", "decimal: must be one character between digits, such as \",\", but is \" \""),
    ("grouping: e", "grouping: must be one character between digits, such as \",\", but is \"e\""),
    ("grouping: \"\\t\"", "grouping: must be one character between digits, such as \",\", but is \"\\t\""),
    ("grouping: .", "grouping: is \".\", the decimal separator unless decimal gives another one: add decimal"),
    ("decimal: \",\"\ngrouping: \",\"", "grouping: is the decimal separator as well: use another character"),
    ("negative: [leading]", "negative[0]: must be one of trailing, parentheses, but is \"leading\""),
    ("symbols: $-", "symbols: contains \"-\", which is part of a number: leave it out"),
    ("symbols: $.", "symbols: contains \".\", which separates digits: leave it out"),
    ("trailer: {count: 2}", "trailer.match: is missing: say how the trailer's first cell begins, such as \"TRL*\""),
    (
      "trailer: {match: T}",
      "trailer.count: is missing: say which cell is the number of rows; or give sums, or both"
    ),
    (
      "trailer: {match: T, count: 1}",
      "trailer.count: is 1, the cell that match takes: cells count from 1, so a total is in cell 2 or later"
    ),
    ("trailer: {match: T, count: 0}", "trailer.count: must be at least 1, but is 0"),
    ("trailer: {match: T, count: two}", "trailer.count: must be a whole number, but is \"two\""),
    (
      "trailer: {match: T, count: 2, sums: {A: 2}}",
      "trailer.sums.A (inbox \"a\"): is cell 2, as is inboxes[0].trailer.count: give each total its own cell"
    ),
    (
      "trailer: {match: T, sums: {A b: 2, \"A  b\": 3}}",
      "trailer.sums.\"A  b\": names the same column as line 7: leave out one of them"
    ),
    ("trailer: {match: T, sums: {}}", "trailer.sums: must name at least one column"),
    ("trailer: {match: \"\", count: 2}", "trailer.match: must not be empty"),
    (
      "format: tsv\ndelimiter: \";\"",
      "delimiter: has no effect with format: tsv, whose cells are separated by tabs: use format: csv"
    ),
  ])
  func `what is wrong is told with line and key`(_ lines: String, _ fault: String) throws {
    let found = try faults(inbox("target: liquid\n" + lines))
    let number = 6 + lines.split(separator: "\n").count
    // The fault is on the last line, or on the one before it.
    let (key, message) = fault.split(separator: ": ", maxSplits: 1).map(String.init).pair
    let plain = key.replacing(" (inbox \"a\")", with: "")
    let expected = (7...number).map { "upsertd.yaml:\($0): inboxes[0].\(plain) (inbox \"a\"): \(message)" }
    #expect(found.count == 1 && expected.contains(found.first ?? ""), "\(found)")
  }

  @Test(arguments: ["json", "ndjson"])
  func `what is for CSV alone is refused with another format`(_ format: String) throws {
    let lines = [
      "mapping: m.yaml", "empty: null", "encoding: utf-8", "delimiter: auto", "quote: none", "escape: none",
      "header: [a]", "skip: {first: 1}", "null: x", "decimal: \",\"", "grouping: \" \"", "negative: trailing",
      "symbols: $", "trailer: {match: T, count: 2}",
    ]
    let found = try faults(
      inbox("target: liquid\nformat: \(format)\n" + lines.joined(separator: "\n")), files: ["m.yaml": "columns: {A: a}"]
    )
    let expected = lines.enumerated().map { index, line in
      "upsertd.yaml:\(index + 8): inboxes[0].\(line.prefix { $0 != ":" }) (inbox \"a\"): is for CSV, but format is "
        + "\(format): leave it out"
    }
    #expect(found == expected)
  }

  @Test func `the settings of a CSV belong into routes where there are some`() throws {
    let found = try faults(inbox("encoding: utf-8\nchecksum: md5\nroutes: [{target: liquid}]"))
    #expect(
      found
        == ["encoding", "checksum"].enumerated().map { index, key in
          "upsertd.yaml:\(index + 6): inboxes[0].\(key) (inbox \"a\"): can't be combined with routes: move it into each "
            + "route, or leave out routes"
        })
  }
}

extension [String] {
  fileprivate var pair: (String, String) { (self[0], self[1]) }
}
