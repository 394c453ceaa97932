/// `1 file`, `3 batches`.
package func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
  "\(count) \(count == 1 ? one : many ?? one + "s")"
}

extension String {
  /// The text with everything that could end a line, control a terminal or change the text direction escaped as in
  /// Swift (`\n`, `\u{1B}`, `\u{202E}`).
  ///
  /// File names and server texts come from outside: shown unescaped, a name could pass for another, or for a separate
  /// line.
  package var onOneLine: String {
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
    guard unicodeScalars.contains(where: \.needsEscape) else { return self }
    return unicodeScalars.map { $0.needsEscape ? $0.escaped(asASCII: true) : String($0) }.joined()
  }
}

extension Unicode.Scalar {
  fileprivate var needsEscape: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }
}

extension String {
  /// The text in at most `length` characters: if it has more, those in the middle are replaced by an ellipsis.
  ///
  /// Both ends of a file's name say which one it is: how it begins, and its date, number and extension.
  package func cutInTheMiddle(to length: Int) -> String {
    guard count > length else { return self }
    guard length > 1 else { return String(prefix(max(0, length))) }
    let end = (length - 1) / 2
    return String(prefix(length - 1 - end)) + "…" + String(suffix(end))
  }
}

/// The word most likely meant by a misspelt one; nil if none is close.
///
/// A letter that is extra, missing, wrong, or swapped with its neighbour counts as one edit (Damerau's distance, each
/// place once); case and `-` for `_` do not count. A third of the letters may differ, or two if that is more, but never
/// all of them. Otherwise, the result is the only word that contains the other one or is contained in it: `user` means
/// `username`.
package func nearestWord(to word: String, among words: [String]) -> String? {
  func plain(_ text: String) -> [Character] { text.lowercased().map { $0 == "-" ? "_" : $0 } }
  let meant = plain(word)
  let allowed = min(max(2, meant.count / 3), meant.count - 1)
  let best = words.map { ($0, editDistance(meant, plain($0))) }.min { $0.1 < $1.1 }
  if let (nearest, distance) = best, distance <= allowed { return nearest }
  let related = words.filter { other in
    min(meant.count, other.count) >= 3 && (plain(other).contains(meant) || meant.contains(plain(other)))
  }
  return related.count == 1 ? related[0] : nil
}

private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var rows = [Array(0...b.count)]
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
      row.append(cost)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}

extension Duration {
  /// As written in the configuration: `500ms`, `2s`, `1h30m`, `5d`.
  package var text: String {
    var rest = milliseconds
    guard rest > 0 else { return "0s" }
    var text = ""
    for (name, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
      as [(String, Int64)]
    where rest >= length {
      text += "\(rest / length)\(name)"
      rest %= length
    }
    return text
  }
}
