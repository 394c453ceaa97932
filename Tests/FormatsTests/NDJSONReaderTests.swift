import Core
import Formats
import Testing

@Suite struct NDJSONReaderTests {
  private func read(_ content: [UInt8], limits: ReaderLimits = ReaderLimits()) -> Reading {
    var first: Reading?
    for chunk in [1, 2, 3, 4, 5, 7, 16, 64, 1000] {
      var source = MemoryBytes(content)
      var reading = Reading()
      do {
        reading.shape = try NDJSONReader(limits: limits, chunkBytes: chunk, key: testKey).readItems(&source) {
          item, bytes in
          reading.items.append(item.checkingTag(of: content, "chunks of \(chunk)"))
          let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
          reading.texts.append(item.fault == nil ? text : "")
          if item.fault != nil { reading.leftovers.append(text) }
        }
      } catch let fault as FileFault {
        reading.fault = fault
      } catch {
        Issue.record(error)
      }
      if let first { #expect(reading == first, "chunks of \(chunk)") }
      first = first ?? reading
    }
    return first ?? Reading()
  }

  private func read(_ text: String, limits: ReaderLimits = ReaderLimits()) -> Reading {
    read(Array(text.utf8), limits: limits)
  }

  @Test func `every line is an item, ended by LF, CRLF or the file's end`() {
    let text = "{\"a\":1}\n {\"b\":2} \r\n\r\n \t \n3\n\"x\"\r\n[4]"
    let reading = read(text)
    #expect(reading.shape == .lines)
    #expect(reading.texts == ["{\"a\":1}", "{\"b\":2}", "3", "\"x\"", "[4]"])
    #expect(reading.summary == ["1 1", "2 2", "3 5", "4 6", "5 7"])
    let bytes = Array(text.utf8)
    #expect(
      reading.items.map { String(decoding: bytes[$0.source], as: UTF8.self) }
        == ["{\"a\":1}", " {\"b\":2} ", "3", "\"x\"", "[4]"])
    #expect(read("1").texts == ["1"])
    #expect(read("1\n").texts == ["1"])
    #expect(read("1\r\n").texts == ["1"])
    #expect(read("1\r").texts == ["1"])
    #expect(read("\u{FEFF}1\n2").items.map(\.source) == [3..<4, 5..<6])
  }

  @Test(arguments: ["", "\u{FEFF}", "\n", " \n\r\n\t", "\u{FEFF}\n"])
  func `a file without an item is empty`(text: String) {
    let fault = read(text).fault
    #expect(fault?.code == .emptyFile)
    #expect(fault?.message == (text.contains("\n") ? "the file has only blank lines" : "the file is empty"))
  }

  // A line, and the column of the offending byte.
  static let malformed: [(String, Int)] = [
    ("{\"a\":", 6), ("{\"a\":\"b", 8), ("{\"a\":1}}", 8), ("{} {}", 4), ("x", 1), ("[1,]", 4), ("tru", 4), ("-", 2),
    ("1\u{0}", 2), ("\u{0}", 1),
    ("{\"a\":\"\tb\"}", 7), (" [1 2]", 5), ("é", 1), ("[é]", 2), ("[1]é", 4), ("\"\\", 3), ("1 \u{FEFF}", 3), ("01", 2),
    ("// x", 1), ("1\r2", 3),
  ]

  @Test(arguments: malformed)
  func `a line that is no JSON is refused alone, with its column`(line: String, column: Int) {
    for (text, number) in [("1\n\(line)\n2", 2), ("1\n\(line)\r\n2", 2), ("1\n\(line)", 2), ("\(line)\n1\n2", 1)] {
      let reading = read(text)
      #expect(reading.fault == nil)
      let item = reading.items[number - 1]
      #expect(item.fault?.code == .malformedJSON)
      #expect(item.fault?.message.contains("column \(column):") == true, "\(item.fault?.message ?? "")")
      #expect(reading.texts[number - 1] == "")
      #expect(reading.items.count { $0.fault != nil } == 1)
      #expect(String(decoding: Array(text.utf8)[item.source], as: UTF8.self) == line)
    }
  }

  @Test func `a value that goes on in the next line makes two bad lines`() {
    #expect(read("{\"a\":\n1}\n2").summary == ["1 1 malformed-json", "2 2 malformed-json", "3 3"])
  }

  // A line, and the offset in it.
  static let illFormed: [([UInt8], Int)] = [
    ([0x22, 0xE9, 0x22], 1), ([0xFF], 0), ([0x22, 0x61, 0xC3], 2), ([0x22, 0x61, 0xE2, 0x82], 2),
    ([0x31, 0x20, 0x80], 2), ([0x5B, 0xC0, 0x80, 0x5D], 1),
    ([0x20, 0x22, 0xF0, 0x9F, 0x98, 0x22], 2), ([0xFF, 0xFE, 0x31, 0x00], 0),
  ]

  @Test(arguments: illFormed)
  func `a line that is not UTF-8 is refused alone, with the offset in it`(line: [UInt8], offset: Int) {
    for lineBreak in [[0x0A], [0x0D, 0x0A]] as [[UInt8]] {
      let reading = read([0x31, 0x0A] + line + lineBreak + [0x32])
      #expect(reading.summary == ["1 1", "2 2 invalid-encoding", "3 3"])
      #expect(reading.items[1].fault?.message.contains("offset \(offset):") == true)
    }
  }

  @Test func `the byte order mark counts as bytes of the first line`() {
    let reading = read("\u{FEFF}x\nx")
    #expect(reading.items[0].fault?.message.contains("column 4:") == true)
    #expect(reading.items[1].fault?.message.contains("column 1:") == true)
    #expect(read([0xEF, 0xBB, 0xBF, 0x22, 0xFF, 0x0A]).items[0].fault?.message.contains("offset 4:") == true)
  }

  @Test func `a last line cut in a character is malformed, not of another encoding`() {
    #expect(read([0x31, 0x0A, 0x22, 0xC3]).summary == ["1 1", "2 2 malformed-json"])
  }

  @Test func `a line over a limit is refused alone`() {
    let exact = String(repeating: "1", count: 20)
    let text =
      "\(exact)\r\n\(exact)1\n\(exact)xxxxxxxxxxxxxxxxxxxx\r\n[[[1]]]\n[[1]]\n" + String(repeating: " ", count: 50)
      + "\n2\n\(exact)1"
    let reading = read(text, limits: ReaderLimits(maxItemBytes: 20, maxNesting: 2))
    #expect(
      reading.summary == ["1 1", "2 2 too-large", "3 3 too-large", "4 4 too-deep", "5 5", "6 7", "7 8 too-large"])
    #expect(reading.texts == [exact, "", "", "", "[[1]]", "2", ""])
    #expect(reading.items.map(\.source.count) == [20, 21, 40, 7, 5, 1, 21])
    #expect(reading.leftovers == ["", "", "[[[1]]]", ""], "its key may be in it")
    #expect(
      read("[[[[[[[[[[[[]]]]]]]]]]]]", limits: ReaderLimits(maxItemBytes: 20, maxNesting: 2)).summary == [
        "1 1 too-large"
      ])
  }
}
