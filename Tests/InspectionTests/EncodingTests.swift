import Testing

@testable import Inspection

@Suite struct EncodingTests {
  private func guess(_ bytes: [UInt8]) -> EncodingGuess { EncodingGuess(FileSample(name: "a.csv", content: bytes)) }

  private func guess(_ text: String, in encoding: String) throws -> EncodingGuess {
    guess(try #require(bytes(text, in: encoding)))
  }

  /// `text` in an encoding of one byte a character, by trying each byte.
  private func bytes(_ text: String, in encoding: String) -> [UInt8]? {
    var codes: [String: UInt8] = [:]
    for byte in UInt8.min...UInt8.max {
      if let character = decoded([byte], as: encoding) { codes[String(decoding: character, as: UTF8.self)] = byte }
    }
    let bytes = text.unicodeScalars.compactMap { codes[String($0)] }
    return bytes.count == text.unicodeScalars.count ? bytes : nil
  }

  @Test func `UTF-8 and byte order marks need no key`() {
    for bytes in [
      Array("id,name\n1,Ada\n".utf8), Array("id,name\n1,José\n".utf8), [0xEF, 0xBB, 0xBF] + Array("id\n".utf8),
      [0xFF, 0xFE, 0x69, 0, 0x64, 0, 0x0A, 0], [0xFE, 0xFF, 0, 0x69, 0, 0x64, 0, 0x0A],
    ] {
      #expect(guess(bytes).name == nil)
      #expect(guess(bytes).unsure == [])
    }
    #expect(guess(Array("id,name\n1,José\n".utf8)).word == "José")
  }

  @Test(arguments: ["windows-1252", "cp850", "macintosh"])
  func `words show which of the old encodings it is`(_ encoding: String) throws {
    let guess = try guess("Nr;Name\n1;Jürgen Größer\n2;François Müller\n", in: encoding)
    #expect(guess.name == encoding)
    #expect(guess.unsure == [])
    #expect(guess.word == "Jürgen Größer")
  }

  @Test(
    arguments: [
      "Name\nMálaga, Peláez\n", "Name\nJosé\n", "Name\nO’Neil\n", "Preis\n5 €\n", "Name\nCitroën\n", "Name\nÅse Ærø\n",
    ])
  func `a single word of Windows' encoding is enough`(_ text: String) throws {
    #expect(try guess(text, in: "windows-1252").name == "windows-1252")
  }

  @Test(arguments: ["windows-1251", "iso-8859-7"]) func `another script is said to be unsure`(_ encoding: String) throws
  {
    let text = encoding == "windows-1251" ? "имя\nМосква\nКиев\n" : "ονομα\nΑΘΗΝΑ\nΠΑΤΡΑ\n"
    #expect(try guess(text, in: encoding).unsure.contains { $0.contains("no Western script") })
  }

  @Test func `one bad byte in UTF-8 is named, not taken for another encoding`() {
    let guess = guess(Array(String(repeating: "José\n", count: 20).utf8) + [0xFF, 0x0A])
    #expect(guess.name == nil)
    #expect(guess.unsure.contains { $0.contains("at offset 120") })
  }

  @Test func `UTF-16 without a mark is known by its zeros`() {
    let text = Array("id,name\n17,Ada\n".utf8)
    #expect(guess(text.flatMap { [$0, 0] }).name == "utf-16le")
    #expect(guess(text.flatMap { [0, $0] }).name == "utf-16be")
    #expect(guess([0, 0, 0, 0, 0, 0]).name == nil)
  }

  @Test func `the end of a large file counts, too`() {
    let head = Array(String(repeating: "17,Ada Lovelace\n", count: 80_000).utf8)
    let sample = FileSample(
      name: "a.csv", content: head + [0x31, 0x38, 0x2C, 0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72, 0x0A])
    #expect(!sample.isWhole)
    #expect(EncodingGuess(sample).name == "windows-1252")
  }

  @Test func `text is decoded, and what is not in the encoding is no text`() {
    #expect(decoded([0x4D, 0x81], as: "CP850") == Array("Mü".utf8))
    #expect(decoded([0x81], as: "CP1252") == nil)
    #expect(decoded([0x41], as: "nobody's") == nil)
    #expect(decoded([], as: "UTF-8") == [])
    // A character that the sample cuts off.
    #expect(decoded([0x41, 0, 0x42], as: "UTF-16LE") == Array("A".utf8))
    let long = [UInt8](repeating: 0xFC, count: 200_000)
    #expect(decoded(long, as: "CP1252")?.count == 400_000)
  }
}
