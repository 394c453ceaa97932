import Testing

@testable import Core

struct GlobTests {
  @Test(arguments: [
    ("*", "", true), ("*", "a.csv", true), ("*.csv", "a.csv", true), ("*.csv", "a.csv.gz", false),
    ("inv-*.csv", "inv-.csv", true), ("inv-*.csv", "inv.csv", false), ("a?c", "abc", true), ("a?c", "ac", false),
    ("a?c", "aéc", true), ("a?c", "a😀c", true), ("[a-c]x", "bx", true), ("[a-c]x", "dx", false),
    ("[!a-c]x", "dx", true), ("[^a-c]x", "ax", false), ("[]a]", "]", true), ("[a-]", "-", true), ("[é-ü]", "ö", true),
    ("\\*", "*", true), ("\\*", "a", false), ("[\\]]", "]", true), ("A*", "a", false), ("*a*b*c*", "xxaxxbxxcxx", true),
    ("*a*b*c*", "xxaxxcxxbxx", false), ("**", "anything", true), ("a", "ab", false), ("ab", "a", false),
    ("[", "[", true), (".*", ".a", true), ("{a,b}", "{a,b}", true),
  ])
  func `a name is compared with a pattern`(_ pattern: String, _ name: String, _ matches: Bool) {
    #expect(Glob(pattern).matches(Array(name.utf8)) == matches)
  }

  @Test func `a byte that is no UTF-8 is one character`() {
    #expect(Glob("a?c").matches([0x61, 0xFF, 0x63]))
    #expect(Glob("a??c").matches([0x61, 0xE2, 0x82, 0x63]))
    #expect(!Glob("[a-z]").matches([0xFF]))
    #expect(Glob("[!a-z]").matches([0xFF]))
    #expect(Glob("*.csv").matches([0xFF, 0xC3] + Array(".csv".utf8)))
  }

  @Test func `many stars do not take for ever`() {
    let pattern = String(repeating: "*a", count: 30) + "*b"
    #expect(!Glob(pattern).matches(Array(repeating: 0x61, count: 255)))
  }

  @Test(arguments: [
    ("", "is empty"), ("a/b", "contains a \"/\""), ("a[b", "has a \"[\""), ("a\\", "ends in"), ("[z-a]", "has a range"),
  ])
  func `a pattern that can't be meant is refused`(_ pattern: String, _ reason: String) throws {
    let fault = try #require(Glob.fault(in: pattern))
    #expect(fault.hasPrefix(reason))
  }

  @Test(arguments: ["*", "a[b]", "\\[", "[[]", "[]]", "a-[0-9][0-9].csv", "ü?"])
  func `a pattern that can be meant is taken`(_ pattern: String) {
    #expect(Glob.fault(in: pattern) == nil)
  }
}
