import Core
import Testing

/// Numbers in file names, as `sequence` describes them.
@Suite struct SequencePatternTests {
  private func number(_ pattern: String, _ name: String) throws -> Int64? {
    try SequencePattern(pattern).number(in: Array(name.utf8))
  }

  private func fault(_ pattern: String) -> String? {
    do {
      _ = try SequencePattern(pattern)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func `the group is the number`() throws {
    #expect(try number("nav-([0-9]+).csv", "nav-7.csv") == 7)
    #expect(try number("nav-([0-9]+).csv", "nav-0042.csv") == 42)
    #expect(try number("nav-([0-9]+)\\.csv", "nav-0.csv") == 0)
    #expect(try number("([0-9]{4})", "2026") == 2026)
    #expect(try number("x(\\d{2,})y.*", "x123y.csv") == 123)
  }

  @Test(arguments: [
    "nav-.csv", "nav-7.csv.gz", "my-nav-7.csv", "nav-7x.csv", "nav--7.csv", "NAV-7.csv", "nav-٧.csv", "",
  ])
  func `the whole name must match`(_ name: String) throws { #expect(try number("nav-([0-9]+).csv", name) == nil) }

  @Test(arguments: [
    ("a.c-([0-9]+)", "abc-1"), ("a\\.c-([0-9]+)", "a.c-1"), ("[abc]+-([0-9]+)", "cab-1"),
    ("[^0-9]*([0-9]+)", "Zürich-1"),
    (".([0-9])", "ü1"), ("ü?-([0-9]+)", "-1"), ("ü{2}-([0-9]+)", "üü-1"), ("[]a-]+([0-9])", "]-a1"),
    ("\\(([0-9])\\)", "(1)"),
    ("^nav-([0-9]+)$", "nav-1"), ("[A-Z]{2,3}([0-9]+)", "ABC1"), ("a{0,2}([0-9])", "1"), ("\\$([0-9])", "$1"),
    ("[\\]\\d]([0-9])", "]1"), ("a*a*a*([0-9]+)", "aaa1"), ("(20{0,1}[0-9]?)x", "20x"),
  ]) func `sets, repetitions and escapes mean what they mean elsewhere`(_ pattern: String, _ name: String) throws {
    #expect(try number(pattern, name) != nil)
  }

  @Test(arguments: [
    ("a\\.c-([0-9]+)", "abc-1"), ("[^0-9]+([0-9]+)", "1"), ("[A-Z]{2,3}([0-9]+)", "A1"),
    ("[A-Z]{2,3}([0-9]+)", "ABCD1"),
    ("ü{2}-([0-9]+)", "ü-1"), ("a+([0-9])", "1"), ("[0-3]([0-9])", "41"),
  ]) func `a name of another form has no number`(_ pattern: String, _ name: String) throws {
    #expect(try number(pattern, name) == nil)
  }

  @Test func `what comes first takes as much as it can`() throws {
    #expect(try number("[0-9]*([0-9]+)", "12345") == 5)
    #expect(try number("[0-9]?([0-9]+)", "12345") == 2345)
    #expect(try number("([0-9]+)[0-9]*", "12345") == 12345)
    #expect(try number("([0-9]{1,2})[0-9]?", "123") == 12)
  }

  @Test func `a number that is too large is none`() throws {
    #expect(try number("n([0-9]+)", "n9223372036854775807") == .max)
    #expect(try number("n([0-9]+)", "n9223372036854775808") == nil)
    #expect(try number("n([0-9]+)", "n" + String(repeating: "9", count: 250)) == nil)
    #expect(try number("n([0-9]+)", "n" + String(repeating: "0", count: 240) + "12") == 12)
  }

  @Test func `a name that is not UTF-8 may have a number`() throws {
    let pattern = try SequencePattern("n.*-([0-9]+)")
    #expect(pattern.number(in: Array("n".utf8) + [0xFF, 0xC3] + Array("-12".utf8)) == 12)
  }

  @Test func `any name is matched in a moment`() throws {
    // Takes longer than the universe with a matcher that tries one way after the other.
    let pattern = String(repeating: "a*", count: 60) + "([0-9]+)x"
    let name = String(repeating: "a", count: 240) + "1"
    let start = ContinuousClock.now
    #expect(try number(pattern, name) == nil)
    #expect(try number(pattern, name + "x") == 1)
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test(arguments: [
    ("", "is empty: write, for example, nav-([0-9]+).csv"),
    ("nav-[0-9]+", "has no group for the number: write, for example, nav-([0-9]+).csv"),
    ("nav-([0-9]+", "has a \"(\" without a \")\""), ("nav-[0-9]+)", "has a \")\" without a \"(\""),
    ("([0-9])([0-9])", "has two groups: only the number may be in one"),
    ("(([0-9]))", "has two groups: only the number may be in one"),
    ("(?:a)([0-9])", "has a \"(?\": only one plain group is allowed, for the number"),
    ("nav-(.*)", "has a group that matches more than digits: the number is written ([0-9]+)"),
    ("nav-([0-9a])", "has a group that matches more than digits: the number is written ([0-9]+)"),
    ("nav-([^a])", "has a group that matches more than digits: the number is written ([0-9]+)"),
    ("nav-([0-9]*)", "has a group that may be empty: the number is written ([0-9]+)"),
    ("nav-()", "has a group that may be empty: the number is written ([0-9]+)"),
    ("nav-([0-9])+", "has a \"+\" after the group: write it inside, as in ([0-9]+)"),
    ("a|([0-9])", "has a \"|\": write an entry for each form, or a set such as [ab]"),
    ("in/([0-9])", "contains a \"/\", but is matched against file names only: leave out the folder"),
    ("*([0-9])", "has a \"*\" that repeats nothing: write \"\\*\" for the character itself"),
    ("a+?([0-9])", "has a \"?\" after a repetition: only one is allowed"),
    ("a{x}([0-9])", "has a \"{\" that is no repetition: write {4}, {2,} or {2,4}, with numbers up to 255"),
    ("a{3,2}([0-9])", "has a \"{\" that is no repetition: write {4}, {2,} or {2,4}, with numbers up to 255"),
    ("a{256}([0-9])", "has a \"{\" that is no repetition: write {4}, {2,} or {2,4}, with numbers up to 255"),
    ("a{0}([0-9])", "has a \"{\" that is no repetition: write {4}, {2,} or {2,4}, with numbers up to 255"),
    ("a{2([0-9])", "has a \"{\" that is no repetition: write {4}, {2,} or {2,4}, with numbers up to 255"),
    ("[z-a]([0-9])", "has a range in [] that runs backwards: swap its ends"),
    ("[abc([0-9])", "has a \")\" without a \"(\""),
    ("([0-9])[abc", "has a \"[\" without a \"]\""),
    ("[[:digit:]]([0-9])", "has \"[:\": write the characters, such as [0-9] or [A-Za-z]"),
    ("a$b([0-9])", "has a \"$\" inside: write \"\\$\" for the character itself"),
    ("\\w([0-9])", "has \"\\w\", which means nothing here: of these there is only \\d, a digit"),
    ("([0-9])\\", "ends in \"\\\": write \"\\\\\" for a literal backslash"),
  ]) func `a pattern that can't be used is refused with a reason`(_ pattern: String, _ reason: String) {
    #expect(fault(pattern) == reason)
  }

  @Test func `a pattern that is longer than any name is refused`() {
    #expect(fault(String(repeating: "a", count: 250) + "([0-9])") == "is longer than a file's name can be")
  }
}
