/// The words in a column's name, and what they say about the column's content.
///
/// Knows the few English and German words that such columns mostly have.
package struct FieldName: Sendable {
  /// In lower case: `Account ID`, `ACCOUNT_ID` and `accountId` all have the words `account` and `id`.
  package let words: [String]
  private let text: String

  /// A longer name is cut: nobody gives a column such a name, and it is read many times.
  private static let mostScalars = 200

  package init(_ text: String) {
    self.text = text
    var words: [String] = []
    var word = ""
    var scalars = Array(text.unicodeScalars.prefix(Self.mostScalars))[...]
    while let scalar = scalars.popFirst() {
      guard scalar.properties.isAlphabetic || scalar.properties.numericType != nil else {
        if !word.isEmpty { words.append(word) }
        word = ""
        continue
      }
      // `accountId` and `URLPath` are two words each.
      let startsWord =
        scalar.properties.isUppercase
        && (word.unicodeScalars.last?.properties.isLowercase == true
          || word.unicodeScalars.last?.properties.isUppercase == true && scalars.first?.properties.isLowercase == true)
      if startsWord {
        words.append(word)
        word = ""
      }
      word.unicodeScalars.append(scalar)
    }
    if !word.isEmpty { words.append(word) }
    self.words = words.map { $0.lowercased() }
  }

  // MARK: What it is about

  /// Whether it ends as the names of identifiers do.
  package var isIdentifier: Bool {
    guard let last = words.last else { return false }
    return Self.identifierWords.contains(last) || last.hasSuffix("nr") || last.hasSuffix("nummer")
  }

  /// Whether it only names somebody that a record may be about, which often means that person's number.
  var isParty: Bool { words.count == 1 && Self.parties.contains(words[0]) }

  /// Whether it is a code that many records may share.
  var isOtherCode: Bool { words.contains(where: Self.otherCodes.contains) }

  var isName: Bool { words.last.map(Self.nameWords.contains) ?? false }

  /// Whether digits in such a column are a code and not a quantity: leading zeros count, and nobody adds them.
  package var isCode: Bool {
    if words.starts(with: ["number", "of"]) { return false }
    return isIdentifier || isOtherCode || words.contains(where: Self.digitCodes.contains)
  }

  /// Whether numbers in such a column are quantities.
  package var isQuantity: Bool { words.contains(where: Self.quantities.contains) }

  package var isDate: Bool { words.contains { Self.dates.contains($0) || $0.hasSuffix("datum") } }

  private static let identifierWords: Set<String> = [
    "id", "identifier", "ref", "reference", "no", "nr", "nummer", "number", "num", "key", "code", "kennung",
  ]
  private static let parties: Set<String> = [
    "account", "client", "customer", "investor", "holder", "contact", "kunde", "konto", "anleger",
  ]
  private static let otherCodes: Set<String> = [
    "zip", "postal", "postcode", "plz", "postleitzahl", "phone", "tel", "telephone", "telefon", "fax", "mobile",
    "country", "land", "currency", "ccy", "type", "status", "state", "bic", "swift", "branch", "tax", "vat", "year",
  ]
  private static let digitCodes: Set<String> = [
    "isin", "cusip", "sedol", "wkn", "iban", "lei", "ssn", "account", "konto", "blz",
  ]
  private static let nameWords: Set<String> = ["name", "vorname", "nachname", "bezeichnung", "title"]
  private static let quantities: Set<String> = [
    "amount", "amt", "balance", "units", "shares", "qty", "quantity", "price", "nav", "value", "total", "sum", "count",
    "rate", "percent", "weight", "exposure", "limit", "fee", "cost", "commitment", "number", "age", "saldo", "betrag",
    "menge", "anzahl", "preis", "wert", "kurs", "anteile", "summe",
  ]
  private static let dates: Set<String> = [
    "date", "day", "dt", "since", "from", "until", "datum", "birthday", "valuta", "buchungstag", "created", "modified",
    "updated", "dob", "effective", "asof", "at", "time", "timestamp",
  ]

  // MARK: What it may be called

  /// As a member of JSON: `accountName`; empty if no letter or digit of it can be written in ASCII.
  var camelCase: String {
    let plain = words.map(Self.plain).filter { !$0.isEmpty }
    return plain.prefix(1).joined() + plain.dropFirst().map(Self.capitalized).joined()
  }

  /// The same of some of its words.
  static func camelCase(_ words: some Sequence<String>) -> String { FieldName(words.joined(separator: " ")).camelCase }

  /// The English word for what a German column's whole name means; nil if it is not known.
  var english: String? { Self.translations[words.joined(separator: " ")] }

  /// As a code, of letters, digits, `-` and `_`, at most 64: `AccountName`, `INVESTOR_ID`; empty if nothing is left.
  var code: String {
    if text.utf8.allSatisfy({ Self.isOfCodes($0) }) { return String(text.prefix(64)) }
    var code = ""
    var isStart = true
    for scalar in text.unicodeScalars {
      let plain = scalar == "-" || scalar == "_" ? String(scalar) : Self.plain(String(scalar))
      if plain.isEmpty {
        isStart = true
      } else {
        code += isStart ? Self.capitalized(plain) : plain
        isStart = false
      }
    }
    return String(code.prefix(64))
  }

  private static func isOfCodes(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func capitalized(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }

  /// Its ASCII letters and digits; accents are dropped, umlauts spelled out.
  private static func plain(_ word: String) -> String {
    var plain = ""
    for scalar in word.unicodeScalars {
      if scalar.isASCII {
        if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
          plain.unicodeScalars.append(scalar)
        }
      } else if let letters = ascii[scalar.properties.lowercaseMapping] {
        plain += scalar.properties.isUppercase ? capitalized(letters) : letters
      }
    }
    return plain
  }

  private static let ascii: [String: String] = {
    var ascii = ["ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "å": "a"]
    for (letter, accented) in [
      "a": "àáâã", "c": "ç", "e": "èéêë", "i": "ìíîï", "n": "ñ", "o": "òóôõ", "u": "ùúû", "y": "ýÿ",
    ] {
      for character in accented { ascii[String(character)] = letter }
    }
    return ascii
  }()

  private static let translations = [
    "anrede": "salutation", "anzahl": "count", "bemerkung": "comment", "beschreibung": "description",
    "betrag": "amount", "bezeichnung": "description", "buchungsdatum": "bookingDate", "buchungstag": "bookingDate",
    "buchungstext": "bookingText", "datum": "date", "firma": "company", "geburtsdatum": "birthDate", "konto": "account",
    "kunde": "customer", "kurs": "price", "land": "country", "menge": "quantity", "nachname": "lastName", "ort": "city",
    "plz": "postalCode", "postleitzahl": "postalCode", "preis": "price", "saldo": "balance", "stadt": "city",
    "straße": "street", "strasse": "street", "telefon": "phone", "typ": "type", "valuta": "valueDate",
    "verwendungszweck": "purpose", "vorname": "firstName", "währung": "currency", "wert": "value",
    "wertstellung": "valueDate",
  ]
}
