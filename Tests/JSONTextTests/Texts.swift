import JSONText

/// Texts that RFC 8259 takes as they are, white space around them included.
let goodTexts: [String] = [
  "{}", "[]", "\"\"", "0", "-0", "1", "-1", "10", "1234567890", "0.0", "-0.0", "0.5", "1.5", "1e1", "1E1", "1e+1",
  "1e-1", "0e0",
  "0E+0", "1.25e-10", "123456789012345678901234567890", "12345678901234567.10", "1e999999999999999999999", "-1.0E+02",
  "true",
  "false", "null", " 1 ", "\t\n\r 1\t\n\r ", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],[]]", "[{}]",
  "[[[[[[[[[[]]]]]]]]]]",
  "[true,false,null]", "[\"a\",1,{}]", "{\"a\":1}", "{ \"a\" : 1 }", "{\"a\":1,\"b\":2}", "{\"a\":{\"b\":{\"c\":[]}}}",
  "{\"\":0}", "{\"a\":1,\"a\":2}", "{\"a\":[]}", "{\"a\":\"b\"}", #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u0041""#,
  #""\u00e9""#,
  #""\uABCD""#, #""\uabcd""#, #""\uD83D\uDE00""#, #""\uD800""#, #""\uDC00""#, #""\uDC00\uD800""#, #""\uD800x""#,
  #""\uD800\n""#,
  #""\uFFFF""#, "\"\u{7F}\"", "\"\u{80}\"", "\"é\"", "\"\u{7FF}\"", "\"\u{800}\"", "\"€\"", "\"\u{FFFF}\"",
  "\"\u{10000}\"",
  "\"😀\"", "\"\u{10FFFF}\"", "\"\u{FEFF}\"", "\"\u{2028}\u{2029}\"", "{\"é😀\":\"naïve\"}", "\"//\"", "\"/*\"",
  "\"12345678\"",
  "\"1234567\"", "\"123456789\"", "\"1234567\\\\\"", "\"12345678é\"",
  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
  "[-1.5e-3,2,3.25]", "\n{\n  \"a\": [\n    1\n  ]\n}\n", "{\"a\\u0062\":1}", "[\"]\",\"}\",\"[\",\"{\",\",\",\":\"]",
  "\" \"",
]

/// Texts that RFC 8259 rejects, and the offset of the byte that shows it.
let badTexts: [(String, Int)] = [
  ("", 0), (" ", 1), ("[", 1), ("]", 0), ("{", 1), ("}", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1),
  ("[1,,2]", 3),
  ("[1 2]", 3), ("[1}", 2), ("{]", 1), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{,\"a\":1}", 1),
  ("{a:1}", 1),
  ("{'a':1}", 1), ("{1:1}", 1), ("{\"a\" 1}", 5), ("{\"a\"::1}", 5), ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1]", 6),
  ("{null:1}", 1),
  ("{\"a\":1,1}", 7), ("{\"a\",\"b\"}", 4), ("[\"a\":1]", 4), ("01", 1), ("-01", 2), ("00", 1), ("+1", 0), ("-", 1),
  ("-a", 1),
  (".5", 0), ("1.", 2), ("[1.]", 3), ("1.e1", 2), ("1e", 2), ("1e+", 3), ("[1e]", 3), ("1ee1", 2), ("0x10", 1),
  ("1_000", 1),
  ("--1", 1), ("-.5", 1), ("1e1.5", 3), ("1e5e5", 3), ("1.5.5", 3), ("[- 1]", 2), ("NaN", 0), ("nan", 1),
  ("Infinity", 0),
  ("-Infinity", 1), ("inf", 0), ("tru", 3), ("True", 0), ("trux", 3), ("truee", 4), ("nul", 3), ("nulL", 3),
  ("fals", 4), ("t", 1),
  ("[tRue]", 2), ("undefined", 0), ("\"", 1), ("\"a", 2), ("'a'", 0), ("\"\\", 2), ("\"\\\"", 3), ("\"\\x41\"", 2),
  ("\"\\'\"", 2),
  ("\"\\a\"", 2), ("\"\\ \"", 2), ("\"\\u\"", 3), ("\"\\u12\"", 5), ("\"\\u123\"", 6), ("\"\\u123G\"", 6),
  ("\"\\U0041\"", 2),
  ("\"\\u 041\"", 3), ("\"\\u+041\"", 3), ("\"a\nb\"", 2), ("\"a\tb\"", 2), ("\"a\rb\"", 2), ("\"\u{0}\"", 1),
  ("\"\u{1F}\"", 1),
  ("\"1234567\u{1F}\"", 8), ("\"12345678\u{1}\"", 9), ("\u{0}", 0), ("[\u{0}]", 1), ("1\u{0}", 1), ("{}{}", 2),
  ("[][]", 2),
  ("1 2", 2), ("{} x", 3), ("[1]]", 3), ("{}}", 2), ("\"a\"b", 3), ("// x\n1", 0), ("/* x */1", 0), ("[1,/* x */2]", 3),
  ("[1 // x\n]", 3), ("# x\n1", 0), ("[é]", 1), ("{é:1}", 1), ("{\"a\"é:1}", 4), ("{\"a\":1é}", 6), ("\u{A0}1", 0),
  ("[1,\u{2003}2]", 3),
  ("\u{FEFF}1", 0), ("1\u{B}", 1), ("\u{C}1", 0), ("[\"a\",\n\"b\"", 9), ("{\"a\":\"b", 7), ("[-é]", 2), ("[tré]", 3),
  ("\"\\é\"", 2),
  ("\"\\u00é\"", 5), ("[1.é]", 3), ("[1eé]", 3), ("[\u{10FFFF}]", 1), ("\u{2028}", 0),
]

/// Bytes that are not UTF-8, and where they start to be not.
let badBytes: [([UInt8], Int)] = [
  ([0xFF], 0), ([0x22, 0xFF, 0x22], 1), ([0x22, 0x80, 0x22], 1), ([0x22, 0xBF, 0x22], 1),
  ([0x22, 0xC0, 0x80, 0x22], 1),
  ([0x22, 0xC1, 0xBF, 0x22], 1), ([0x22, 0xC3, 0x22], 1), ([0x22, 0xC3, 0x28, 0x22], 1),
  ([0x22, 0x61, 0xE9, 0x62, 0x22], 2),
  ([0x22, 0xE0, 0x80, 0x80, 0x22], 1), ([0x22, 0xE0, 0x9F, 0xBF, 0x22], 1), ([0x22, 0xE2, 0x82, 0x22], 1),
  ([0x22, 0xE2, 0x28, 0xA1, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xED, 0xBF, 0xBF, 0x22], 1),
  ([0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], 1), ([0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22], 1),
  ([0x22, 0xF0, 0x9F, 0x98, 0x22], 1),
  ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1), ([0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], 1), ([0x22, 0xFE, 0x22], 1),
  ([0x5B, 0xFF, 0x5D], 1), ([0x5B, 0xC3, 0x5D], 1), ([0x7B, 0xE9, 0x7D], 1), ([0x5B, 0x31, 0xE2, 0x82, 0x5D], 2),
  ([0xFF, 0xFE, 0x5B, 0x00], 0), ([0xFE, 0xFF, 0x00, 0x5B], 0), ([0x22, 0xC3, 0xA9, 0xA9, 0x22], 3),
]

/// What a text comes to: the end of its value, or why it is not one.
enum Outcome: Equatable {
  case value(end: Int, deepest: Int)
  case fault(JSONFault.Kind, Int, String)
}

/// Scans one whole document in pieces that end at `cuts`.
func outcome(of bytes: [UInt8], cuts: [Int] = []) -> Outcome {
  var scanner = JSONScanner()
  var start = 0
  do throws(JSONFault) {
    for cut in cuts + [bytes.count] {
      if let end = try scanner.scan(bytes[start..<cut].span, from: 0) {
        let rest = afterSpace(bytes.span, from: start + end)
        guard rest == bytes.count else {
          let stray = JSONFault.stray(bytes.span, at: rest, reason: "more text")
          return .fault(stray.kind, rest + stray.offset, stray.reason)
        }
        return .value(end: start + end, deepest: scanner.deepest)
      }
      start = cut
    }
    try scanner.finish()
    return .value(end: bytes.count, deepest: scanner.deepest)
  } catch {
    return .fault(error.kind, error.offset, error.reason)
  }
}
