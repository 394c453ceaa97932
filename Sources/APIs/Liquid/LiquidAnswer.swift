import JSONText

/// A 2xx answer to a batch: `{"count": 2, "rejectedItems": [{"headers": …, "data": …}], …}`, as far as it can be read.
struct LiquidAnswer {
  /// Nil if the answer was cut before it.
  private(set) var count: Int?
  /// The rejected items, possibly with fewer fields; nil if `rejectedItems` is not a list.
  private(set) var echoes: [JSONValue]? = []
  /// An item may be echoed once for each reason; with more echoes per item, this is not an answer to this request.
  static let mostEchoesPerItem = 16

  /// Whether there can be no further echoes.
  private(set) var isWhole = false

  /// Nil if the body is not a JSON object, or is whole but has no usable `count`.
  init?(body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>]) {
    var body = body
    var isOpen = false
    if isCut, let prefix = JSONPrefix(body, maxNesting: mostAnswerNesting) {
      body = prefix.object
      isOpen = prefix.isLastMemberOpen
    }
    let bytes = body.span
    guard (try? bytes.checkIsJSON(maxNesting: mostAnswerNesting)) != nil else { return nil }
    let object = bytes.trimmed
    guard kind(of: bytes, at: object.lowerBound) == .object else { return nil }
    // An echo is as large as its item plus a reason. A larger answer counts as far as there is room for it.
    var room = (64 << 10) + pieces.reduce(0) { $0 + 16 * $1.count + 8192 }
    var hasCount = false
    var hasList = false
    var isListOpen = false
    var isFull = false
    forEachMember(of: bytes, in: object) { member in
      // If a member appears twice, the first counts.
      if !hasCount, member.isCalled("count", in: bytes) {
        hasCount = true
        count = JSONValue(bytes, member.value, room: &room).integer
      } else if !hasList, member.isCalled("rejectedItems", in: bytes) {
        hasList = true
        isListOpen = isOpen && member.value.upperBound + 1 == body.count
        guard member.kind == .array else {
          if !member.isNull { echoes = nil }
          return
        }
        forEachElement(of: bytes, in: member.value) { element, _ in
          guard !isFull, echoes?.count ?? 0 <= Self.mostEchoesPerItem * pieces.count else { return }
          let echo = JSONValue(bytes, element, room: &room)
          isFull = room < 0
          if !isFull { echoes?.append(echo) }
        }
      }
    }
    isWhole = !isFull && (!isCut || hasList && !isListOpen)
    guard count != nil || isCut && !hasCount else { return nil }
  }
}

/// Finds the items that an API's answer echoes.
///
/// An echo has no id and may have fewer fields than its item, so it *fits* every item that contains it. An item may be
/// echoed several times, once for each reason; this can be detected only for echoes that fit a single item.
enum RejectedItemMatcher {
  /// The item (an index) of each echo; nil if undecidable, so that the batch has to be sent in halves to find out.
  static func items(of echoes: [JSONValue], among items: [JSONValue]) -> [Int]? {
    // Comparing every echo with every item takes a second for a batch of 500 items that were all rejected. So each echo
    // is compared only with the items that share its rarest text.
    let texts = echoes.map(texts(in:))
    var holders = Dictionary(texts.joined().map { ($0, [Int]()) }, uniquingKeysWith: { first, _ in first })
    for (index, item) in items.enumerated() {
      for text in Self.texts(in: item) { holders[text]?.append(index) }
    }
    let fits = zip(echoes, texts).map { echo, texts in
      let candidates = texts.compactMap { holders[$0] }.min { $0.count < $1.count } ?? Array(items.indices)
      return candidates.filter { items[$0].contains(echo) }
    }
    let isRepeated = Set(fits.lazy.filter { $0.count == 1 }.map { $0[0] }).count < fits.count { $0.count == 1 }
    guard isRepeated else { return assign(fits) }
    // If one item is echoed twice, others may be too: an echo that fits several could belong to any of them.
    let items = fits.compactMap { $0.count == 1 ? $0[0] : nil }
    return items.count == fits.count ? items : nil
  }

  /// A string two levels down.
  private struct Text: Hashable {
    var object: String
    var name: String
    var value: String
  }

  private static func texts(in value: JSONValue) -> Set<Text> {
    var texts: Set<Text> = []
    for (object, value) in value.members ?? [] {
      for (name, value) in value.members ?? [] {
        if let value = value.string { texts.insert(Text(object: object, name: name, value: value)) }
      }
    }
    return texts
  }

  /// Matches echoes to items if each item has at most one echo.
  ///
  /// - Parameter fits: for each echo, the items it fits, in ascending order.
  private static func assign(_ fits: [[Int]]) -> [Int]? {
    var found = [Int?](repeating: nil, count: fits.count)
    var open = fits
    // An item that certainly belongs to one echo is ruled out for the others; that may settle another one in turn.
    var sure = open.indices.filter { open[$0].count == 1 }
    while let echo = sure.popLast() {
      guard found[echo] == nil, let item = open[echo].first else { continue }
      found[echo] = item
      for other in open.indices where found[other] == nil && open[other].contains(item) {
        open[other].removeAll { $0 == item }
        if open[other].count == 1 { sure.append(other) }
      }
    }
    // If items look alike and were all rejected, it does not matter which echo belongs to which.
    for echo in open.indices where found[echo] == nil {
      let alike = open.indices.filter { found[$0] == nil && open[$0] == open[echo] }
      guard alike.count == open[echo].count else { return nil }
      for (twin, item) in zip(alike, open[echo]) { found[twin] = item }
    }
    let items = found.compactMap { $0 }
    return Set(items).count == fits.count ? items : nil
  }
}
