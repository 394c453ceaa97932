package import Core

/// A file that the demo drops, and its expected outcome.
package struct SampleFile: Sendable {
  /// A deliberately bad item.
  package struct Fault: Sendable {
    /// The item's number in the file, from 1.
    package var item: Int
    package var code: RejectCode
    /// The text that makes it bad, and its correction; nil if the demo leaves it unchanged.
    package var correction: (bad: String, good: String)?
  }

  package var name: String
  package var inbox: String
  package var api: APIKind
  /// A human-readable description of its content.
  package var what: String
  package var text: String
  package var items: Int
  /// In file order.
  package var faults: [Fault]
}

// CSV rows that look like persons and companies.

extension SampleFile {
  init(
    name: String, inbox: String, api: APIKind, what: String, rows: Int, header: String, row: (Int) -> String,
    bad: [(item: Int, row: String, code: RejectCode, correction: (bad: String, good: String)?)]
  ) {
    var lines = [header] + (1...rows).map(row)
    for fault in bad { lines[fault.item] = fault.row }
    self.init(
      name: name, inbox: inbox, api: api, what: what, text: lines.joined(separator: "\n") + "\n", items: rows,
      faults: bad.map { Fault(item: $0.item, code: $0.code, correction: $0.correction) })
  }

  static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  static func person(_ number: Int) -> String {
    firstNames[number % firstNames.count] + " " + lastNames[number / 3 % lastNames.count]
  }

  static func firm(_ number: Int) -> String {
    // Quoted: the comma belongs to the name.
    number % 15 == 0
      ? "\"\(lastNames[number % lastNames.count]), \(lastNames[number / 2 % lastNames.count]) & Co\""
      : lastNames[number % lastNames.count] + " " + trades[number / 5 % trades.count]
  }

  private static let firstNames = [
    "Ada", "Bruno", "Chiara", "David", "Elif", "Farid", "Grace", "Hugo", "Ingrid", "João", "Kofi", "Léa", "Marta",
    "Nils", "Olga", "Priya", "Quentin", "Rosa", "Samuel",
  ]
  private static let lastNames = [
    "Andersson", "Brandt", "Castillo", "Dubois", "Eriksen", "Fischer", "Greco", "Haddad", "Ivanova", "Jensen",
    "Kowalski", "Lindqvist", "Moreau", "Novák", "Okafor", "Petrov", "Quiroga",
  ]
  private static let trades = ["Capital", "Partners", "Foods", "Logistics", "Holdings", "Wholesale", "Marine"]
}
