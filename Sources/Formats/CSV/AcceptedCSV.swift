import Core

/// The file in `outbox/accepted/`: RFC 4180 in UTF-8, one line for each accepted item.
///
/// No cell has a line break, since all texts are on one line. A text that a spreadsheet would take for a formula gets a
/// leading `'` (<https://owasp.org/www-community/attacks/CSV_Injection>).
package enum AcceptedCSV {
  package static let columns = [
    "item", "line", "key", "batch", "request_id", "sent_at", "answered_at", "outcome", "api_id", "api_version",
  ]

  package static var header: [UInt8] { Array((columns.joined(separator: ",") + "\n").utf8) }

  /// Appends a text as a cell; it must be on one line.
  package static func append(_ text: [UInt8], to line: inout [UInt8]) {
    guard let first = text.first else { return }
    let isFormula = startsFormula(first)
    guard isFormula || needsQuotes(text.span) else {
      line.append(contentsOf: text)
      return
    }
    line.append(Ascii.quote)
    if isFormula { line.append(UInt8(ascii: "'")) }
    for byte in text {
      if byte == Ascii.quote { line.append(byte) }
      line.append(byte)
    }
    line.append(Ascii.quote)
  }

  /// The same text as it is within a cell, to be searched for.
  package static func escaped(_ text: [UInt8]) -> [UInt8] {
    text.flatMap { $0 == Ascii.quote ? [$0, $0] : [$0] }
  }

  private static func needsQuotes(_ text: Span<UInt8>) -> Bool {
    for place in text.indices {
      let byte = text[place]
      if byte == Ascii.quote || byte == UInt8(ascii: ",") || byte == Ascii.lineFeed || byte == Ascii.carriageReturn {
        return true
      }
    }
    return false
  }

  private static func startsFormula(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: true
    default: false
    }
  }

  /// The texts of a line without its line break; nil if it is not one of such a file.
  package static func texts(of line: ArraySlice<UInt8>) -> [[UInt8]]? {
    var texts: [[UInt8]] = []
    var place = line.startIndex
    while true {
      var text: [UInt8] = []
      if place < line.endIndex, line[place] == Ascii.quote {
        place += 1
        while true {
          guard place < line.endIndex else { return nil }
          if line[place] == Ascii.quote {
            place += 1
            guard place < line.endIndex, line[place] == Ascii.quote else { break }
          }
          text.append(line[place])
          place += 1
        }
      } else {
        while place < line.endIndex, line[place] != UInt8(ascii: ",") {
          text.append(line[place])
          place += 1
        }
      }
      if text.count > 1, text[0] == UInt8(ascii: "'"), startsFormula(text[1]) { text.removeFirst() }
      texts.append(text)
      guard place < line.endIndex else { break }
      guard line[place] == UInt8(ascii: ",") else { return nil }
      place += 1
    }
    return texts.count == columns.count ? texts : nil
  }
}
