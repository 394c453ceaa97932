import Core

/// The likely reason why a header does not name the columns that it should, with what to do about it; nil if nothing
/// looks wrong. Words to append to a message after a semicolon.
///
/// - Parameter header: the header of a file that can't be used because of it; the guess is wrong for others.
package func likelyCause(of header: CSVHeader) -> String? {
  if let markup = markup(header.bytes) { return "it looks like \(markup), not a CSV file" }
  let names = header.columns.map(\.name)
  if names.count == 1, let delimiter = likelyDelimiter(in: String(decoding: header.bytes, as: UTF8.self)) {
    return "the delimiter is probably \(delimiter): set delimiter"
  }
  if looksLikeData(names.filter { !$0.isEmpty }) { return "the header row is probably missing: set header" }
  return nil
}

private func markup(_ bytes: [UInt8]) -> String? {
  let start = String(decoding: bytes.prefix(200), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
  if start.hasPrefix("<?xml") { return "XML" }
  if start.hasPrefix("<!doctype") || start.hasPrefix("<html") { return "an HTML page" }
  if start.hasPrefix("<") { return "HTML or XML" }
  if start.hasPrefix("{") || start.hasPrefix("[{") { return "JSON" }
  return nil
}

/// The delimiter that occurs most often in the only name of a header, for a message.
private func likelyDelimiter(in name: String) -> String? {
  let candidates: [(Character, String)] = [(";", "\";\""), ("|", "\"|\""), ("\t", "tab"), (",", "\",\"")]
  var best: (count: Int, words: String)?
  for (character, words) in candidates {
    let count = name.count { $0 == character }
    if count > best?.count ?? 0 { best = (count, words) }
  }
  return best?.words
}

/// Whether the names are all numbers, or one of them is what only data contains.
private func looksLikeData(_ names: [String]) -> Bool {
  if names.isEmpty { return false }
  return names.allSatisfy(isNumber) || names.contains { isDecimal($0) || isDate($0) || isAddress($0) }
}

private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

private func isNumber(_ name: String) -> Bool {
  name.utf8.contains(where: isDigit) && name.utf8.allSatisfy { isDigit($0) || "+-.,' ".utf8.contains($0) }
}

/// A number with a sign or a fraction, or one too long for a year: names of columns are none of these.
private func isDecimal(_ name: String) -> Bool {
  isNumber(name) && (name.utf8.contains { "+-.,".utf8.contains($0) } || name.utf8.count(where: isDigit) > 4)
}

/// Three groups of digits: `31/01/2016`, `2016-01-31T10:00`.
private func isDate(_ name: String) -> Bool {
  let groups = name.utf8.prefix(10).split(omittingEmptySubsequences: false) { "/-.".utf8.contains($0) }
  return groups.count == 3 && groups.allSatisfy { (1...4).contains($0.count) && $0.allSatisfy(isDigit) }
}

private func isAddress(_ name: String) -> Bool {
  let parts = name.split(separator: "@", omittingEmptySubsequences: false)
  return parts.count == 2 && !parts[0].isEmpty && parts[1].dropFirst().contains(".") && !name.contains(" ")
}
