import Core
import Testing

@testable import Formats
import TestKit

/// Documents made up by chance, always the same ones, against what they were made of.
@Suite struct CSVRandomTests {
  @Test func `what was written as CSV is read again`() {
    let alphabet = ["a", "é", "\u{1F600}", "\"", ",", "\n", "\r\n", " ", "\\", "\u{1}", "long enough for eight bytes"]
    var dice = SplitMix64(seed: 1)
    for _ in 0..<300 {
      let width = Int.random(in: 1...4, using: &dice)
      let lineBreak = Bool.random(using: &dice) ? "\n" : "\r\n"
      var content = (0..<width).map { "c\($0)" }.joined(separator: ",")
      var rows: [String] = []
      for _ in 0..<Int.random(in: 0...6, using: &dice) {
        let cells = (0..<width).map { _ in
          (0..<Int.random(in: 0...4, using: &dice)).map { _ in alphabet.randomElement(using: &dice) ?? "" }.joined()
        }
        let written = cells.map { cell in
          let needsQuotes = cell.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D } || width == 1
          return needsQuotes || Bool.random(using: &dice) ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
        }
        content += lineBreak + written.joined(separator: ",")
        // A spreadsheet's empty row.
        if width > 1, written.allSatisfy(\.isEmpty) { continue }
        let members = cells.enumerated().filter { !$0.element.isEmpty }.map {
          "\"c\($0.offset)\":\(quoted($0.element))"
        }
        rows.append("{\(members.joined(separator: ","))}")
      }
      var terms = CSVReadingTerms()
      terms.chunks = [1, Int.random(in: 2...40, using: &dice), 1 << 18]
      #expect(terms.read(content).texts == rows, "\(content)")
      #expect(terms.read(content + lineBreak).texts == rows, "\(content)")
    }
  }

  @Test func `noise does not trap, and ends the same however it is cut`() {
    let alphabet = Array("\",\n\r;a\u{0}1".utf8) + [0xC3, 0xA9, 0xEF, 0xBB, 0xBF, 0xFF]
    var dice = SplitMix64(seed: 2)
    for _ in 0..<2000 {
      // The rarer a byte is in front, the deeper its neighbours get to be read.
      let letters = alphabet.prefix(Int.random(in: 4...alphabet.count, using: &dice))
      let noise = (0..<Int.random(in: 0...24, using: &dice)).map { _ in letters.randomElement(using: &dice) ?? 0 }
      var terms = CSVReadingTerms()
      terms.delimiter = Bool.random(using: &dice) ? .auto : .character(",")
      terms.limits.maxItemBytes = Int.random(in: 1...16, using: &dice)
      terms.chunks = [1, 2, 3, 5, 1 << 18]
      terms.place = { path throws(FileFault) in .field(PlacedField(path: path.steps, type: .string)) }
      _ = terms.read(Array("a,b;c\n".utf8) + noise)
      _ = terms.read(noise)
    }
  }

  @Test func `UTF-8 is what the standard library takes for it`() {
    let alphabet: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
      0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    var dice = SplitMix64(seed: 3)
    for _ in 0..<20_000 {
      let bytes =
        [UInt8](repeating: 0x41, count: Int.random(in: 0...9, using: &dice))
        + (0..<Int.random(in: 0...6, using: &dice)).map { _ in alphabet.randomElement(using: &dice) ?? 0 }
      var expected = bytes.count
      do throws(UTF8.ValidationError) {
        _ = try UTF8Span(validating: bytes.span)
      } catch {
        expected = error.byteOffsets.lowerBound
      }
      let prefix = UTF8Prefix(of: bytes.span, from: 0)
      #expect(prefix.end == expected, "\(bytes)")
      // What is only cut off could have been whole.
      if prefix.end < bytes.count, !prefix.isBroken {
        let rest = bytes[prefix.end...]
        #expect(rest.count < 4)
        let ends = [0x80, 0x90, 0xA0].flatMap { next in (1...3).map { [UInt8](repeating: next, count: $0) } }
        #expect(ends.contains { (try? UTF8Span(validating: (Array(rest) + $0).span)) != nil }, "\(bytes)")
      }
    }
  }

  /// A JSON string, by the rules of RFC 8259, section 7.
  private func quoted(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": json += "\\\(scalar)"
      case "\n": json += "\\n"
      case "\r": json += "\\r"
      case "\u{1}": json += "\\u0001"
      default: json.unicodeScalars.append(scalar)
      }
    }
    return json + "\""
  }
}
