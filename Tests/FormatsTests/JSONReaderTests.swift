import Core
import Formats
import Testing

@Suite struct JSONReaderTests {
  private static let lusid = ObjectShape(itemMembers: ["identifiers", "displayName"], idsAllowed: true)

  /// Reads `content`, in chunks of every size from 1 on, which must make no difference.
  private func read(
    _ content: [UInt8], _ objects: ObjectShape = .item, limits: ReaderLimits = ReaderLimits(),
    chunks: [Int] = [1, 2, 3, 4, 5, 7, 16, 64, 1000]
  ) -> Reading {
    var first: Reading?
    for chunk in chunks {
      var source = MemoryBytes(content)
      var reading = Reading()
      do {
        reading.shape = try JSONReader(limits: limits, objects: objects, chunkBytes: chunk, key: testKey).readItems(
          &source
        ) { item, bytes in
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

  private func read(_ text: String, _ objects: ObjectShape = .item, limits: ReaderLimits = ReaderLimits()) -> Reading {
    read(Array(text.utf8), objects, limits: limits)
  }

  @Test func `an array is as many items, each with its line and its place`() {
    let text = "\n[ {\"a\":1},\r\n  {\"b\":\n[2]} , 3,\"x\",null,[]\n]\n"
    let reading = read(text)
    #expect(reading.shape == .array)
    #expect(reading.texts == ["{\"a\":1}", "{\"b\":\n[2]}", "3", "\"x\"", "null", "[]"])
    #expect(reading.summary == ["1 2", "2 3", "3 4", "4 4", "5 4", "6 4"])
    let bytes = Array(text.utf8)
    #expect(reading.items.map { String(decoding: bytes[$0.source], as: UTF8.self) } == reading.texts)
    #expect(reading.items.allSatisfy { $0.requestID == nil })
  }

  @Test(arguments: ["[]", " [ ] ", "[\n]\n"])
  func `an empty array has no items`(text: String) {
    #expect(read(text) == Reading(shape: .array))
  }

  @Test func `an object is one item where request ids are not allowed`() {
    let reading = read("\u{FEFF}\n {\"a\": {\"b\": 1}}\n")
    #expect(reading.shape == .single)
    #expect(reading.texts == ["{\"a\": {\"b\": 1}}"])
    #expect(reading.items == [RawItem(number: 1, line: 2, source: 5..<20, textStart: 5)])
    #expect(read("{}").summary == ["1 1"])
  }

  @Test(arguments: ["1", "-1.5e3", "true", "null", "\"text\"", " 12 \n"])
  func `a scalar is one item, for the API to refuse`(text: String) {
    for objects in [ObjectShape.item, Self.lusid] {
      let reading = read(text, objects)
      #expect(reading.shape == .single)
      #expect(reading.texts == [text.trimmingSpaces])
    }
  }

  @Test func `an object of request ids is as many items, each with its id`() {
    let text = "{ \"r1\" :\n  {\"displayName\":\"a\"} ," + "\n" + #""r\"2":{"identifiers":{}},"r1":5}"#
    let reading = read(text, Self.lusid)
    #expect(reading.shape == .requestIDs)
    #expect(reading.texts == [#"{"displayName":"a"}"#, #"{"identifiers":{}}"#, "5"])
    #expect(reading.summary == ["1 1", "2 3", "3 3"])
    #expect(reading.items.map { String(decoding: $0.requestID ?? [], as: UTF8.self) } == ["r1", #"r\"2"#, "r1"])
    let bytes = Array(text.utf8)
    #expect(
      reading.items.map { String(decoding: bytes[$0.source], as: UTF8.self) }
        == ["\"r1\" :\n  {\"displayName\":\"a\"}", #""r\"2":{"identifiers":{}}"#, #""r1":5"#])
    #expect(read("{}", Self.lusid) == Reading(shape: .requestIDs))
    #expect(read("{\n}", Self.lusid) == Reading(shape: .requestIDs))
  }

  @Test(arguments: [
    #"{"identifiers":{}}"#, #"{"x":{"y":"}"},"z":[1,2],"displayName":"a"}"#, #"{ "x" : 1 , "\u0069dentifiers" : 2 }"#,
    #"{"r1":{},"_error":{}}"#, #"{"_raw":1}"#,
  ])
  func `an object with a member of an item is one item`(text: String) {
    let reading = read(text, Self.lusid)
    #expect(reading.shape == .single)
    #expect(reading.texts == [text])
  }

  @Test(arguments: [
    #"{"r1":{"identifiers":{}}}"#, #"{"Identifiers":{}}"#, #"{"r1":"identifiers"}"#, #"{"identifiers2":1}"#,
  ])
  func `members of an item further down do not count`(text: String) {
    #expect(read(text, Self.lusid).shape == .requestIDs)
  }

  @Test func `a telling member is looked for within the size of one item`() {
    let limits = ReaderLimits(maxItemBytes: 40)
    let near = #"{"x":"# + String(repeating: " ", count: 5) + #"1,"identifiers":{}}"#
    #expect(read(near, Self.lusid, limits: limits).shape == .single)
    let far = #"{"x":"# + String(repeating: " ", count: 2000) + #"1,"identifiers":{}}"#
    let reading = read(far, Self.lusid, limits: limits)
    #expect(reading.shape == .requestIDs)
    #expect(reading.texts == ["1", "{}"])
  }

  @Test(arguments: ["", "\u{FEFF}", " \n\t\r ", "\u{FEFF} \n"])
  func `a file without a value is empty`(text: String) {
    #expect(read(text).fault?.code == .emptyFile)
    #expect(read(text, Self.lusid).fault?.code == .emptyFile)
    #expect(read(text).fault?.message == (text.contains("\n") ? "the file has only blank lines" : "the file is empty"))
  }

  // Text, line and column of the offending byte, items handed on before.
  static let malformed: [(String, Int, Int, Int)] = [
    ("[1,\n 2,\n}", 3, 1, 2), ("[1,]", 1, 4, 1), ("[1 2]", 1, 4, 1), ("[1", 1, 3, 1), ("[1,", 1, 4, 1),
    ("[1,\n", 2, 1, 1), ("[", 1, 2, 0),
    ("[{\"a\":1}", 1, 9, 1), ("[{\"a\":1},\n{\"b\":tru}]", 2, 9, 1), ("{\"a\":\n\n\"b", 3, 3, 0), ("{", 1, 2, 0),
    ("{\"a\"", 1, 5, 0),
    ("{}{}", 1, 3, 1), ("{}\n{}\n", 2, 1, 1), ("[] x", 1, 4, 0), ("[]]", 1, 3, 0), ("1 2", 1, 3, 1), ("nul", 1, 4, 0),
    ("NaN", 1, 1, 0),
    ("x", 1, 1, 0), ("]", 1, 1, 0), ("[\u{0}]", 1, 2, 0), ("\u{0}", 1, 1, 0), ("[1]\u{0}", 1, 4, 1), ("[é]", 1, 2, 0),
    ("[1é", 1, 3, 1),
    ("[]é", 1, 3, 0), ("é", 1, 1, 0), ("\u{FEFF}x", 1, 4, 0), ("\u{FEFF}\u{FEFF}[]", 1, 4, 0), ("[\"a\tb\"]", 1, 4, 0),
    ("[\"é\",\"\\x\"]", 1, 9, 1), ("[1,\r\n\r\n2 3]", 3, 3, 2), ("// c\n[]", 1, 1, 0), ("[01]", 1, 3, 0),
    ("[\"a\nb\"]", 1, 4, 0),
    ("\n\n[\n[\n[1,\n\"\u{1}\"]]]", 6, 2, 0), ("\u{A0}[]", 1, 1, 0), ("[😀]", 1, 2, 0),
  ]

  @Test(arguments: malformed)
  func `a syntax error is a fault of the file, with its place`(text: String, line: Int, column: Int, items: Int) {
    let reading = read(text)
    #expect(reading.fault?.code == .malformedJSON)
    #expect(reading.fault?.line == line)
    #expect(reading.fault?.column == column)
    #expect(reading.items.count == items)
  }

  static let malformedRequests: [(String, Int, Int)] = [
    ("{\"a\":1,}", 1, 8), ("{\"a\" 1}", 1, 6), ("{\"a\":1 \"b\":2}", 1, 8), ("{a:1}", 1, 2), ("{\"a\":1]", 1, 7),
    ("{\"a\":1,\n\"b\"", 2, 4),
    ("{\"a\":1,\n", 2, 1), ("{\"a\":", 1, 6), ("{\"a\":}", 1, 6), ("{\"a", 1, 4), ("{,}", 1, 2), ("{\"a\\x\":1}", 1, 5),
    ("{\"a\":1}}", 1, 8),
    ("{\"a\":1}\n{\"b\":2}", 2, 1), ("{\"a\"é:1}", 1, 5), ("{é", 1, 2), ("{\"a\":1 é", 1, 8),
  ]

  @Test(arguments: malformedRequests)
  func `a syntax error among request ids has its place as well`(text: String, line: Int, column: Int) {
    let fault = read(text, Self.lusid).fault
    #expect(fault?.code == .malformedJSON)
    #expect(fault?.line == line)
    #expect(fault?.column == column)
  }

  static let illFormed: [([UInt8], Int)] = [
    ([0x5B, 0x22, 0xE9, 0x22, 0x5D], 2), ([0x5B, 0xFF], 1), ([0xFF, 0xFE, 0x5B, 0x00], 0),
    ([0xFE, 0xFF, 0x00, 0x5B], 0),
    ([0x5B, 0x5D, 0x0A, 0xC3, 0x20], 3), ([0x5B, 0x31, 0x20, 0x80], 3), ([0x7B, 0xC0, 0x80], 1),
    ([0x7B, 0x22, 0x61, 0x22, 0xE2, 0x82, 0x3A], 4),
    ([0xEF, 0xBB, 0xBF, 0x5B, 0x22, 0xED, 0xA0, 0x80], 5), ([0xEF, 0xBB, 0x5B], 0),
    ([0x5B, 0x22, 0xF0, 0x9F, 0x98, 0x22, 0x5D], 2),
    ([0x7B, 0x22, 0xE9, 0x22, 0x3A, 0x31, 0x7D], 2), ([0x5B, 0x31, 0xC3, 0x5D], 2), ([0x5B, 0x5D, 0xFF], 2),
  ]

  @Test(arguments: illFormed)
  func `what is not UTF-8 is a fault of the file, with its offset`(bytes: [UInt8], offset: Int) {
    for objects in [ObjectShape.item, Self.lusid] {
      let fault = read(bytes, objects).fault
      #expect(fault?.code == .invalidEncoding)
      #expect(fault?.message.contains("offset \(offset)") == true)
      #expect(fault?.message.contains("UTF-16") == ([0xFE, 0xFF].contains(bytes[0]) && bytes.count == 4))
    }
  }

  @Test func `a file cut anywhere is malformed, or has nothing left`() {
    let whole = Array("[{\"a\":\"é😀\\u00e9\\n\",\"b\":[1.5e3,true,null]},\n{\"c\":{}}]".utf8)
    for count in 1..<whole.count {
      let fault = read(Array(whole.prefix(count)), .item, chunks: [1, 1000]).fault
      #expect(fault?.code == .malformedJSON, "cut at \(count)")
      let lines = whole.prefix(count).split(separator: 0x0A, omittingEmptySubsequences: false)
      #expect(fault?.line == lines.count)
      #expect(fault?.column == (lines.last?.count ?? 0) + 1)
    }
    #expect(read(whole).texts.count == 2)
  }

  @Test func `an item over a limit is refused alone`() {
    let limits = ReaderLimits(maxItemBytes: 20, maxNesting: 3)
    let exact = "{\"a\":\"" + String(repeating: "x", count: 12) + "\"}"
    let reading = read(
      "[\(exact),\n{\"a\":\"\(exact.count)xxxxxxxxxxxxx\"},[[[1]]],[[[[1]]]],\n[[[[[[[[[[[[]]]]]]]]]]]],7]",
      limits: limits)
    #expect(reading.summary == ["1 1", "2 2 too-large", "3 2", "4 2 too-deep", "5 3 too-large", "6 3"])
    #expect(reading.texts == [exact, "", "[[[1]]]", "", "", "7"])
    #expect(reading.items[1].fault?.message.contains("20 bytes") == true)
    #expect(reading.items[3].fault?.message.contains("4 levels") == true)
  }

  @Test func `a request over a limit is refused alone, whether its id or its value is too large`() {
    let long = String(repeating: "x", count: 30)
    let text = "{\"a\":1,\"\(long)\":2,\n\"b\":\"\(long)\",\"c\":[[]],\"d\"\(long.map { _ in " " }.joined()):3}"
    let reading = read(text, Self.lusid, limits: ReaderLimits(maxItemBytes: 20, maxNesting: 1))
    #expect(reading.summary == ["1 1", "2 1 too-large", "3 2 too-large", "4 2 too-deep", "5 2"])
    #expect(
      reading.items.map { $0.requestID.map { String(decoding: $0, as: UTF8.self) } } == ["a", nil, "b", "c", "d"])
    #expect(reading.texts == ["1", "", "", "", "3"])
    #expect(reading.leftovers == ["", "", "[[]]"], "its key may be in it")
  }

  @Test func `an error in an item over the limit is still found`() {
    let limits = ReaderLimits(maxItemBytes: 20)
    let fault = read("[\n\"" + String(repeating: "x", count: 50) + "\u{1}\"]", limits: limits).fault
    #expect(
      fault
        == FileFault(
          .malformedJSON, "a control character (byte 0x01) in a string: write it as an escape", line: 2, column: 52))
  }

  @Test func `a hundred thousand levels are one refused item`() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    let reading = read(Array("[1,\(deep),2]".utf8), chunks: [1 << 16])
    #expect(reading.summary == ["1 1", "2 1 too-deep", "3 1"])
  }

  @Test func `what the closure throws ends the reading`() {
    struct Enough: Error {}
    var source = MemoryBytes(Array("[1,2,3]".utf8))
    var seen = 0
    #expect(throws: Enough.self) {
      _ = try JSONReader(limits: ReaderLimits(), objects: .item).readItems(&source) { item, _ in
        seen = item.number
        if item.number == 2 { throw Enough() }
      }
    }
    #expect(seen == 2)
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
