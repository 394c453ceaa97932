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
