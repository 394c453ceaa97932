import Core
import Formats
import Testing

@testable import Inspection

/// Further exports as programs write them.
@Suite struct ExportTests {
  @Test func `SAP: numbers with a minus behind, German dates, code page 1252`() throws {
    let inspection = try inspection(of: "sap.csv")
    #expect(
      inspection.options
        == options {
          $0.encoding = "windows-1252"
          $0.delimiter = .character(";")
          $0.numbers.decimal = ","
          $0.numbers.grouping = "."
          $0.numbers.negative = [.trailing]
        })
    #expect(
      inspection.mapping
        == mapping(
          "sap.yaml",
          [
            "Debitor": "accountId", "Name 1": "name1", "Saldo": .init(to: "balance", type: .number),
            "Währung": "currency", "Fällig am": .init(to: "faelligAm", date: "dd.MM.yyyy"), "Sperre": "sperre",
          ]))
    #expect(inspection.routeText.contains("negative: [trailing]"))
  }

  @Test func `a bank: lines of title, and a row of totals that agrees`() throws {
    let inspection = try inspection(of: "umsaetze.csv")
    #expect(
      inspection.options
        == options {
          $0.encoding = "windows-1252"
          $0.delimiter = .character(";")
          $0.skip.first = 3
          $0.numbers.decimal = ","
          $0.numbers.grouping = "."
          $0.trailer = Trailer(match: Glob("Summe"), sums: ["Betrag": 4])
        })
    #expect(inspection.csv?.headerLine == 4)
    // No column tells payments apart, and a key that no column fills would reject the file.
    #expect(inspection.routeText.contains("item: {category: entity, type: Account, action: Merge}"))
    #expect(inspection.isUnsure("what tells the items apart"))
  }

  @Test func `German Excel: yes and no, postal codes, thousands`() throws {
    let inspection = try inspection(of: "kunden.csv")
    let columns = try #require(inspection.mapping?.columns)
    #expect(columns["PLZ"] == ["postalCode"])
    #expect(columns["Aktiv"] == [.init(to: "aktiv", type: .boolean, values: ["J": "true", "N": "false"])])
    #expect(columns["Limit"] == [.init(to: "limit", type: .number)])
    #expect(inspection.options?.numbers.grouping == ".")
    #expect(inspection.isUnsure("1.500, is a thousands separator"))
  }

  @Test func `a transfer agent: header record, trailer with leading zeros, dates of eight digits`() throws {
    let inspection = try inspection(of: "holdings.txt")
    #expect(inspection.format == .csv)
    #expect(
      inspection.options
        == options {
          $0.delimiter = .character("|")
          $0.skip.rows = [Glob("HDR")]
          $0.trailer = Trailer(match: Glob("TRL"), count: 2, sums: ["UNITS": 3])
          // Takes the zeros in front of the number of rows.
          $0.numbers.grouping = ","
        })
    #expect(inspection.csv?.headerLine == 2)
    #expect(inspection.mapping?.columns["PRICE_DATE"] == [.init(to: "priceDate", date: "yyyyMMdd")])
    #expect(inspection.mapping?.columns["ISIN"] == ["isin"])
  }

  @Test func `Excel's Unicode text: UTF-16 says so itself, and tabs are those of a TSV`() throws {
    let inspection = try inspection(of: "unicode.txt")
    #expect(inspection.format == .tsv)
    #expect(inspection.options == CSVOptions())
    #expect(inspection.csv?.columns.map(\.name) == ["Client ID", "Name", "City", "Since"])
    #expect(inspection.csv?.columns[2].samples == ["Málaga", "Genève"])
    #expect(inspection.mapping?.columns["Since"] == [.init(to: "since", date: "dd/MM/yyyy")])
  }

  @Test func `Salesforce: quotes around line breaks, times of half a day, a footer`() throws {
    let inspection = try inspection(of: "contacts.csv")
    #expect(
      inspection.options
        == options {
          $0.skip.last = 5
          $0.numbers.grouping = ","
          $0.numbers.symbols = ["$"]
        })
    #expect(inspection.mapping?.columns["Created Date"] == [.init(to: "createdDate", date: "M/d/yyyy h:mm a")])
    #expect(inspection.isUnsure("the time zone of \"Created Date\""))
    // The footer's lines are counted behind a cell of two lines.
    #expect(inspection.csv?.skipped == [.init(first: 6, last: 10, count: 5, what: "footer", by: "skip.last")])
  }

  @Test func `MySQL: no header, escapes of tab and line break`() throws {
    let inspection = try inspection(of: "outfile.tsv")
    let names = (1...5).map { "Column \($0)" }
    #expect(
      inspection.options
        == options {
          $0.escape = UInt8(ascii: "\\")
          $0.header = names
          $0.null = ["\\N"]
        })
    #expect(inspection.csv?.headerLine == nil)
    #expect(inspection.csv?.rowCount == 3)
    #expect(inspection.csv?.columns[4].samples == ["x\ty"])
    #expect(inspection.mapping?.columns["Column 4"] == [.init(to: "column4", date: "yyyy-MM-dd HH:mm:ss")])
    #expect(inspection.isUnsure("what the columns are called: the file has no header"))
  }

  @Test func `Bloomberg: markers around the data, names in front of it`() throws {
    let inspection = try inspection(of: "prices.out.txt")
    #expect(
      inspection.options
        == options {
          $0.delimiter = .character("|")
          $0.skip.before = "START-OF-DATA"
          $0.skip.after = "END-OF-DATA"
          $0.header = [
            "SECURITY", "RETURN_CODE", "FIELD_COUNT", "ID_ISIN", "NAME", "PX_LAST", "LAST_UPDATE_DT", "Column 8",
          ]
          $0.null = ["N.A."]
        })
    #expect(inspection.csv?.rowCount == 3)
    #expect(inspection.mapping?.columns["LAST_UPDATE_DT"] == [.init(to: "lastUpdateDt", date: "MM/dd/yyyy")])
    #expect(inspection.mapping?.columns["PX_LAST"] == [.init(to: "pxLast", type: .number)])
    #expect(inspection.mapping?.ignore == ["Column 8"])
  }

  @Test func `pandas: a nameless column of row numbers, NaT and nan`() throws {
    let inspection = try inspection(of: "frame.csv")
    #expect(
      inspection.options
        == options {
          $0.header = ["Column 1", "customer_id", "name", "since", "score", "active"]
          $0.skip.first = 1
          $0.null = ["NaT", "nan"]
        })
    #expect(inspection.csv?.rowCount == 3)
    #expect(
      inspection.mapping
        == mapping(
          "frame.yaml",
          [
            "customer_id": "accountId", "name": "name", "since": .init(to: "since", date: "yyyy-MM-dd"),
            "score": .init(to: "score", type: .number), "active": .init(to: "active", type: .boolean),
          ], ignore: ["Column 1"]))
  }

  @Test func `Access: digits in formulas are text`() throws {
    let inspection = try inspection(of: "access.csv")
    #expect(inspection.options == CSVOptions())
    #expect(inspection.csv?.columns.map(\.samples) == [["00123", "00124"], ["Ada", "Bob"], ["007", "008"]])
    #expect(inspection.mapping?.columns["Code"] == ["code"])
  }

  @Test func `DOS, Mac OS and UTF-16 without a mark`() throws {
    let dos = try inspection(of: "dos.csv")
    #expect(dos.options?.encoding == "cp850")
    #expect(dos.csv?.columns.map(\.name) == ["Nr", "Name", "Straße"])
    let mac = try inspection(of: "mac.csv")
    #expect(mac.options?.encoding == "macintosh")
    #expect(mac.csv?.lineEnd == .cr)
    #expect(mac.csv?.columns[1].samples == ["José", "Müller"])
    let wide = try inspection(of: "plain16.csv")
    #expect(wide.options?.encoding == "utf-16le")
    #expect(wide.csv?.columns[1].samples == ["Ada", "Bob"])
  }

  @Test func `other quotes, and none`() throws {
    #expect(try inspection(of: "quotes.csv").options == options { $0.quote = UInt8(ascii: "'") })
    #expect(try inspection(of: "quotes.csv").csv?.columns[1].samples == ["O'Neil", "Bob"])
    #expect(try inspection(of: "unquoted.csv").options == options { $0.quote = nil })
    #expect(try inspection(of: "unquoted.csv").csv?.columns[1].samples == ["\"5 inch", "\"6 inch"])
  }

  @Test func `comments are skipped, and negative numbers may be in parentheses`() throws {
    #expect(
      try inspection(of: "comments.csv").options
        == options {
          $0.skip.comment = "#"
          $0.numbers.grouping = ","
          $0.numbers.negative = [.parentheses]
        })
  }

  @Test func `names that come twice are told apart`() throws {
    let inspection = try inspection(of: "twice.csv")
    #expect(
      inspection.options
        == options {
          $0.header = ["id", "name", "name 2"]
          $0.skip.first = 1
        })
    #expect(inspection.isUnsure("which of the columns called \"name\" is which"))
  }

  @Test func `a first line names the delimiter, and the header may come again`() throws {
    let inspection = try inspection(of: "sep.csv")
    #expect(inspection.options == CSVOptions())
    #expect(inspection.csv?.headerLine == 2)
    #expect(inspection.csv?.rowCount == 2)
    #expect(inspection.csv?.skipped == [.init(first: 4, last: 4, count: 1, what: "the header again")])
  }

  @Test func `a header of paths needs no mapping`() throws {
    let lusid = try inspection(of: "lusid.csv", for: nil)
    #expect(lusid.routeText == ["target: lusid"])
    #expect(lusid.mapping == nil)
    #expect(lusid.unsure == [])
    let liquid = try inspection(of: "liquid.csv", for: nil)
    #expect(
      liquid.routeText == [
        "target: liquid", "item: {category: entity, type: Account, action: Merge, key: [accountId]}",
      ])
    #expect(liquid.mapping == nil)
  }
}
