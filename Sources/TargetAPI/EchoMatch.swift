/// Finds the items that an API's answer echoes.
///
/// An echo has no id and perhaps fewer fields than its item, so it *fits* every item that contains it. Each item is echoed at
/// most once.
enum EchoMatch {
  /// The item (an index) of each echo; nil where it can't be told, and the batch has to be sent in halves to find out.
  ///
  /// - Parameter fits: for each echo, the items it fits, in ascending order.
  static func items(fits: [[Int]]) -> [Int]? {
    var found = [Int?](repeating: nil, count: fits.count)
    var left = fits
    while let echo = left.indices.first(where: { found[$0] == nil && left[$0].count == 1 }) {
      let item = left[echo][0]
      found[echo] = item
      for other in left.indices where found[other] == nil { left[other].removeAll { $0 == item } }
    }
    // Items that look alike and were all refused: which echo is whose does not matter.
    for echo in left.indices where found[echo] == nil {
      let alike = left.indices.filter { found[$0] == nil && left[$0] == left[echo] }
      guard alike.count == left[echo].count else { return nil }
      for (twin, item) in zip(alike, left[echo]) { found[twin] = item }
    }
    let items = found.compactMap { $0 }
    return items.count == fits.count && Set(items).count == items.count ? items : nil
  }
}
