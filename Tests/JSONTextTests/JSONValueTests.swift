import JSONText
import Testing

@Suite struct JSONValueTests {
  private func value(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

  @Test func `a document is read and written as it stands`() throws {
    let text = #"{"a":[1,2.50e1,-0,true,false,null,"é😀\"\\"],"b":{},"c":[],"a":"twice"}"#
    var written: [UInt8] = []
    try value(" \n" + text + "\t").append(to: &written)
    #expect(String(decoding: written, as: UTF8.self) == text)
    let top = try value(" 12.50 ")
    guard case .number("12.50") = top else {
      Issue.record("\(top)")
      return
    }
  }

  @Test func `members, elements and scalars are reached`() throws {
    let document = try value(
      #"{"list":[1,"x"],"flag":true,"big":12e2,"half":0.5,"max":9223372036854775807,"over":9223372036854775808}"#)
    #expect(document["list"]?.elements?.count == 2)
    #expect(document["list"]?.elements?[1].string == "x")
    #expect(document["flag"]?.bool == true)
    #expect(document["big"]?.integer == 1200)
    #expect(document["half"]?.integer == nil)
    #expect(document["max"]?.integer == .max)
    #expect(document["over"]?.integer == nil)
    #expect(document["missing"] == nil)
    #expect(document.members?.map(\.name) == ["list", "flag", "big", "half", "max", "over"])
    #expect(try value("[]")["a"] == nil)
  }

  @Test(arguments: ["", "{", "{} {}", "[1,]", "\"", "{}x", "\u{FEFF}{}"])
  func `what is no document is refused`(text: String) {
    #expect(throws: JSONFault.self) { try value(text) }
  }

  @Test func `levels over the limit are refused before they are read`() throws {
    let deep = String(repeating: "[", count: 513) + String(repeating: "]", count: 513)
    #expect(throws: JSONFault.self) { try value(deep) }
    #expect(throws: JSONFault.self) {
      try value(String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000))
    }
    _ = try value(String(deep.dropFirst().dropLast()))
  }

  static let same: [(String, String)] = [
    ("0", "0.0"), ("0", "-0"), ("0", "0e5"), ("0", "-0.00E-99999999999999999999999"), ("1", "1.0"), ("1", "10e-1"),
    ("100", "1e2"),
    ("1.5", "15E-1"), ("-12.340", "-1234e-2"), ("12345678901234567890.10", "12345678901234567890.1"),
    ("1e400", "10e399"),
    ("1e99999999999999999999", "1e99999999999999999999"), ("\"a\"", #""\u0061""#), ("[1,2]", "[1.0,2]"),
    ("null", "null"),
    (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#), (#"{"a":1}"#, #"{"a":1.0}"#), ("{}", "{}"), ("true", "true"),
  ]

  @Test(arguments: same)
  func `values are the same however they are spelled`(a: String, b: String) throws {
    let (a, b) = (try value(a), try value(b))
    #expect(a.contains(b) && b.contains(a))
    #expect(a == b)
  }

  static let different: [(String, String)] = [
    ("0", "1"), ("1", "-1"), ("1", "\"1\""), ("1", "true"), ("0", "false"), ("0", "null"),
    ("12345678901234567.10", "12345678901234567.11"),
    ("9007199254740993", "9007199254740992"), ("0.1", "0.10000000000000001"), ("1e400", "1e401"),
    ("1e99999999999999999999", "1e99999999999999999998"),
    ("\"a\"", "\"A\""), ("\"\u{E9}\"", "\"e\u{301}\""), ("[1]", "[1,2]"), ("[1,2]", "[1]"), ("[1,2]", "[2,1]"),
    ("[]", "{}"), ("true", "false"),
    (#"{"a":1}"#, #"{"a":2}"#), (#"{"a":1}"#, #"{"a":1,"b":2}"#), (#"{"a":1}"#, #"{"A":1}"#),
    (#"{"a":{"b":1}}"#, #"{"a":{"b":1,"c":2}}"#),
    (#"{"a":[{"b":1}]}"#, #"{"a":[]}"#), ("{}", #"{"a":null}"#),
  ]

  @Test(arguments: different)
  func `values differ`(a: String, b: String) throws {
    let (a, b) = (try value(a), try value(b))
    #expect(!a.contains(b))
    #expect(a != b)
  }

  @Test func `an object contains itself with fewer members, at every level`() throws {
    let whole = try value(#"{"a":1,"b":{"c":[{"d":1,"e":2},3],"f":null},"g":"h"}"#)
    for part in [#"{}"#, #"{"g":"h"}"#, #"{"b":{}}"#, #"{"b":{"c":[{"e":2.0},3]},"a":1e0}"#] {
      let part = try value(part)
      #expect(whole.contains(part))
      #expect(!part.contains(whole))
      #expect(part != whole)
    }
    for other in [#"{"b":{"c":[{"e":2}]}}"#, #"{"b":{"c":[3,{"e":2}]}}"#, #"{"b":null}"#, #"{"i":1}"#] {
      #expect(try !whole.contains(value(other)))
    }
  }
}
