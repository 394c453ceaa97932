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
