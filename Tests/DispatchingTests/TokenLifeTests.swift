import JSONText
import Testing
@testable import Dispatching

@Suite struct TokenLifeTests {
  @Test(arguments: [
    ("3600", 3600), ("\"3600\"", 3600), ("121", 121), ("120", 120), ("60", 90), ("1", 60), ("3.6e3", 3600),
    ("31536001", 31_536_000), ("9223372036854775807", 31_536_000), ("\"9223372036854775807\"", 31_536_000),
  ])
  func `a token's life is taken for what it plainly says, and for at most a year`(text: String, seconds: Int) throws {
    #expect(TokenSource.useful(try JSONValue.parse(Array(text.utf8))) == .seconds(seconds))
  }

  @Test(arguments: [
    "0", "-1", "-9223372036854775808", "9223372036854775808", "1e999999999999999999999", "-1e18", "1.5", "\"\"",
    "\"soon\"", "null", "[3600]", "true", "1e-9223372036854775808",
  ])
  func `anything else is as if the endpoint had said nothing`(text: String) throws {
    #expect(TokenSource.useful(try JSONValue.parse(Array(text.utf8))) == nil)
  }
}
