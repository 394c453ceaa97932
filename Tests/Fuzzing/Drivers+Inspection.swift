import APIs
import Core
import Inspection
import JSONText
import Settings

extension FuzzDriver {
  static let inspection = FuzzDriver(
    name: "inspection", about: "files of any kind, looked at by inspect",
    words: [
      ",", ";", "\t", "|", "\"", "\"\"", "\r\n", "\n", "\r", "sep=;", "\\", "\\N", "NULL", "NaT", "#", "HDR", "TRL",
      "1.234,56", "(5)", "5-", "$", "31/01/2026", "20260131", "10:30 AM", "2026-01-31T10:00:00Z", "Mon;Thu", "Yes",
      "No", "=\"001\"", "id", "name", "Total", "START-OF-DATA\n", "END-OF-DATA\n", "START-OF-FIELDS\n",
      "END-OF-FIELDS\n", "identifiers.A/B/C", "accountId", "{\"a\":1}", "[", "]", "_error_code", "é",
    ], longest: 8 << 10
  ) { _ in PlainReader(body: inspect) }

  /// The first byte says what the file is called, and which API it is for; the rest is the file.
  @Sendable private static func inspect(_ input: [UInt8]) throws -> Bool {
    let choice = Int(input.first ?? 0)
    let names = ["a.csv", "a.tsv", "a.json", "a.ndjson", "a.txt"]
    let apis: [APIKind?] = [nil] + APIs.all.map(\.kind)
    let sample = FileSample(name: names[choice % names.count], content: Array(input.dropFirst()))
    let inspection = Inspection(sample, for: .init(api: apis[choice / 16 % apis.count]))
    for line in inspection.report() where line != line.onOneLine { throw Broken("not on one line: \(line)") }
    guard let json = try? JSONValue.parse(inspection.json().bytes), json["unsure"] != nil else {
      throw Broken("the report for programs is no JSON")
    }
    return inspection.route != nil && inspection.unsure.count < 8
  }
}
