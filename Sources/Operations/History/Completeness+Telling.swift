internal import Core

extension Completeness {
  /// What control totals and checksum say, in sentences without a full stop.
  var told: [String] {
    var pairs = sums.sorted { $0.key < $1.key }.map { ("sum of \($0.key)", $0.value) }
    if let count { pairs.insert(("number of rows", count), at: 0) }
    if let checksum { pairs.append(("checksum", checksum)) }
    return pairs.map { what, pair in
      let isSame = pair.expected == pair.found
      return "\(what): \(pair.found), \(isSame ? "as expected" : "expected \(pair.expected)")"
    }
  }
}
